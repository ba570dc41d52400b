import { type Asset, ASSET_FIELDS } from "../model/asset.ts";
import type { Key, VaultInfo } from "../model/vault.ts";

/** A vault's row in D1. */
export interface VaultRecord {
  id: string;
  name: string;
  created_at: string;
  status: "active" | "deleting" | "deleted";
  epoch: number;
  rev: number;
}

/** How far D1 is with a vault: everything up to `rev`, as the holder of `epoch` tells it. */
export type Position = Pick<VaultRecord, "epoch" | "rev">;

export type KeyRecord = Key & { rev: number };

/** Everything that happened to a vault in revisions (from, to], the latest state of each thing. */
export interface Flush {
  vaultId: string;
  epoch: number;
  from: number;
  to: number;
  status: VaultInfo["status"];
  assets: Asset[];
  /** `seq` of assets that are gone. */
  deleted: number[];
  keys: KeyRecord[];
}

/** How far a claimed vault's revisions jump: more than a vault may have handed out without D1 knowing. */
const REV_GAP = 1_000_000;

/** Bytes of JSON in one bound parameter. SQLite takes no string over 2 MB; half of it leaves room for its own copies. */
const MAX_PARAMETER_BYTES = 1_000_000;

/** Rows and bytes read from D1 at once during a rebuild. */
const PAGE_ROWS = 1_000;
const PAGE_BYTES = 4_000_000;

const KEY_COLUMNS = [
  "id",
  "rev",
  "label",
  "type",
  "kid",
  "created_at",
  "expires_at",
  "revoked_at",
] as const satisfies readonly (keyof KeyRecord)[];

const column = (_name: string, i: number): string => `value ->> ${i}`;

/**
 * The guard of every statement of a flush: it acts only while the vault's row says that this flush is news. A late,
 * repeated or superseded flush therefore changes nothing, and no older create can undo a newer delete.
 */
const GUARD = "EXISTS (SELECT 1 FROM vaults WHERE id = ?1 AND epoch = ?2 AND rev >= ?3 AND rev < ?4)";

const PUT_ASSETS = `
  INSERT INTO assets (vault_id, ${ASSET_FIELDS.join(", ")})
  SELECT ?1, ${ASSET_FIELDS.map(column).join(", ")} FROM json_each(?5) WHERE ${GUARD}
  ON CONFLICT (vault_id, seq) DO UPDATE SET
    rev = excluded.rev, metadata = excluded.metadata, tags = excluded.tags, updated_at = excluded.updated_at`;

const DELETE_ASSETS = `
  DELETE FROM assets WHERE vault_id = ?1 AND seq IN (SELECT value FROM json_each(?5)) AND ${GUARD}`;

const PUT_KEYS = `
  INSERT INTO keys (vault_id, ${KEY_COLUMNS.join(", ")})
  SELECT ?1, ${KEY_COLUMNS.map(column).join(", ")} FROM json_each(?5) WHERE ${GUARD}
  ON CONFLICT (vault_id, id) DO UPDATE SET rev = excluded.rev, revoked_at = excluded.revoked_at`;

const ADVANCE = `
  UPDATE vaults SET rev = ?4, status = ?5 WHERE id = ?1 AND epoch = ?2 AND rev >= ?3 AND rev < ?4
  RETURNING epoch, rev`;

/** Cuts rows into JSON arrays that each fit a bound parameter. */
function* parameters(rows: readonly unknown[]): Generator<string> {
  let items: string[] = [];
  let bytes = 0;
  for (const row of rows) {
    const item = JSON.stringify(row);
    const size = Buffer.byteLength(item) + 1;
    if (items.length > 0 && bytes + size > MAX_PARAMETER_BYTES) {
      yield `[${items.join()}]`;
      items = [];
      bytes = 0;
    }
    items.push(item);
    bytes += size;
  }
  if (items.length > 0) yield `[${items.join()}]`;
}

/**
 * Records a flush in one D1 transaction and returns the vault's row as it is afterwards: `rev` is at least
 * `flush.to` when D1 has it all. Undefined when D1 does not know the vault. Throws when D1 does not answer.
 */
export async function record(db: D1Database, flush: Flush): Promise<Position | undefined> {
  const guard = [flush.vaultId, flush.epoch, flush.from, flush.to];
  const statements: D1PreparedStatement[] = [];
  const add = (sql: string, rows: readonly unknown[]): void => {
    for (const json of parameters(rows)) statements.push(db.prepare(sql).bind(...guard, json));
  };
  add(
    PUT_ASSETS,
    flush.assets.map((asset) => ASSET_FIELDS.map((name) => asset[name])),
  );
  add(DELETE_ASSETS, flush.deleted);
  add(
    PUT_KEYS,
    flush.keys.map((key) => KEY_COLUMNS.map((name) => key[name])),
  );
  statements.push(db.prepare(ADVANCE).bind(...guard, flush.status));
  const results = await db.batch<Position>(statements);
  // No row was advanced: the flush was not news, and the vault's row says why.
  return results.at(-1)?.results[0] ?? (await position(db, flush.vaultId));
}

async function position(db: D1Database, vaultId: string): Promise<Position | undefined> {
  return (await db.prepare("SELECT epoch, rev FROM vaults WHERE id = ?").bind(vaultId).first<Position>()) ?? undefined;
}

/** Resolves when D1 answers. */
export async function ping(db: D1Database): Promise<void> {
  await db.prepare("SELECT 1").run();
}

/**
 * Puts a flush's assets, and nothing else, leaving the vault's revision as it is: to find out which of them D1 refuses.
 * Putting them again with the flush itself changes nothing.
 */
export async function tryAssets(db: D1Database, flush: Flush, assets: readonly Asset[]): Promise<void> {
  const guard = [flush.vaultId, flush.epoch, flush.from, flush.to];
  const rows = assets.map((asset) => ASSET_FIELDS.map((name) => asset[name]));
  await db.batch([...parameters(rows)].map((json) => db.prepare(PUT_ASSETS).bind(...guard, json)));
}

/** Creates a vault with its first keys. */
export async function createVault(db: D1Database, vault: VaultInfo, keys: readonly Key[]): Promise<void> {
  await db.batch([
    db
      .prepare("INSERT INTO vaults (id, name, created_at, status) VALUES (?,?,?,?)")
      .bind(vault.id, vault.name, vault.created_at, vault.status),
    ...keys.map((key) =>
      db
        .prepare(
          "INSERT INTO keys (vault_id, id, rev, label, type, kid, created_at, expires_at, revoked_at) VALUES (?,?,0,?,?,?,?,?,?)",
        )
        .bind(vault.id, key.id, key.label, key.type, key.kid, key.created_at, key.expires_at, key.revoked_at),
    ),
  ]);
}

/**
 * Says in D1 that nothing of a vault is recorded, because D1 has lost some or all of it: puts back its row if that is
 * gone, and sets its epoch, and its revision to 0. Not if a newer claim holds it.
 */
export async function forgetHistory(db: D1Database, vault: VaultInfo, epoch: number): Promise<void> {
  await db.batch([
    db
      .prepare("INSERT OR IGNORE INTO vaults (id, name, created_at, status, epoch, rev) VALUES (?,?,?,?,?,0)")
      .bind(vault.id, vault.name, vault.created_at, vault.status, epoch),
    db.prepare("UPDATE vaults SET epoch = ?2, rev = 0 WHERE id = ?1 AND epoch <= ?2").bind(vault.id, epoch),
  ]);
}

/** Vaults of one shard that are not yet gone, newest first, below the id `before`. */
export async function listVaults(db: D1Database, before: string, limit: number): Promise<VaultInfo[]> {
  const { results } = await db
    .prepare(
      "SELECT id, name, created_at, status FROM vaults WHERE id < ? AND status <> 'deleted' ORDER BY id DESC LIMIT ?",
    )
    .bind(before, limit)
    .all<VaultInfo>();
  return results;
}

/**
 * Claims a vault for a Durable Object that has no state of its own: from here on flushes of any former one are void.
 * Revisions jump past any that were handed out but never recorded. Undefined when there is no such vault.
 */
export async function claimVault(
  db: D1Database,
  vaultId: string,
): Promise<{ vault: VaultRecord; keys: KeyRecord[] } | undefined> {
  const [, vaults, keys] = await db.batch([
    db
      .prepare(
        `UPDATE vaults SET epoch = epoch + 1, rev = rev + CASE epoch WHEN 0 THEN 0 ELSE ${REV_GAP} END
       WHERE id = ? AND status <> 'deleted'`,
      )
      .bind(vaultId),
    db.prepare("SELECT id, name, created_at, status, epoch, rev FROM vaults WHERE id = ?").bind(vaultId),
    db.prepare(`SELECT ${KEY_COLUMNS.join(", ")} FROM keys WHERE vault_id = ?`).bind(vaultId),
  ]);
  const vault = vaults?.results[0] as VaultRecord | undefined;
  return vault && { vault, keys: (keys?.results ?? []) as KeyRecord[] };
}

/** Assets of a vault with seq above `after`, oldest first: a page bounded in rows and bytes, empty at the end. */
export async function assetPage(db: D1Database, vaultId: string, after: number): Promise<Asset[]> {
  const { results } = await db
    .prepare(
      `SELECT ${ASSET_FIELDS.join(", ")} FROM (
       SELECT *, sum(length(metadata) + length(tags)) OVER (ORDER BY seq) - length(metadata) - length(tags) AS bytes_before
       FROM (SELECT * FROM assets WHERE vault_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ${PAGE_ROWS})
     ) WHERE bytes_before < ${PAGE_BYTES} ORDER BY seq`,
    )
    .bind(vaultId, after)
    .all<Asset>();
  return results;
}

/** What D1 has of a vault's assets with seq above `after`: the seq and latest revision of each, in order. */
export async function revisionPage(
  db: D1Database,
  vaultId: string,
  after: number,
  limit: number,
): Promise<{ seq: number; rev: number }[]> {
  const { results } = await db
    .prepare("SELECT seq, rev FROM assets WHERE vault_id = ? AND seq > ? ORDER BY seq LIMIT ?")
    .bind(vaultId, after, limit)
    .all<{ seq: number; rev: number }>();
  return results;
}

/** Deletes up to `limit` assets of a vault; returns how many there were. */
export async function purgeAssets(db: D1Database, vaultId: string, limit: number): Promise<number> {
  const { meta } = await db
    .prepare("DELETE FROM assets WHERE rowid IN (SELECT rowid FROM assets WHERE vault_id = ? LIMIT ?)")
    .bind(vaultId, limit)
    .run();
  return meta.changes;
}

/** Deletes a vault's keys and leaves its row as a tombstone, so that an old token never wakes an empty vault. */
export async function buryVault(db: D1Database, vaultId: string, deletedAt: string): Promise<void> {
  await db.batch([
    db.prepare("DELETE FROM keys WHERE vault_id = ?").bind(vaultId),
    db.prepare("UPDATE vaults SET status = 'deleted', name = '', deleted_at = ? WHERE id = ?").bind(deletedAt, vaultId),
  ]);
}
