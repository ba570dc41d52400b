/** Logs one line of JSON. Never pass tokens, metadata or bodies of requests. */
export function log(event: string, fields: Record<string, unknown> = {}): void {
  console.log(JSON.stringify({ event, ...fields }));
}

/** Logs an error in the same way, on standard error, with its message and its stack. */
export function logError(event: string, error: unknown, fields: Record<string, unknown> = {}): void {
  const detail = error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) };
  console.error(JSON.stringify({ event, ...fields, ...detail }));
}
