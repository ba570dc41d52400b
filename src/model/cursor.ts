/** A place in the feed of changes of a vault. */
export interface FeedPosition {
  /** Names the history that the place belongs to. It is another one after a loss. */
  generation: string;
  /**
   * The start of the vault's object that had written last when this place was told: what it told may be lost, and then
   * the place with it. Absent in places that an older version told.
   */
  writer?: string | undefined;
  /** Everything up to this revision has been looked at. */
  after: number;
  /**
   * The revision at which a feed began that has everything in it. Its reader has not seen what was deleted before, and
   * is not told of it. Absent once all of that lies behind.
   */
  began?: number | undefined;
  /** The scope of the keys whose feed it is, as its path. Absent for keys of the whole vault. */
  scope?: string | undefined;
}

/**
 * Makes a cursor: base64url of JSON. The first key is `created_at` in the lists that the API began with. Cursors are
 * opaque to clients and frozen for us, because a cursor of one version must be good in the next. They hold positions, not
 * rights, so they are not signed.
 */
export function encodeCursor(position: Readonly<Record<string, unknown>> | FeedPosition): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** The cursor of a feed that begins with what changes from now on. */
export const NOW = "now";

/** The JSON value in a cursor, or undefined when there is none. The caller checks its shape. */
export function decodeCursor(cursor: string): unknown {
  if (cursor === NOW) return NOW;
  if (!/^[\w-]+$/.test(cursor)) return undefined;
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown;
  } catch {
    return undefined;
  }
}
