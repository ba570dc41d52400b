/** The command cannot be carried out as it was typed; nothing has been done. Exit code 2. */
export class UsageError extends Error {}
