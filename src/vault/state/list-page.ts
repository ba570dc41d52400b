/** A page of the list of assets as JSON text, in one string or as a stream. */

import type { AssetFilter } from "../../model/asset.ts";
import { encodeCursor } from "../../model/cursor.ts";
import type { VaultDatabase, Listed } from "./database.ts";

const KIB = 1024;

/**
 * A page of up to this size is sent as one string and kept ready. It is 200 rows of 1,300 characters each, and rows
 * reach that only with large metadata. Characters.
 */
const PAGE_TEXT = 256 * KIB;

/**
 * A longer page is streamed in pieces of about this size, or of one row that is larger. A client that does not read
 * leaves one piece in memory. Characters.
 */
const PAGE_PIECE = 64 * KIB;

export interface PageRequest {
  filter: AssetFilter;
  limit: number;
  /** The page begins below this seq, which the cursor carries. */
  before: number;
}

/**
 * A page of the list as JSON text. A small page is one string.
 *
 * A page with large metadata (200 × 128 KiB, and more when escaped) would not fit into the 32 MiB that RPC carries, and
 * it should not stand in memory at once either. So it is streamed in pieces, and each piece is read when the client has
 * taken the one before. An asset that is deleted between two pieces is missing, as it should be.
 */
export function listPage(
  database: VaultDatabase,
  vaultId: string,
  request: PageRequest,
): string | ReadableStream<Uint8Array> {
  const whole = new PagePieces(database, vaultId, request);
  const text = whole.next(PAGE_TEXT);
  if (whole.done) return text;
  // The text that has been read so far is too much to hold for a client that may never take it. So the page is read
  // again, piece by piece.
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

/**
 * One page, handed out in pieces of text. It remembers the last row between two pieces, and holds no statement open.
 */
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

  /** The next piece of text, of about `size` characters. `done` is true after the piece that closes the page. */
  next(size: number): string {
    const { filter, limit, before } = this.#request;
    let text = this.#last ? "" : '{"data":[';
    let more = false;
    // One row beyond the page tells whether there is another.
    const rows = this.#database.list(this.#vaultId, filter, this.#last?.[0] ?? before, limit - this.#taken + 1);
    for (const row of rows) {
      if (this.#taken === limit) {
        more = true;
        continue; // This row is the last, so the statement comes to its end and can be used again.
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
