/** What the operator can put right. It is told in one line, without a stack. */
export class OperatorError extends Error {
  readonly exitCode: number = 1;
}

/** The command cannot be carried out as it was typed; nothing has been done. */
export class FlagError extends OperatorError {
  override readonly exitCode = 2;
}
