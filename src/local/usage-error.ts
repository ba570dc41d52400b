/** A mistake of the operator's. It is told in one line, without a stack. */
export class UsageError extends Error {}
