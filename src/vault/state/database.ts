/**
 * A vault's own SQLite, as named and typed operations: the vault's row, its assets, and each other table by the class of
 * the file that owns it. Nothing here decides anything, and nothing in the vault outside this folder says SELECT.
 */

import { type Asset, ASSET_FIELDS, type AssetPath, CHANGEABLE_FIELDS, PATH_FIELDS } from "../../model/asset.ts";
import { AssetList } from "./asset-list.ts";
import { Doubts } from "./doubts.ts";
import { Feed } from "./feed.ts";
import { FormerStarts } from "./former-starts.ts";
import { Folders } from "./folders.ts";
import { KeyTable } from "./key-table.ts";
import { Outbox } from "./outbox.ts";
import { Receipts } from "./receipts.ts";
import { Recount } from "./recount.ts";
import { MIGRATIONS } from "./migrations.ts";
import { type AssetRevision, VAULT_COLUMNS, type VaultRow } from "./schema.ts";
import { Sessions } from "./sessions.ts";
import { Sql } from "./sql.ts";
import { Tags } from "./tags.ts";
import { Tickets } from "./tickets.ts";
import { type Range, Unindexed } from "./unindexed.ts";
import { Voids } from "./voids.ts";

/** What a change of an asset sets, and which asset that is. */
type ChangedAsset = Pick<Asset, "seq" | (typeof CHANGEABLE_FIELDS)[number]>;

export type ToIndex = Pick<Asset, "seq" | "rev" | "partition" | "collection" | "channel" | "size" | "tags">;

const ASSET_COLUMNS = ASSET_FIELDS.join(", ");

const update = (fields: readonly string[]): string =>
  `UPDATE assets SET ${fields.map((field) => `${field} = ?`).join(", ")} WHERE seq = ?`;

/**
 * The fields that a change in place sets. SQLite writes every index anew that has a named column, so a statement names no
 * part of a path that stays as it is.
 */
const UNINDEXED_FIELDS = CHANGEABLE_FIELDS.filter((field) => !(PATH_FIELDS as readonly string[]).includes(field));

const UPDATE_ASSET = update(UNINDEXED_FIELDS);

const INSERT_ASSET = `INSERT INTO assets (${ASSET_COLUMNS}) VALUES (?${",?".repeat(ASSET_FIELDS.length - 1)})`;

/** Every method is synchronous. Several of them become one transaction inside {@link VaultDatabase.transaction}. */
export class VaultDatabase {
  readonly #sql: Sql;
  readonly list: AssetList;
  readonly keys: KeyTable;
  readonly outbox: Outbox;
  readonly voids: Voids;
  readonly doubts: Doubts;
  readonly tags: Tags;
  readonly folders: Folders;
  readonly feed: Feed;
  readonly recount: Recount;
  readonly unindexed: Unindexed;
  readonly receipts: Receipts;
  readonly sessions: Sessions;
  readonly formerStarts: FormerStarts;
  readonly tickets: Tickets;

  constructor(storage: DurableObjectStorage) {
    this.#sql = new Sql(storage);
    this.list = new AssetList(this.#sql);
    this.keys = new KeyTable(this.#sql);
    this.outbox = new Outbox(this.#sql);
    this.voids = new Voids(this.#sql);
    this.doubts = new Doubts(this.#sql);
    this.tags = new Tags(this.#sql);
    this.folders = new Folders(this.#sql);
    this.feed = new Feed(this.#sql);
    this.recount = new Recount(this.#sql, this.folders);
    this.unindexed = new Unindexed(this.#sql);
    this.receipts = new Receipts(this.#sql);
    this.sessions = new Sessions(this.#sql);
    this.formerStarts = new FormerStarts(this.#sql);
    this.tickets = new Tickets(this.#sql);
  }

  /** Runs `work` as one transaction. A nested call that throws is rolled back alone. */
  transaction<T>(work: () => T): T {
    return this.#sql.transaction(work);
  }

  // --- schema

  /** Whether this object holds a vault at all. The check creates nothing. */
  exists(): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'vault'").toArray().length > 0;
  }

  /** Applies the migrations that this object does not have yet, each in a transaction of its own. */
  migrate(): void {
    this.#sql.exec("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY)");
    const { version } = this.#sql.one<{ version: number }>(
      "SELECT coalesce(max(version), 0) AS version FROM migrations",
    );
    MIGRATIONS.slice(version).forEach((migration, i) => {
      this.transaction(() => {
        this.#sql.exec(migration);
        this.#sql.exec("INSERT INTO migrations (version) VALUES (?)", version + i + 1);
      });
    });
  }

  /** Brings the tables to today's shape and returns the vault's row. Undefined when this object holds no vault. */
  load(): VaultRow | undefined {
    if (!this.exists()) return undefined;
    this.migrate();
    return this.vault();
  }

  /** The id of a vault that is gone for good, which is all that is left of it. Undefined for any other vault. */
  buried(): { id: string } | undefined {
    return this.exists() ? this.#sql.first("SELECT id FROM vault WHERE status = 'buried'") : undefined;
  }

  /** Drops everything but the vault's own row, which from then on says that the vault is gone for good. */
  bury(): void {
    this.transaction(() => {
      const tables = this.#sql.all<{ name: string }>(
        `SELECT name FROM sqlite_master WHERE type = 'table'
           AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
      );
      for (const { name } of tables) {
        if (name !== "vault") this.#sql.exec(`DROP TABLE ${name}`);
      }
      this.#sql.exec("UPDATE vault SET status = 'buried', name = '', lost_windows = '[]', settings = '{}'");
    });
  }

  // --- the vault's own row

  vault(): VaultRow | undefined {
    return this.#sql.first<VaultRow>(`SELECT ${VAULT_COLUMNS.join(", ")} FROM vault`);
  }

  saveVault(v: VaultRow): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO vault (one, ${VAULT_COLUMNS.join(", ")}) VALUES (1${", ?".repeat(VAULT_COLUMNS.length)})`,
      ...VAULT_COLUMNS.map((column) => v[column]),
    );
  }

  // --- assets

  asset(id: string): Asset | undefined {
    return this.#sql.first<Asset>(`SELECT ${ASSET_COLUMNS} FROM assets WHERE id = ?`, id);
  }

  /** The newest asset of a name at a path. */
  newestAt({ partition, collection, channel, filename }: AssetPath): Asset | undefined {
    return this.#sql.first<Asset>(
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

  /** Sets what can change of an asset that stays where it is. */
  updateAsset(a: ChangedAsset): void {
    this.#sql.exec(UPDATE_ASSET, ...UNINDEXED_FIELDS.map((field) => a[field]), a.seq);
  }

  /** The same, and those parts of its path that change. */
  moveAsset(a: ChangedAsset, parts: readonly (typeof PATH_FIELDS)[number][]): void {
    const fields = [...UNINDEXED_FIELDS, ...parts];
    this.#sql.exec(update(fields), ...fields.map((field) => a[field]), a.seq);
  }

  /**
   * Writes the rows of an asset in the tables by which it is found: its tags, and its place in the feed of changes.
   *
   * @returns how many tags it has
   */
  index({ seq, rev, tags }: Pick<Asset, "seq" | "rev" | "tags">): number {
    if (rev !== seq) this.outbox.noteChange(rev, seq);
    return this.tags.replace(seq, "[]", tags);
  }

  deleteAsset(seq: number): void {
    this.#sql.exec("DELETE FROM assets WHERE seq = ?", seq);
  }

  /** Deletes up to `limit` assets, whichever they are. Returns how many it deleted. */
  purgeAssets(limit: number): number {
    return this.#sql.all("DELETE FROM assets WHERE seq IN (SELECT seq FROM assets LIMIT ?) RETURNING seq", limit)
      .length;
  }

  assetAt(seq: number): Asset | undefined {
    return this.#sql.first<Asset>(`SELECT ${ASSET_COLUMNS} FROM assets WHERE seq = ?`, seq);
  }

  /** When the asset before a seq was created, and when the one behind it. */
  neighbours(seq: number): { before: string | undefined; behind: string | undefined } {
    const at = (which: string): string | undefined =>
      this.#sql.first<{ created_at: string }>(`SELECT created_at FROM assets WHERE seq ${which} LIMIT 1`, seq)
        ?.created_at;
    return { before: at("< ? ORDER BY seq DESC"), behind: at("> ? ORDER BY seq") };
  }

  /** The assets with a seq in (after, to], in order of seq. */
  revisions(after: number, to: number, limit: number): AssetRevision[] {
    return this.#sql.all(
      "SELECT seq, rev, id FROM assets WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
      after,
      to,
      limit,
    );
  }

  /** What it takes to index the first `limit` assets with a seq in (after, upto], in order of seq. */
  toIndex({ after, upto }: Range, limit: number): ToIndex[] {
    return this.#sql.all(
      `SELECT seq, rev, partition, collection, channel, size, tags FROM assets
       WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`,
      after,
      upto,
      limit,
    );
  }

  /** The R2 keys of the bodies of the assets with a seq above `after`, in order of seq. */
  bodyKeysAfter(after: number, limit: number): { seq: number; id: string; r2_key: string }[] {
    return this.#sql.all("SELECT seq, id, r2_key FROM assets WHERE seq > ? ORDER BY seq LIMIT ?", after, limit);
  }

  // --- reconcile

  /** When the next reconciliation is due, in epoch milliseconds, and its state as JSON. */
  reconcile(): { due: number; state: string | null } | undefined {
    return this.#sql.first("SELECT due, state FROM reconcile");
  }

  saveReconcile(due: number, state: string | null): void {
    this.#sql.exec(
      `INSERT INTO reconcile (one, due, state) VALUES (1,?,?)
       ON CONFLICT (one) DO UPDATE SET due = excluded.due, state = excluded.state`,
      due,
      state,
    );
  }
}
