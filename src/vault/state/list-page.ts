import type { AssetFilter } from "../../model/asset.ts";
import { encodeCursor } from "../../model/cursor.ts";
import type { VaultDatabase, Listed } from "./database.ts";

const KIB = 1024;

/**
 * JSON of a list page that is sent as one string, and kept ready: 200 rows of 1,300 characters, which they reach only with
 * large metadata. Characters.
 */
const PAGE_TEXT = 256 * KIB;

/** A longer page is streamed in pieces of this size, or of one row: what a client that does not read leaves in memory. Characters. */
const PAGE_PIECE = 64 * KIB;

export interface PageRequest {
  filter: AssetFilter;
  limit: number;
  /** Assets with a seq below this; from the cursor. */
  before: number;
}

/**
 * A page of the list as JSON text. One string when it is small; a page of large metadata (200 × 128 KiB, more when
 * escaped) would not fit the 32 MiB that RPC carries, nor should it stand in memory at once: it is streamed in pieces,
 * each read when the client has taken the one before. What is deleted between two pieces is missing, as it should be.
 */
export function listPage(
  database: VaultDatabase,
  vaultId: string,
  request: PageRequest,
): string | ReadableStream<Uint8Array> {
  const whole = new PagePieces(database, vaultId, request);
  const text = whole.next(PAGE_TEXT);
  if (whole.done) return text;
  // What has been read of it is too much to be held for whoever may never read it: it is read again, bit by bit.
  const pieces = new PagePieces(database, vaultId, request);
  const encoder = new TextEncoder();
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      controller.enqueue(encoder.encode(pieces.next(PAGE_PIECE)));
      if (pieces.done) controller.close();
    },
  });
}

class PagePieces {
  readonly #database: VaultDatabase;
  readonly #vaultId: string;
  readonly #request: PageRequest;
  #last: Listed | undefined;
  #taken = 0;
  done = false;

  constructor(database: VaultDatabase, vaultId: string, request: PageRequest) {
    this.#database = database;
    this.#vaultId = vaultId;
    this.#request = request;
  }

  /** The next piece of text, of about `size` characters; sets `done` with the one that closes the page. */
  next(size: number): string {
    const { filter, limit, before } = this.#request;
    let text = this.#last ? "" : '{"data":[';
    let more = false;
    // One row beyond the page tells whether there is another.
    const rows = this.#database.list(this.#vaultId, filter, this.#last?.[0] ?? before, limit - this.#taken + 1);
    for (const row of rows) {
      if (this.#taken === limit) {
        more = true;
        continue; // The last one: the statement comes to its end.
      }
      if (text.length > size) return text;
      text += (this.#taken > 0 ? "," : "") + row[2];
      this.#last = row;
      this.#taken++;
    }
    this.done = true;
    const [seq, created_at] = this.#last ?? [];
    const cursor = more && created_at !== undefined ? encodeCursor({ created_at, seq, ...filter }) : null;
    return `${text}],"cursor":${JSON.stringify(cursor)},"has_more":${more}}`;
  }
}
