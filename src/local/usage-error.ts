/** A mistake of the operator's, told in one line. */
export class UsageError extends Error {}
