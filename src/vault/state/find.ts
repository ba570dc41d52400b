/**
 * Finds the assets of one page of a search, within bounds.
 *
 * A path and each tag is a source: seqs in order, which can be read from any place on. What has several sources must be in
 * all of them. They are asked in turns, each for its first seq from the place on that the one before has come to (a
 * "leapfrog" join). So the rarest source sets the pace, and most of the others' rows are skipped unread. What no index
 * tells is looked up in the assets' own rows.
 */

import { matcher } from "../../model/asset-match.ts";
import { fieldsLookedAt, matchesAll, type AssetSearch, type Order } from "../../model/asset-search.ts";
import type { AssetFilter } from "../../model/asset.ts";
import { MAX_LIST_ROWS, MAX_LIST_LENGTH } from "../../model/limits.ts";
import type { LookedRow, SeqRange, Source } from "./asset-list.ts";
import type { VaultDatabase } from "./database.ts";

/**
 * How many seqs of a source are read at once. It begins low, since a source that is mostly skipped needs few of them, and
 * doubles with each time that most of them were used.
 */
const BATCH = { least: 4, most: 512 };

/**
 * How many assets of one source are looked at by one statement. It runs to its end although the page may be full before,
 * or the budget spent. At 128 KiB each, the most that is read for nothing is as much as the budget.
 */
const LOOKED = { least: 4, most: 32 };

/** The assets of a page. */
export interface Found {
  /** In the order of the list, at most as many as the page holds. */
  readonly seqs: readonly number[];
  /** The next page begins beyond this seq. Undefined when there is none. */
  readonly next: number | undefined;
}

/** What is asked for. */
export interface FindRequest {
  readonly path: AssetFilter;
  readonly search: AssetSearch;
  readonly order: Order;
  readonly range: SeqRange;
  readonly limit: number;
}

/** The sources that all have to have an asset. */
export function sourcesOf(path: AssetFilter, { tags }: AssetSearch): [Source, ...Source[]] {
  const [first, ...rest] = tags.map((tag) => ({ tag }));
  const hasPath = Object.values(path).some((component) => component !== undefined);
  return first && !hasPath ? [first, ...rest] : [{ path }, ...tags.map((tag) => ({ tag }))];
}

/** The seqs that a list goes through: beyond the page before, and between the times of the search. */
export function rangeOf(database: VaultDatabase, search: AssetSearch, order: Order, from?: number): SeqRange {
  const { created_since, created_before } = search;
  const { list } = database;
  const since = created_since === undefined ? 0 : list.firstSince(created_since) - 1;
  const before = created_before === undefined ? Number.MAX_SAFE_INTEGER : list.firstSince(created_before);
  if (from === undefined) return { after: since, before };
  return order === "newest"
    ? { after: since, before: Math.min(before, from) }
    : { after: Math.max(since, from), before };
}

/** What may still be looked at. */
class Budget {
  rows = MAX_LIST_ROWS;
  text = MAX_LIST_LENGTH;

  get isSpent(): boolean {
    return this.rows <= 0 || this.text <= 0;
  }

  /** Counts an asset whose row was read. */
  look([, filename, mime_type, metadata, tags]: LookedRow): void {
    this.rows--;
    this.text -= filename.length + mime_type.length + metadata.length + tags.length;
  }
}

/** Finds a page. It is full, or the last one, or the budget was spent on it. */
export function findAssets(database: VaultDatabase, request: FindRequest): Found {
  const { path, search, limit } = request;
  if (search.ids.length > 0) return findIds(database, request);
  const [source, ...others] = sourcesOf(path, search);
  const budget = new Budget();
  const seqs: number[] = [];
  const candidates = others.length === 0 ? scan(database, request, source, budget) : join(database, request, budget);
  for (;;) {
    const { value, done } = candidates.next();
    if (done) return { seqs, next: value };
    // One beyond the page tells that there is another.
    if (seqs.length === limit) return { seqs, next: seqs.at(-1) };
    seqs.push(value);
  }
}

/** The seqs that match. Returns where to go on, or undefined when there are no more. */
type Candidates = Generator<number, number | undefined, undefined>;

/** Looks at the assets of one source, row by row. */
function* scan(
  { list }: VaultDatabase,
  { search, order, range, limit }: FindRequest,
  source: Source,
  budget: Budget,
): Candidates {
  const matches = matcher(search);
  const fields = fieldsLookedAt(search);
  // A row of tags is read for each asset too.
  let left = Math.floor(budget.rows / ("tag" in source ? 2 : 1));
  let needed = limit + 1;
  let last: number | undefined;
  while (left > 0 && !budget.isSpent) {
    const most = Math.min(left, Math.max(LOOKED.least, Math.min(needed, LOOKED.most)));
    const rest = last === undefined ? {} : order === "newest" ? { before: last } : { after: last };
    const found: number[] = [];
    let came = 0;
    for (const row of list.looked(fields, source, { ...range, ...rest }, order, most)) {
      came++;
      // The rest is read nevertheless, so that the statement comes to its end.
      if (budget.isSpent) continue;
      budget.look(row);
      last = row[0];
      if (matches(asset(row))) found.push(last);
    }
    yield* found;
    needed -= found.length;
    left -= came;
    if (came < most && !budget.isSpent) return undefined;
  }
  return last;
}

/** Joins several sources, and looks at the assets that are in all of them. */
function* join({ list }: VaultDatabase, { path, search, order, range }: FindRequest, budget: Budget): Candidates {
  const fields = fieldsLookedAt(search);
  const matches = matcher(search);
  const read = (source: Source) => (within: SeqRange, most: number) => list.seqs(source, within, order, most);
  const streams = sourcesOf(path, search).map((source) => new SeqStream(read(source), range, order, budget));
  const step = order === "newest" ? -1 : 1;
  const end = order === "newest" ? range.after : range.before;
  let seq = order === "newest" ? range.before - 1 : range.after + 1;
  for (let agreed = 0, at = 0; seq !== end; at = (at + 1) % streams.length) {
    const found = streams[at]?.seek(seq);
    if (found === undefined) return seq - step;
    agreed = found === seq ? agreed + 1 : 1;
    seq = found;
    if (agreed < streams.length || seq === end) continue;
    if (fields.any) {
      const row = list.lookedAt(fields, seq);
      if (row) budget.look(row);
      if (row && matches(asset(row))) yield seq;
      if (budget.isSpent) return seq;
    } else yield seq;
    agreed = 0;
    seq += step;
  }
  return undefined;
}

/** The seqs of one source, read some at a time. */
class SeqStream {
  readonly #read: (range: SeqRange, most: number) => number[];
  readonly #range: SeqRange;
  readonly #order: Order;
  readonly #budget: Budget;
  #seqs: number[] = [];
  #at = 0;
  #used = 0;
  #batch = BATCH.least;

  constructor(read: (range: SeqRange, most: number) => number[], range: SeqRange, order: Order, budget: Budget) {
    this.#read = read;
    this.#range = range;
    this.#order = order;
    this.#budget = budget;
  }

  /**
   * The first seq that is not before `seq` in the order of the list; the end of the range when there is none. Undefined
   * when the budget does not suffice to tell. Each call must ask for the same or a later place.
   */
  seek(seq: number): number | undefined {
    const isNewest = this.#order === "newest";
    for (let found = this.#seqs[this.#at]; found !== undefined; found = this.#seqs[++this.#at]) {
      if (isNewest ? found > seq : found < seq) continue;
      this.#used++;
      return found;
    }
    const most = Math.min(this.#nextBatch(), this.#budget.rows);
    if (most <= 0) return undefined;
    const range = isNewest ? { ...this.#range, before: seq + 1 } : { ...this.#range, after: seq - 1 };
    this.#seqs = this.#read(range, most);
    this.#budget.rows -= Math.max(1, this.#seqs.length);
    this.#at = 0;
    this.#used = 1;
    return this.#seqs[0] ?? (isNewest ? this.#range.after : this.#range.before);
  }

  #nextBatch(): number {
    if (this.#seqs.length > 0) {
      const isUsed = this.#used > this.#seqs.length / 2;
      this.#batch = isUsed ? Math.min(2 * this.#batch, BATCH.most) : Math.max(this.#batch / 2, BATCH.least);
    }
    return this.#batch;
  }
}

/** Looks at the assets of the ids that the search names. These are few. */
function findIds(database: VaultDatabase, { path, search, order, range, limit }: FindRequest): Found {
  const seqs: number[] = [];
  for (const id of new Set(search.ids)) {
    const found = database.asset(id);
    if (!found || found.seq <= range.after || found.seq >= range.before) continue;
    if (matchesAll(found, path, search)) seqs.push(found.seq);
  }
  seqs.sort((a, b) => (order === "newest" ? b - a : a - b));
  return { seqs: seqs.slice(0, limit), next: seqs.length > limit ? seqs[limit - 1] : undefined };
}

const asset = ([, filename, mime_type, metadata, tags]: LookedRow) => ({ filename, mime_type, metadata, tags });
