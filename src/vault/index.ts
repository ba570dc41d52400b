import { type Asset, ASSET_FIELDS, type AssetFilter, type AssetPath, RECORD_FIELDS } from "../model/asset.ts";
import type { Key } from "../model/vault.ts";
import { MIGRATIONS, type OutboxRow, VAULT_COLUMNS, type VaultRow } from "./schema.ts";

type Row = Record<string, SqlStorageValue>;

/** A listed asset: its seq, its created_at, its record as JSON text. */
export type Listed = [seq: number, created_at: string, record: string];

/** A key with the revision at which it last changed. */
export type IndexedKey = Key & { rev: number };

const ASSET_COLUMNS = ASSET_FIELDS.join(", ");

const INSERT_ASSET = `INSERT INTO assets (${ASSET_COLUMNS}) VALUES (?${",?".repeat(ASSET_FIELDS.length - 1)})`;

/**
 * An asset as the wire has it, as JSON text made by SQLite: cheaper than a row in pieces. ?1 is the vault's id. SQLite here takes 32
 * arguments: 16 fields. */
const RECORD_JSON = `json_object(${RECORD_FIELDS.map((field) => `'${field}', ${field === "vault_id" ? "?1" : field}`).join(", ")})`;

/**
 * One list statement for each of the eight combinations of filters. The index is named, not left to the planner:
 * (p, c, h) would also fit assets_name, which would have to sort.
 */
const LIST = new Map(
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
    const index = columns.map((column) => (column === "channel" ? "h" : column.charAt(0))).join("");
    const from = index ? `assets INDEXED BY assets_${index}` : "assets";
    const where = [...columns.map((column) => `${column} = ?`), "seq < ?"].join(" AND ");
    return [
      columns.join(),
      `SELECT seq, created_at, ${RECORD_JSON} FROM ${from} WHERE ${where} ORDER BY seq DESC LIMIT ?`,
    ];
  }),
);

/**
 * The limit stands inside: joined first, every change there is would be read and sorted. And there is no order outside,
 * for which whole assets would be sorted: a left join keeps that of its left side, and the recorder checks it.
 */
const UNRECORDED = `
  SELECT c.rev AS change, c.seq AS of, p.seq IS NOT NULL AS parked, a.*
  FROM (
    SELECT seq AS rev, seq FROM assets WHERE seq > ?1
    UNION ALL SELECT rev, seq FROM outbox WHERE rev > ?1 AND seq IS NOT NULL
    ORDER BY rev LIMIT ?2
  ) c
  LEFT JOIN assets a ON a.seq = c.seq
  LEFT JOIN parked p ON p.seq = a.seq AND p.rev = a.rev`;

type UnrecordedRow = { change: number; of: number; parked: number } & (Asset | { seq: null });

/** A change that D1 does not have. */
export interface Unrecorded {
  rev: number;
  /** The asset that it concerns, and its state now; undefined when it is gone. */
  seq: number;
  asset: Asset | undefined;
  /** Whether D1 has refused this very state. */
  parked: boolean;
}

/**
 * All SQL of a vault's SQLite, as named and typed operations. Nothing here decides anything, and nothing outside
 * says SELECT. Every method is synchronous; wrap several in `transaction` to make them one.
 */
export class Index {
  readonly #sql: SqlStorage;
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  /** Runs `work` as one transaction; nested calls roll back on their own. */
  transaction<T>(work: () => T): T {
    return this.#storage.transactionSync(work);
  }

  // --- schema

  /** Whether this object holds a vault at all. Reading it creates nothing. */
  exists(): boolean {
    return (
      this.#sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'").toArray().length > 0
    );
  }

  migrate(): void {
    this.#sql.exec("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY)");
    const { version } = this.#one<{ version: number }>("SELECT coalesce(max(version), 0) AS version FROM migrations");
    MIGRATIONS.slice(version).forEach((migration, i) => {
      this.transaction(() => {
        this.#sql.exec(migration);
        this.#sql.exec("INSERT INTO migrations (version) VALUES (?)", version + i + 1);
      });
    });
  }

  // --- the vault's own row

  vault(): VaultRow | undefined {
    return this.#first<VaultRow>(`SELECT ${VAULT_COLUMNS.join(", ")} FROM vault`);
  }

  saveVault(v: VaultRow): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO vault (one, ${VAULT_COLUMNS.join(", ")}) VALUES (1${", ?".repeat(VAULT_COLUMNS.length)})`,
      ...VAULT_COLUMNS.map((column) => v[column]),
    );
  }

  /** Adds to (or, negative, takes from) a partition's counters; a partition without assets has no row. */
  count(partition: string, assets: number, bytes: number): void {
    this.#sql.exec(
      `INSERT INTO partitions (name, assets, bytes) VALUES (?,?,?)
       ON CONFLICT (name) DO UPDATE SET assets = assets + excluded.assets, bytes = bytes + excluded.bytes`,
      partition,
      assets,
      bytes,
    );
    if (assets <= 0) this.#sql.exec("DELETE FROM partitions WHERE name = ? AND assets <= 0", partition);
  }

  /** The partitions with the most assets, largest first. */
  partitions(limit: number): { name: string; assets: number; bytes: number }[] {
    return this.#all("SELECT name, assets, bytes FROM partitions ORDER BY assets DESC, name LIMIT ?", limit);
  }

  // --- assets

  asset(id: string): Asset | undefined {
    return this.#first<Asset>(`SELECT ${ASSET_COLUMNS} FROM assets WHERE id = ?`, id);
  }

  /** The newest asset of a name. */
  newestAt({ partition, collection, channel, filename }: AssetPath): Asset | undefined {
    return this.#first<Asset>(
      `SELECT ${ASSET_COLUMNS} FROM assets INDEXED BY assets_name
       WHERE partition = ? AND collection = ? AND channel = ? AND filename = ? ORDER BY seq DESC LIMIT 1`,
      partition,
      collection,
      channel,
      filename,
    );
  }

  insertAsset(a: Asset): void {
    this.#sql.exec(INSERT_ASSET, ...ASSET_FIELDS.map((field) => a[field]));
  }

  /** Only these can change after creation, and no index covers them. */
  updateAsset(a: Pick<Asset, "seq" | "rev" | "metadata" | "tags" | "updated_at">): void {
    this.#sql.exec(
      "UPDATE assets SET rev = ?, metadata = ?, tags = ?, updated_at = ? WHERE seq = ?",
      a.rev,
      a.metadata,
      a.tags,
      a.updated_at,
      a.seq,
    );
  }

  deleteAsset(seq: number): void {
    this.#sql.exec("DELETE FROM assets WHERE seq = ?", seq);
  }

  /** Deletes up to `limit` assets, whichever; returns how many there were. */
  purgeAssets(limit: number): number {
    return this.#all("DELETE FROM assets WHERE seq IN (SELECT seq FROM assets LIMIT ?) RETURNING seq", limit).length;
  }

  /** What is here of (after, to]: the seq and latest revision of each asset, in order. */
  revisions(after: number, to: number, limit: number): { seq: number; rev: number }[] {
    return this.#all("SELECT seq, rev FROM assets WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?", after, to, limit);
  }

  /** Where the bodies of the next assets are, in order of seq. */
  bodiesAfter(after: number, limit: number): { seq: number; id: string; r2_key: string }[] {
    return this.#all("SELECT seq, id, r2_key FROM assets WHERE seq > ? ORDER BY seq LIMIT ?", after, limit);
  }

  /**
   * Records of the vault `id` below `before`, newest first, read lazily: at most `limit` rows, and no more than the caller
   * takes. Who stops before the end leaves the statement in use, and the next list has to prepare it again.
   */
  list(id: string, filter: AssetFilter, before: number, limit: number): IterableIterator<Listed> {
    const columns = (["partition", "collection", "channel"] as const).filter((column) => filter[column] !== undefined);
    const statement = LIST.get(columns.join());
    if (!statement) throw new Error(`no list statement for ${columns.join()}`);
    const values = columns.map((column) => filter[column] ?? null);
    return this.#sql.exec(statement, id, ...values, before, limit).raw<Listed>();
  }

  // --- keys

  keys(): IndexedKey[] {
    return this.#all<IndexedKey>("SELECT * FROM keys ORDER BY id DESC");
  }

  keysBefore(id: string, limit: number): IndexedKey[] {
    return this.#all<IndexedKey>("SELECT * FROM keys WHERE id < ? ORDER BY id DESC LIMIT ?", id, limit);
  }

  keysSince(rev: number): IndexedKey[] {
    return this.#all<IndexedKey>("SELECT * FROM keys WHERE rev > ? ORDER BY rev", rev);
  }

  saveKey(k: IndexedKey): void {
    this.#sql.exec(
      `INSERT INTO keys (id, rev, label, type, kid, created_at, expires_at, revoked_at) VALUES (?,?,?,?,?,?,?,?)
       ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, revoked_at = excluded.revoked_at`,
      k.id,
      k.rev,
      k.label,
      k.type,
      k.kid,
      k.created_at,
      k.expires_at,
      k.revoked_at,
    );
  }

  // --- outbox

  addToOutbox(row: OutboxRow): void {
    this.#sql.exec("INSERT INTO outbox (rev, seq, body) VALUES (?,?,?)", row.rev, row.seq, row.body);
  }

  /**
   * What D1 does not have beyond `after`, oldest first, at most `limit` changes and read lazily: created assets and noted
   * changes, each with the asset as it is now, or none if it is gone.
   */
  *unrecorded(after: number, limit: number): Generator<Unrecorded> {
    for (const row of this.#sql.exec<Row>(UNRECORDED, after, limit)) {
      const { change, of, parked, ...asset } = row as unknown as UnrecordedRow;
      yield { rev: change, seq: of, parked: parked !== 0, asset: asset.seq === null ? undefined : asset };
    }
  }

  /** Bodies due for deletion in (after, to], oldest first. */
  doomedBodies(after: number, to: number, limit: number): { rev: number; body: string }[] {
    return this.#all(
      "SELECT rev, body FROM outbox WHERE rev > ? AND rev <= ? AND body IS NOT NULL ORDER BY rev LIMIT ?",
      after,
      to,
      limit,
    );
  }

  /** Forgets what every other store has been told: changes up to `recorded`, bodies up to `erased`. */
  trimOutbox(recorded: number, erased: number): void {
    this.#sql.exec("DELETE FROM outbox WHERE rev <= ? AND (body IS NULL OR rev <= ?)", recorded, erased);
  }

  outboxSize(): number {
    return this.#one<{ n: number }>("SELECT count(*) AS n FROM outbox").n;
  }

  // --- parked

  /** Sets an asset aside that D1 refuses as it is; `rev` says which state of it was refused. */
  park(seq: number, rev: number, error: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO parked (seq, rev, error) VALUES (?,?,?)", seq, rev, error);
  }

  isParked(seq: number, rev: number): boolean {
    return this.#first("SELECT 1 FROM parked WHERE seq = ? AND rev = ?", seq, rev) !== undefined;
  }

  /** Parked assets that are still what they were when D1 refused them. */
  parked(limit: number): { id: string; error: string }[] {
    return this.#all(
      "SELECT a.id, p.error FROM parked p JOIN assets a ON a.seq = p.seq AND a.rev = p.rev ORDER BY p.seq LIMIT ?",
      limit,
    );
  }

  // --- reconcile

  reconcile(): { due: number; state: string | null } | undefined {
    return this.#first("SELECT due, state FROM reconcile");
  }

  saveReconcile(due: number, state: string | null): void {
    this.#sql.exec("INSERT OR REPLACE INTO reconcile (one, due, state) VALUES (1,?,?)", due, state);
  }

  // --- voids

  isVoid(id: string): boolean {
    return this.#first("SELECT 1 FROM voids WHERE id = ?", id) !== undefined;
  }

  addVoid(id: string): void {
    this.#sql.exec("INSERT OR IGNORE INTO voids (id) VALUES (?)", id);
  }

  /** Ids begin with their time, so those made before some moment sort below an id of that moment. */
  pruneVoids(below: string): void {
    this.#sql.exec("DELETE FROM voids WHERE id < ?", below);
  }

  // ---

  #all<T>(statement: string, ...values: SqlStorageValue[]): T[] {
    return this.#sql.exec<Row>(statement, ...values).toArray() as T[];
  }

  #first<T>(statement: string, ...values: SqlStorageValue[]): T | undefined {
    return this.#all<T>(statement, ...values)[0];
  }

  #one<T>(statement: string, ...values: SqlStorageValue[]): T {
    return this.#sql.exec<Row>(statement, ...values).one() as T;
  }
}
