/** A page of the list of assets as JSON text, in one string or as a stream. */

import type { AssetFilter } from "../../model/asset.ts";
import { fieldsLookedAt, type PageSearch } from "../../model/asset-search.ts";
import { encodeCursor } from "../../model/cursor.ts";
import type { Listed } from "./asset-list.ts";
import type { VaultDatabase } from "./database.ts";
import { findAssets, rangeOf, sourcesOf } from "./find.ts";

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

/**
 * How many rows a piece asks for at a time. It may be full with the first of them, and the statement runs to its end
 * nevertheless.
 */
const PIECE_ROWS = 8;

/** Lists are in the order of seq. This is above every seq, so a list begins at the newest asset. */
const NEWEST = Number.MAX_SAFE_INTEGER;

export interface PageRequest {
  /** The path. */
  filter: AssetFilter;
  limit: number;
  /** The page begins beyond this seq, which the cursor carries. Undefined for the first page. */
  from?: number | undefined;
  /**
   * What the cursor says of the path, when that is not the filter: what a caller with a scope has asked for, and the
   * scope. It belongs to the page's name, because pages with other cursors are other pages.
   */
  named?: (AssetFilter & { scope: string | undefined }) | undefined;
  /** Of a list that is narrowed by more than the path, or that begins with the oldest. */
  search?: PageSearch | undefined;
}

/** Names a page among all pages of a vault, so that it can be kept ready. */
export const pageKey = ({ filter, from, limit, search, named }: PageRequest): string =>
  [filter.partition, filter.collection, filter.channel, from, limit, search?.digest].join("/") +
  (named ? `#${[named.scope, named.partition, named.collection, named.channel].join("/")}` : "");

/** Whether a page is made from the table of tags. */
export const needsTags = ({ search }: PageRequest): boolean =>
  search !== undefined && search.filters.tags.length > 0 && search.filters.ids.length === 0;

/** Where a page's records come from. */
interface PageSource {
  /** How many records the page holds at most. */
  readonly limit: number;
  /** At most `most` rows beyond the seq `last`, read lazily. Fewer when there are no more. */
  rows(last: number | undefined, most: number): Iterable<Listed>;
  /** The record of a row that comes without it. */
  record(seq: number): string;
  /** The cursor of the next page; null when there is none. `more` says whether there is a record beyond the last one. */
  cursor(last: Listed | undefined, more: boolean): string | null;
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
  const source = sourceOf(database, vaultId, request);
  const whole = new PagePieces(source);
  const text = whole.next(PAGE_TEXT, request.limit + 1);
  if (whole.done) return text;
  // The text that has been read so far is too much to hold for a client that may never take it. So the page is read
  // again, piece by piece.
  const pieces = new PagePieces(source);
  const encoder = new TextEncoder();
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      controller.enqueue(encoder.encode(pieces.next(PAGE_PIECE, PIECE_ROWS)));
      if (pieces.done) controller.close();
    },
  });
}

function sourceOf(database: VaultDatabase, vaultId: string, request: PageRequest): PageSource {
  const { filter, limit, from, search, named = filter } = request;
  const record = (seq: number) => database.list.recordAt(vaultId, seq);
  if (!search) {
    return {
      limit,
      record,
      rows: (last, most) => database.list.newest(vaultId, filter, last ?? from ?? NEWEST, most),
      cursor: beyond((created_at, seq) => ({ created_at, seq, ...named })),
    };
  }
  const { filters, order, digest } = search;
  const range = rangeOf(database, filters, order, from);
  const [source, ...others] = sourcesOf(filter, filters);
  const position = (created_at: string, seq: number) => ({ created_at, seq, ...named, digest });
  if (others.length === 0 && filters.ids.length === 0 && !fieldsLookedAt(filters).any) {
    // One index has exactly what is asked for, in order.
    return {
      limit,
      record,
      rows: (last, most) => {
        const rest = order === "newest" ? { before: last ?? range.before } : { after: last ?? range.after };
        return database.list.records(vaultId, source, { ...range, ...rest }, order, most);
      },
      cursor: beyond(position),
    };
  }
  const { seqs, next } = findAssets(database, { path: filter, search: filters, order, range, limit });
  return {
    limit: seqs.length,
    record,
    rows: (last, most) =>
      listedAfter(database, vaultId, seqs.slice(last === undefined ? 0 : seqs.indexOf(last) + 1), most),
    cursor: () => (next === undefined ? null : encodeCursor(position(database.list.createdAt(next, order), next))),
  };
}

/** The first `most` of the assets at these seqs that are there. An asset may be gone since it was found. */
function listedAfter(database: VaultDatabase, vaultId: string, seqs: readonly number[], most: number): Listed[] {
  const listed: Listed[] = [];
  for (let at = 0; at < seqs.length && listed.length < most;) {
    const asked = seqs.slice(at, at + most - listed.length);
    listed.push(...database.list.listedAt(vaultId, asked));
    at += asked.length;
  }
  return listed;
}

/** The cursor of a list whose next record tells whether there is another page. */
const beyond =
  (position: (created_at: string, seq: number) => Record<string, unknown>): PageSource["cursor"] =>
  (last, more) =>
    more && last ? encodeCursor(position(last[1], last[0])) : null;

/**
 * One page, handed out in pieces of text. It remembers the last row between two pieces, and holds no statement open.
 */
class PagePieces {
  readonly #source: PageSource;
  #last: Listed | undefined;
  #taken = 0;
  done = false;

  constructor(source: PageSource) {
    this.#source = source;
  }

  /**
   * The next piece of text, of about `size` characters. `done` is true after the piece that closes the page.
   *
   * @param most how many rows are asked for at a time
   */
  next(size: number, most: number): string {
    let text = this.#last ? "" : '{"data":[';
    let came: number;
    let asked: number;
    let more = false;
    let isCut = false;
    do {
      came = 0;
      // One row beyond the page tells whether there is another.
      asked = Math.min(most, this.#source.limit - this.#taken + 1);
      for (const row of this.#source.rows(this.#last?.[0], asked)) {
        came++;
        if (this.#taken === this.#source.limit) more = true;
        else if (text.length > size) isCut = true;
        // What is beyond the piece is read nevertheless: so the statement comes to its end.
        if (!more && !isCut) text += this.#take(row);
      }
    } while (came === asked && !more && !isCut);
    if (isCut) return text;
    this.done = true;
    const cursor = this.#source.cursor(this.#last, more);
    return `${text}],"cursor":${JSON.stringify(cursor)},"has_more":${cursor !== null}}`;
  }

  #take(row: Listed): string {
    const comma = this.#taken > 0 ? "," : "";
    this.#last = row;
    this.#taken++;
    return comma + (row[2] ?? this.#source.record(row[0]));
  }
}
