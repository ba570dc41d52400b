/**
 * The statements that list assets. Every index that they read is in the order of seq, so none of them sorts, and each can
 * begin anywhere.
 */

import { type AssetFilter, type FolderFilter, PATH_COMPONENTS } from "../../model/asset.ts";
import type { LookedAt, Order } from "../../model/asset-search.ts";
import { recordJson, recordSize } from "./record-json.ts";
import type { Sql } from "./sql.ts";

/**
 * A listed asset. `record` is JSON text, and null when it is long: then {@link AssetList.recordAt} has it, for whoever
 * wants that one.
 */
export type Listed = [seq: number, created_at: string, record: string | null];

/**
 * The most metadata and tags of a record that a list renders without being asked. A page of 200 renders 2 million
 * characters at most then, when every character is escaped, even if it shows few of them. Bytes.
 */
const LONG = 4 * 1024;

/** What a search looks at of an asset. Fields that it does not look at are empty. */
export type LookedRow = [seq: number, filename: string, mime_type: string, metadata: string, tags: string];

/** The seqs in (after, before). */
export interface SeqRange {
  readonly after: number;
  readonly before: number;
}

/** Assets in the order of seq, as one index has them: those at a path, or those with a tag. */
export type Source = { readonly path: AssetFilter } | { readonly tag: string };

/** The components that a path names. */
const columnsOf = (path: AssetFilter) => PATH_COMPONENTS.filter((column) => path[column] !== undefined);

/**
 * The table with the index that finds exactly the assets at a path. It is named, because the planner could choose a wrong
 * one: assets_name begins with (partition, collection, channel) too, but a list by it would have to sort.
 */
function tableFor(columns: readonly string[]): string {
  const index = columns.map((column) => (column === "channel" ? "h" : column.charAt(0))).join("");
  return index ? `assets INDEXED BY assets_${index}` : "assets";
}

/** The columns of a {@link Listed}. */
function listed(table: string): string {
  const record = `CASE WHEN ${recordSize(table)} <= ${LONG} THEN ${recordJson(table)} END`;
  return `${table}seq, ${table}created_at, ${record}`;
}

/** One statement of the seed's list, newest first, for each of the eight combinations of filters. */
const NEWEST_AT = new Map(
  [
    [],
    ["partition"],
    ["collection"],
    ["channel"],
    ["partition", "collection"],
    ["partition", "channel"],
    ["collection", "channel"],
    ["partition", "collection", "channel"],
  ].map((columns) => {
    const where = [...columns.map((column) => `${column} = ?`), "seq < ?"].join(" AND ");
    return [columns.join(), `SELECT ${listed("")} FROM ${tableFor(columns)} WHERE ${where} ORDER BY seq DESC LIMIT ?`];
  }),
);

const by = (order: Order): string => (order === "newest" ? "DESC" : "ASC");

const RECORD_AT = `SELECT ${recordJson()} AS record FROM assets WHERE seq = ?2`;

export class AssetList {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * At most `limit` records of the vault `id` at a path with a seq below `before`, newest first. They are read lazily,
   * and the caller must read on to the end: a statement that is not at its end is still in use, and nothing but the
   * collection of garbage ends it.
   */
  newest(id: string, path: AssetFilter, before: number, limit: number): IterableIterator<Listed> {
    const columns = columnsOf(path);
    const statement = NEWEST_AT.get(columns.join());
    if (!statement) throw new Error(`no list statement for ${columns.join()}`);
    const values = columns.map((column) => path[column] ?? null);
    return this.#sql.exec(statement, id, ...values, before, limit).raw<Listed>();
  }

  /** The ids of the newest assets of a folder, at most `limit` of them, newest first. */
  newestIn(folder: FolderFilter, limit: number): string[] {
    const columns = columnsOf(folder);
    const where = columns.map((column) => `${column} = ?`).join(" AND ");
    const rows = this.#sql.all<{ id: string }>(
      `SELECT id FROM ${tableFor(columns)} WHERE ${where} ORDER BY seq DESC LIMIT ?`,
      ...columns.map((column) => folder[column] ?? null),
      limit,
    );
    return rows.map(({ id }) => id);
  }

  /** At most `limit` records of a source, read lazily, and to the end. */
  records(id: string, source: Source, range: SeqRange, order: Order, limit: number): IterableIterator<Listed> {
    const { text, values } = this.#select(listed("a."), source, range, order, limit);
    return this.#sql.exec(text, id, ...values).raw<Listed>();
  }

  /** The assets at these seqs that are there, in their order, read lazily, and to the end. */
  listedAt(id: string, seqs: readonly number[]): IterableIterator<Listed> {
    const text = `SELECT ${listed("a.")} FROM json_each(?2) j CROSS JOIN assets a ON a.seq = j.value`;
    return this.#sql.exec(text, id, JSON.stringify(seqs)).raw<Listed>();
  }

  /** The record of the asset at a seq. Throws when there is none. */
  recordAt(id: string, seq: number): string {
    return this.#sql.one<{ record: string }>(RECORD_AT, id, seq).record;
  }

  /** What a search looks at of at most `limit` assets of a source, read lazily, and to the end. */
  looked(fields: LookedAt, source: Source, range: SeqRange, order: Order, limit: number): IterableIterator<LookedRow> {
    const { text, values } = this.#select(columnsLookedAt(fields), source, range, order, limit);
    return this.#sql.exec(text, ...values).raw<LookedRow>();
  }

  /** The same of the asset at one seq; undefined when there is none. */
  lookedAt(fields: LookedAt, seq: number): LookedRow | undefined {
    const text = `SELECT ${columnsLookedAt(fields)} FROM assets a WHERE a.seq = ?`;
    return Array.from(this.#sql.exec(text, seq).raw<LookedRow>())[0];
  }

  /** At most `limit` seqs of a source. */
  seqs(source: Source, { after, before }: SeqRange, order: Order, limit: number): number[] {
    const rest = `seq > ? AND seq < ? ORDER BY seq ${by(order)} LIMIT ?`;
    if ("tag" in source) {
      const text = `SELECT seq FROM tags WHERE tag = ? AND ${rest}`;
      return this.#numbers(text, source.tag, after, before, limit);
    }
    const columns = columnsOf(source.path);
    const where = columns.map((column) => `${column} = ? AND `).join("");
    const values = columns.map((column) => source.path[column] ?? null);
    return this.#numbers(`SELECT seq FROM ${tableFor(columns)} WHERE ${where}${rest}`, ...values, after, before, limit);
  }

  /** The time of creation of the asset that is nearest to a seq, among those that are not beyond it. */
  createdAt(seq: number, order: Order): string {
    const text =
      order === "newest"
        ? "SELECT created_at FROM assets WHERE seq >= ? ORDER BY seq LIMIT 1"
        : "SELECT created_at FROM assets WHERE seq <= ? ORDER BY seq DESC LIMIT 1";
    return this.#sql.first<{ created_at: string }>(text, seq)?.created_at ?? "";
  }

  /**
   * The lowest seq from which on all assets were created at a time or later. It need not be that of an asset. It is found
   * by bisection, because the time of creation never falls as seq grows: so it takes one row for each bit of the seqs.
   */
  firstSince(time: string): number {
    // Everything up to `below` was created earlier, everything from `from` on was not.
    const bounds = this.#sql.one<{ first: number | null; last: number | null }>(
      "SELECT (SELECT seq FROM assets ORDER BY seq LIMIT 1) AS first, (SELECT seq FROM assets ORDER BY seq DESC LIMIT 1) AS last",
    );
    let below = (bounds.first ?? 1) - 1;
    let from = (bounds.last ?? 0) + 1;
    while (from - below > 1) {
      const middle = Math.floor((below + from) / 2);
      const next = this.#sql.first<{ seq: number; created_at: string }>(
        "SELECT seq, created_at FROM assets WHERE seq >= ? ORDER BY seq LIMIT 1",
        middle,
      );
      if (next && next.created_at < time) below = next.seq;
      else from = middle;
    }
    return from;
  }

  #numbers(text: string, ...values: SqlStorageValue[]): number[] {
    return Array.from(this.#sql.exec(text, ...values).raw<[number]>(), ([number]) => number);
  }

  /** A statement that selects columns of assets, which are called `a`. */
  #select(columns: string, source: Source, { after, before }: SeqRange, order: Order, limit: number) {
    if ("tag" in source) {
      const text = `SELECT ${columns} FROM tags t CROSS JOIN assets a ON a.seq = t.seq
        WHERE t.tag = ? AND t.seq > ? AND t.seq < ? ORDER BY t.seq ${by(order)} LIMIT ?`;
      return { text, values: [source.tag, after, before, limit] };
    }
    const names = columnsOf(source.path);
    const where = names.map((name) => `${name} = ? AND `).join("");
    const text = `SELECT ${columns} FROM ${tableFor(names).replace("assets", "assets AS a")}
      WHERE ${where}seq > ? AND seq < ? ORDER BY seq ${by(order)} LIMIT ?`;
    return { text, values: [...names.map((name) => source.path[name] ?? null), after, before, limit] };
  }
}

/** The columns of a {@link LookedRow}. Metadata and tags may be long, and are read only for who looks at them. */
const columnsLookedAt = ({ metadata, tags }: LookedAt): string =>
  `a.seq, a.filename, a.mime_type, ${metadata ? "a.metadata" : "''"}, ${tags ? "a.tags" : "''"}`;
