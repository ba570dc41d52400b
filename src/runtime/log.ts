/** Logs one line of JSON. Never pass tokens, metadata or bodies of requests. */
export function log(event: string, fields: Record<string, unknown> = {}): void {
  console.log(JSON.stringify({ event, ...fields }));
}

/** The query of a URL, in which a key, a signature or a ticket may stand. */
const QUERY = /\?[\w.%-]+=[^\s"'<>]*/g;

const bare = (text: string): string => text.replace(QUERY, "?…");

/**
 * Logs an error in the same way, on standard error, with its message and its stack. The runtime may name a URL in them: its
 * query is left out.
 */
export function logError(event: string, error: unknown, fields: Record<string, unknown> = {}): void {
  const detail =
    error instanceof Error
      ? { error: bare(error.message), stack: bare(error.stack ?? "") }
      : { error: bare(String(error)) };
  console.error(JSON.stringify({ event, ...fields, ...detail }));
}
