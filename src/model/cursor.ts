/**
 * Makes a cursor: base64url of JSON whose first key is `created_at`. Cursors are opaque to clients and frozen for us,
 * because a cursor of one version must be good in the next. They hold positions, not rights, so they are not signed.
 */
export function encodeCursor(position: { created_at: string; [key: string]: unknown }): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** The JSON value in a cursor, or undefined when there is none. The caller checks its shape. */
export function decodeCursor(cursor: string): unknown {
  if (!/^[\w-]+$/.test(cursor)) return undefined;
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown;
  } catch {
    return undefined;
  }
}
