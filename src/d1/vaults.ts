import { type Asset, ASSET_FIELDS } from "../model/asset.ts";
import { UPLOAD_DEADLINE_MS } from "../model/limits.ts";
import type { Key, VaultInfo } from "../model/vault.ts";
import type { BoundedD1 } from "./bounded.ts";
import { KEY_COLUMNS, type KeyRecord, NOTHING } from "./record.ts";

/** A vault's row in D1. */
export interface VaultRecord {
  id: string;
  name: string;
  created_at: string;
  status: "active" | "deleting" | "deleted";
  epoch: number;
  rev: number;
  /** JSON: LostWindow[]. */
  lost_windows: string;
}

/**
 * How far a claimed vault's revisions jump: more than a vault may have handed out without D1 knowing. Writes stop at
 * MAX_UNRECORDED, a twentieth of this; few are taken all the same.
 */
const REV_GAP = 1_000_000;

/** Rows and bytes read from D1 at once: 4 KB of metadata and tags for each of 1,000 rows, or 30 rows with the most there may be. */
export const PAGE_ROWS = 1_000;
const PAGE_BYTES = 4_000_000;

/** Creates a vault with its first keys. */
export async function createVault(db: BoundedD1, vault: VaultInfo, keys: readonly Key[]): Promise<void> {
  await db.batch([
    db.prepare(
      "INSERT INTO vaults (id, name, created_at, status) VALUES (?,?,?,?)",
      vault.id,
      vault.name,
      vault.created_at,
      vault.status,
    ),
    ...keys.map((key) =>
      db.prepare(
        "INSERT INTO keys (vault_id, id, rev, label, type, kid, created_at, expires_at, revoked_at) VALUES (?,?,0,?,?,?,?,?,?)",
        vault.id,
        key.id,
        key.label,
        key.type,
        key.kid,
        key.created_at,
        key.expires_at,
        key.revoked_at,
      ),
    ),
  ]);
}

/** Vaults of one shard that are not yet gone, newest first, below the id `before`. */
export const listVaults = (db: BoundedD1, before: string, limit: number): Promise<VaultInfo[]> =>
  db.rows(
    "SELECT id, name, created_at, status FROM vaults WHERE id < ? AND status <> 'deleted' ORDER BY id DESC LIMIT ?",
    before,
    limit,
  );

/**
 * Above everything that was ever handed out: what D1 was told of, what it holds (a row may be newer than the vault's own,
 * of which an older state was restored), and what the claimer knows; then the gap, for what nobody knows.
 */
const CLAIMED_REV = `CASE WHEN epoch = 0 AND ?2 < 0 THEN rev
  ELSE max(rev, top, ?2, coalesce((SELECT max(seq) FROM assets WHERE vault_id = ?1), 0)) + ${REV_GAP} END`;

const CLAIM = `
  UPDATE vaults SET epoch = epoch + 1, rev = ${CLAIMED_REV}, top = ${CLAIMED_REV}, incarnation = NULL,
    lost_windows = CASE WHEN epoch = 0 THEN lost_windows ELSE json_insert(lost_windows, '$[#]', json_object(
      'since', unixepoch(coalesce(complete_to, created_at)) * 1000 - ${UPLOAD_DEADLINE_MS}, 'until', ?3,
      'epoch', epoch, 'rev', rev)) END
  WHERE id = ?1 AND status <> 'deleted'`;

/**
 * Claims a vault for a Durable Object whose own state is absent or old: from here on flushes of any former one are void.
 * Revisions jump past any that were handed out but never recorded. Unless the vault is new, what D1 may lack of it
 * becomes a lost window: a body may be as much older than its record as an upload may take. Undefined when there is no
 * such vault.
 *
 * @param known the highest revision that the claimer knows; -1 when it knows nothing
 */
export async function claimVault(db: BoundedD1, vaultId: string, known: number): Promise<VaultRecord | undefined> {
  const [, vaults] = await db.batch([
    db.prepare(CLAIM, vaultId, known, Date.now()),
    db.prepare("SELECT id, name, created_at, status, epoch, rev, lost_windows FROM vaults WHERE id = ?", vaultId),
  ]);
  return vaults?.results[0] as VaultRecord | undefined;
}

/**
 * Says in D1 that nothing of a vault is recorded, because D1 has lost some or all of it: puts back its row if that is
 * gone, and sets its epoch, which is a new one, and its revision below all others. Not if a newer claim holds it. In a new
 * epoch nobody takes what D1 had for what it has, should this be cut off; and once it has landed, it does not land again.
 *
 * @param highest the highest revision that was handed out
 */
export async function forgetHistory(
  db: BoundedD1,
  vault: VaultInfo & { epoch: number; lost_windows: string },
  highest: number,
): Promise<void> {
  await db.batch([
    db.prepare(
      "INSERT OR IGNORE INTO vaults (id, name, created_at, status, epoch, rev, lost_windows, top) VALUES (?,?,?,?,?,?,?,?)",
      vault.id,
      vault.name,
      vault.created_at,
      vault.status,
      vault.epoch,
      NOTHING,
      vault.lost_windows,
      highest,
    ),
    db.prepare(
      "UPDATE vaults SET incarnation = NULL, epoch = ?2, rev = ?3, top = max(top, ?4) WHERE id = ?1 AND epoch < ?2",
      vault.id,
      vault.epoch,
      NOTHING,
      highest,
    ),
  ]);
}

/** Keys of a vault with an id above `after`, in order, except those that died before `cutoff`; at most {@link PAGE_ROWS}. */
export const keyPage = (db: BoundedD1, vaultId: string, after: string, cutoff: string): Promise<KeyRecord[]> =>
  db.rows(
    `SELECT ${KEY_COLUMNS.join(", ")} FROM keys WHERE vault_id = ?1 AND id > ?2
       AND coalesce(revoked_at, '9') >= ?3 AND coalesce(expires_at, '9') >= ?3 ORDER BY id LIMIT ${PAGE_ROWS}`,
    vaultId,
    after,
    cutoff,
  );

/** `source` cut to as many of its first rows as stay below {@link PAGE_BYTES}, but at least one. */
const bounded = (source: string): string => `
  SELECT ${ASSET_FIELDS.join(", ")} FROM (
    SELECT *, sum(length(metadata) + length(tags)) OVER (ORDER BY seq) - length(metadata) - length(tags) AS bytes_before
    FROM (${source} ORDER BY seq LIMIT ${PAGE_ROWS})
  ) WHERE bytes_before < ${PAGE_BYTES} ORDER BY seq`;

/** Assets of a vault with seq above `after`, oldest first: a page bounded in rows and bytes, empty at the end. */
export const assetPage = (db: BoundedD1, vaultId: string, after: number): Promise<Asset[]> =>
  db.rows(bounded("SELECT * FROM assets WHERE vault_id = ?1 AND seq > ?2"), vaultId, after);

/** The assets at these places, in order: as many of the first as a page may hold. */
export const assetsAt = (db: BoundedD1, vaultId: string, seqs: readonly number[]): Promise<Asset[]> =>
  db.rows(
    bounded("SELECT * FROM assets WHERE vault_id = ?1 AND seq IN (SELECT value FROM json_each(?2))"),
    vaultId,
    JSON.stringify(seqs),
  );

/** What D1 has of a vault's assets with seq above `after`: place, latest revision and id of each, in order. */
export const revisionPage = (
  db: BoundedD1,
  vaultId: string,
  after: number,
): Promise<{ seq: number; rev: number; id: string }[]> =>
  db.rows(
    "SELECT seq, rev, id FROM assets WHERE vault_id = ? AND seq > ? ORDER BY seq LIMIT ?",
    vaultId,
    after,
    PAGE_ROWS,
  );

/** Deletes up to `limit` assets of a vault; returns how many there were. */
export async function purgeAssets(db: BoundedD1, vaultId: string, limit: number): Promise<number> {
  const rows = await db.rows(
    "DELETE FROM assets WHERE rowid IN (SELECT rowid FROM assets WHERE vault_id = ? LIMIT ?) RETURNING 1",
    vaultId,
    limit,
  );
  return rows.length;
}

/** Deletes a vault's keys and leaves its row as a tombstone, so that an old token never wakes an empty vault. */
export async function buryVault(db: BoundedD1, vaultId: string, deletedAt: string): Promise<void> {
  await db.batch([
    db.prepare("DELETE FROM keys WHERE vault_id = ?", vaultId),
    db.prepare(
      "UPDATE vaults SET status = 'deleted', name = '', lost_windows = '[]', deleted_at = ? WHERE id = ?",
      deletedAt,
      vaultId,
    ),
  ]);
}
