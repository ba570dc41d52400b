/**
 * D1's side of a vault's life: create, list, claim, lose and bury it, and read back what was recorded. Recording itself
 * stands in record.ts.
 */

import { type Asset, ASSET_FIELDS } from "../model/asset.ts";
import { encodeScope } from "../model/key-scope.ts";
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
  /** JSON. See model/settings.ts. */
  settings: string;
}

/**
 * How far the revisions of a claimed vault jump. It is more than a vault may hand out without D1 knowing: ordinary
 * writes stop at MAX_UNRECORDED, a twentieth of this, and the others are few.
 */
const REV_GAP = 1_000_000;

/** The most rows of a page that is read from D1. */
export const PAGE_ROWS = 1_000;
/**
 * About the most metadata and tags of a page of assets: 4 KB for each of 1,000 rows, or 30 rows with the most that
 * there may be. Characters.
 */
const PAGE_SIZE = 4_000_000;

/** A key that a vault is created with. */
type NewVaultKey = Omit<Key, "last_used_on">;

/** Creates a vault with its first keys. */
export async function createVault(db: BoundedD1, vault: VaultInfo, keys: readonly NewVaultKey[]): Promise<void> {
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
        `INSERT INTO keys (vault_id, id, rev, label, type, kid, created_at, expires_at, revoked_at, scope)
         VALUES (?,?,0,?,?,?,?,?,?,?)`,
        vault.id,
        key.id,
        key.label,
        key.type,
        key.kid,
        key.created_at,
        key.expires_at,
        key.revoked_at,
        encodeScope(key.scope),
      ),
    ),
  ]);
}

/** The vaults of one shard that are not gone yet and have an id below `before`, newest first. */
export const listVaults = (db: BoundedD1, before: string, limit: number): Promise<VaultInfo[]> =>
  db.rows(
    "SELECT id, name, created_at, status FROM vaults WHERE id < ? AND status <> 'deleted' ORDER BY id DESC LIMIT ?",
    before,
    limit,
  );

/**
 * A revision above all that were ever handed out. It is above what D1 was told of, above what D1 holds and above what
 * the claimer knows. (D1 may hold a newer asset than its row of the vault says, if an older state of that row was
 * restored.) The gap comes on top, for what nobody knows of. A new vault, which nobody has claimed yet, keeps its
 * revision.
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
 * Claims a vault for a Durable Object whose own state is absent or old. From here on D1 takes no flush of an older
 * claim. Revisions jump past all that were handed out but never recorded.
 *
 * Unless the vault is new, the time of which D1 may lack something becomes a lost window. The window begins an upload's
 * longest time earlier, because a body may be that much older than its record.
 *
 * @param known the highest revision that the claimer knows, or {@link NOTHING}
 * @returns the vault's row, or undefined when D1 knows no such vault
 */
export async function claimVault(db: BoundedD1, vaultId: string, known: number): Promise<VaultRecord | undefined> {
  const [, vaults] = await db.batch([
    db.prepare(CLAIM, vaultId, known, Date.now()),
    db.prepare(
      "SELECT id, name, created_at, status, epoch, rev, lost_windows, settings FROM vaults WHERE id = ?",
      vaultId,
    ),
  ]);
  return vaults?.results[0] as VaultRecord | undefined;
}

/**
 * Notes in D1 that nothing of a vault is recorded, because D1 has lost some or all of it. The vault's row is put back
 * if it is gone. Its epoch becomes the given one, which must be new, and its revision {@link NOTHING}. Nothing happens
 * if a newer claim holds the vault.
 *
 * The epoch has to be new for two reasons. If this is cut off, nobody takes what D1 had for what it has. And a call
 * that has landed does not act again when it is repeated.
 *
 * @param highest the highest revision that was handed out
 */
export async function forgetHistory(
  db: BoundedD1,
  vault: VaultInfo & Pick<VaultRecord, "epoch" | "lost_windows" | "settings">,
  highest: number,
): Promise<void> {
  await db.batch([
    db.prepare(
      `INSERT OR IGNORE INTO vaults (id, name, created_at, status, epoch, rev, lost_windows, settings, top)
       VALUES (?,?,?,?,?,?,?,?,?)`,
      vault.id,
      vault.name,
      vault.created_at,
      vault.status,
      vault.epoch,
      NOTHING,
      vault.lost_windows,
      vault.settings,
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

/**
 * At most {@link PAGE_ROWS} keys of a vault with an id above `after`, in order of id. Keys that were revoked or expired
 * before `cutoff`, a timestamp, are left out.
 */
export const keyPage = (db: BoundedD1, vaultId: string, after: string, cutoff: string): Promise<KeyRecord[]> =>
  db.rows(
    `SELECT ${KEY_COLUMNS.join(", ")} FROM keys WHERE vault_id = ?1 AND id > ?2
       AND coalesce(revoked_at, '9') >= ?3 AND coalesce(expires_at, '9') >= ?3 ORDER BY id LIMIT ${PAGE_ROWS}`,
    vaultId,
    after,
    cutoff,
  );

/** As many of the first rows of `source` as stay below {@link PAGE_SIZE}, but at least one. */
const bounded = (source: string): string => `
  SELECT ${ASSET_FIELDS.join(", ")} FROM (
    SELECT *, sum(length(metadata) + length(tags)) OVER (ORDER BY seq) - length(metadata) - length(tags) AS bytes_before
    FROM (${source} ORDER BY seq LIMIT ${PAGE_ROWS})
  ) WHERE bytes_before < ${PAGE_SIZE} ORDER BY seq`;

/**
 * A page of the assets with a seq above `after`, oldest first. It is bounded in rows and size, and empty at the end.
 */
export const assetPage = (db: BoundedD1, vaultId: string, after: number): Promise<Asset[]> =>
  db.rows(bounded("SELECT * FROM assets WHERE vault_id = ?1 AND seq > ?2"), vaultId, after);

/** The assets at these seqs, in order of seq: as many of the first as a page may hold. */
export const assetsAt = (db: BoundedD1, vaultId: string, seqs: readonly number[]): Promise<Asset[]> =>
  db.rows(
    bounded("SELECT * FROM assets WHERE vault_id = ?1 AND seq IN (SELECT value FROM json_each(?2))"),
    vaultId,
    JSON.stringify(seqs),
  );

/**
 * Which assets D1 has with a seq above `after`, and which state of each: at most {@link PAGE_ROWS}, in order of seq.
 */
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

/** Deletes up to `limit` assets of a vault. Returns how many it deleted. */
export async function purgeAssets(db: BoundedD1, vaultId: string, limit: number): Promise<number> {
  const rows = await db.rows(
    "DELETE FROM assets WHERE rowid IN (SELECT rowid FROM assets WHERE vault_id = ? LIMIT ?) RETURNING 1",
    vaultId,
    limit,
  );
  return rows.length;
}

/** Deletes a vault's keys, and leaves its row as a tombstone. Without it an old token could wake an empty vault. */
export async function buryVault(db: BoundedD1, vaultId: string, deletedAt: string): Promise<void> {
  await db.batch([
    db.prepare("DELETE FROM keys WHERE vault_id = ?", vaultId),
    db.prepare(
      `UPDATE vaults SET status = 'deleted', name = '', lost_windows = '[]', settings = '{}', deleted_at = ?
       WHERE id = ?`,
      deletedAt,
      vaultId,
    ),
  ]);
}
