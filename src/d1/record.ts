/**
 * How a vault's changes are recorded in D1: the flush, its guard, and what D1's answers and errors mean. The relay to
 * D1 (vault/sync/relay-d1.ts) decides what follows from them.
 */

import { type Asset, ASSET_FIELDS, CHANGEABLE_FIELDS } from "../model/asset.ts";
import type { Key, VaultInfo } from "../model/vault.ts";
import type { BoundedD1 } from "./bounded.ts";

/** How far D1 is with a vault. It has everything up to `rev`, as the object that holds `epoch` has told it. */
export interface Position {
  status: "active" | "deleting" | "deleted";
  epoch: number;
  rev: number;
  /** The name of the start of the vault's object that wrote last. Null when none has since the vault was claimed. */
  incarnation: string | null;
}

/** A key as the vault and D1 hold it. `scope` is JSON: see model/key-scope.ts. */
export type KeyRecord = Omit<Key, "scope" | "last_used_on"> & { rev: number; scope: string | null };

/**
 * What guards every statement of a flush. A statement acts only while the vault's row in D1 says two things: that the
 * flush is news, and that whoever sends it knows all that D1 has. So a flush that is late, repeated or superseded
 * changes nothing. No older create can undo a newer delete, and an object whose storage is old writes nothing.
 */
export interface Guard {
  vaultId: string;
  epoch: number;
  /** D1's revision must be in [from, to). */
  from: number;
  to: number;
  /** The revision that the sender loaded when it started, or {@link CONFIRMED} once D1 has confirmed that start. */
  loaded: number;
  incarnation: string;
  /**
   * JSON: former starts of the sender whose last flush D1 may have, each with the highest revision that it can have
   * told. A revision alone would say too little, because a history that was given up may have come to the same one.
   */
  starts: string;
}

/**
 * In place of the revision that a start loaded: D1 has confirmed that start, so what it loaded is not looked at again.
 */
export const CONFIRMED = Number.MAX_SAFE_INTEGER;

/** Below every revision: D1 has nothing. Revision 0 is that of the keys which a vault is created with. */
export const NOTHING = -1;

/** Everything that happened to a vault in the revisions (from, to], as the latest state of each asset and key. */
export interface Flush extends Guard {
  status: VaultInfo["status"];
  lostWindows: string;
  /** Name and settings of the vault, if D1 does not have their last change. */
  settings: { name: string; text: string } | undefined;
  /** The time up to which D1 has everything once it has this flush. Null when that is not known. */
  completeTo: string | null;
  assets: Asset[];
  /** The seqs of the assets that are gone. */
  deleted: number[];
  keys: KeyRecord[];
  /** Ids of keys that the vault does not know. D1 deletes them. */
  unknownKeys: string[];
  /** Ids of all keys that the vault knows, when D1 is told everything again. D1 deletes all others. */
  knownKeys?: string[] | undefined;
}

/**
 * Bytes of JSON in one bound parameter. SQLite takes no string over 2 MB. Half of that leaves room for its own copies.
 */
const MAX_PARAMETER_BYTES = 1_000_000;

export const KEY_COLUMNS = [
  "id",
  "rev",
  "label",
  "type",
  "kid",
  "created_at",
  "expires_at",
  "revoked_at",
  "scope",
] as const satisfies readonly (keyof KeyRecord)[];

/**
 * What an upsert sets of a key that is there already. The scope never changes. It is set in case it was lost, and never
 * taken away: a key without its scope would be a key to the whole vault.
 */
export const SET_KEY = [
  ...(["rev", "label", "expires_at", "revoked_at"] as const).map((name) => `${name} = excluded.${name}`),
  "scope = coalesce(excluded.scope, scope)",
].join(", ");

const column = (_name: string, i: number): string => `value ->> ${i}`;

const IS_OWN = `(incarnation = ?6 OR rev <= coalesce(json_extract(?7, '$."' || incarnation || '"'), ${NOTHING}))`;
const IS_KNOWN = `(?5 = ${CONFIRMED} OR ${IS_OWN} OR (incarnation IS NULL AND rev <= ?5))`;
const IS_NEWS = `epoch = ?2 AND rev >= ?3 AND rev < ?4 AND ${IS_KNOWN}`;
const GUARD = `EXISTS (SELECT 1 FROM vaults WHERE id = ?1 AND ${IS_NEWS})`;

/**
 * What an asset that D1 has already is set to. If D1 has another asset at the same seq, the two histories have
 * diverged. The revision then becomes null. The table refuses that, and the whole flush fails. {@link saysDiverged}
 * knows the error.
 */
const CHANGES = CHANGEABLE_FIELDS.map((name) =>
  name === "rev" ? "rev = CASE assets.id WHEN excluded.id THEN excluded.rev END" : `${name} = excluded.${name}`,
).join(", ");

const PUT_ASSETS = `
  INSERT INTO assets (vault_id, ${ASSET_FIELDS.join(", ")})
  SELECT ?1, ${ASSET_FIELDS.map(column).join(", ")} FROM json_each(?8) WHERE ${GUARD}
  ON CONFLICT (vault_id, seq) DO UPDATE SET ${CHANGES}`;

const DELETE_ASSETS = `
  DELETE FROM assets WHERE vault_id = ?1 AND seq IN (SELECT value FROM json_each(?8)) AND ${GUARD}`;

const PUT_KEYS = `
  INSERT INTO keys (vault_id, ${KEY_COLUMNS.join(", ")})
  SELECT ?1, ${KEY_COLUMNS.map(column).join(", ")} FROM json_each(?8) WHERE ${GUARD}
  ON CONFLICT (vault_id, id) DO UPDATE SET ${SET_KEY}`;

const DELETE_KEYS = `
  DELETE FROM keys WHERE vault_id = ?1 AND id IN (SELECT value FROM json_each(?8)) AND ${GUARD}`;

const KEEP_KEYS = `
  DELETE FROM keys WHERE vault_id = ?1 AND id NOT IN (SELECT value FROM json_each(?8)) AND ${GUARD}`;

const POSITION = "status, epoch, rev, incarnation";

const advance = (more: string): string => `
  UPDATE vaults SET rev = ?4, incarnation = ?6, status = ?8, lost_windows = ?9, top = max(top, ?4),
    complete_to = coalesce(max(complete_to, ?10), ?10, complete_to)${more}
  WHERE id = ?1 AND ${IS_NEWS} RETURNING ${POSITION}`;

const ADVANCE = advance("");
const ADVANCE_WITH_SETTINGS = advance(", name = ?11, settings = ?12");

const values = ({ vaultId, epoch, from, to, loaded, incarnation, starts }: Guard) =>
  [vaultId, epoch, from, to, loaded, incarnation, starts] as const;

/** Makes JSON arrays of the rows, each of which fits into one bound parameter. */
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

const assetRow = (asset: Asset): unknown[] => ASSET_FIELDS.map((name) => asset[name]);

/**
 * Records a flush in one transaction. Returns where D1 is afterwards: its `rev` is at least `flush.to` if D1 has all of
 * it. Undefined when D1 does not know the vault. Throws when D1 does not answer, or refuses the flush.
 */
export async function record(db: BoundedD1, flush: Flush): Promise<Position | undefined> {
  const guard = values(flush);
  const statements: D1PreparedStatement[] = [];
  const add = (sql: string, rows: readonly unknown[]): void => {
    for (const json of parameters(rows)) statements.push(db.prepare(sql, ...guard, json));
  };
  add(PUT_ASSETS, flush.assets.map(assetRow));
  add(DELETE_ASSETS, flush.deleted);
  if (flush.knownKeys) statements.push(db.prepare(KEEP_KEYS, ...guard, JSON.stringify(flush.knownKeys)));
  add(
    PUT_KEYS,
    flush.keys.map((key) => KEY_COLUMNS.map((name) => key[name])),
  );
  add(DELETE_KEYS, flush.unknownKeys);
  const { settings } = flush;
  const row = [...guard, flush.status, flush.lostWindows, flush.completeTo] as const;
  if (settings) statements.push(db.prepare(ADVANCE_WITH_SETTINGS, ...row, settings.name, settings.text));
  else statements.push(db.prepare(ADVANCE, ...row));
  const results = await db.batch(statements);
  // If no row was advanced, the flush was not news, and the vault's row says why.
  return (results.at(-1)?.results[0] as Position | undefined) ?? position(db, flush.vaultId);
}

/** Where D1 is with a vault. Undefined when D1 does not know the vault. */
export async function position(db: BoundedD1, vaultId: string): Promise<Position | undefined> {
  const [found] = await db.rows<Position>(`SELECT ${POSITION} FROM vaults WHERE id = ?`, vaultId);
  return found;
}

/**
 * Puts a parked asset once more, and nothing else, if D1's revision is exactly `guard.from`. Returns whether D1 has the
 * asset now. Throws when D1 refuses it again.
 */
export async function putAgain(db: BoundedD1, guard: Guard, asset: Asset): Promise<boolean> {
  const json = JSON.stringify([assetRow(asset)]);
  const rows = await db.rows(`${PUT_ASSETS} RETURNING seq`, ...values({ ...guard, to: guard.from + 1 }), json);
  return rows.length > 0;
}

/** Finds out whether D1 takes writes at all, by writing the vault's own row as it is. Throws when D1 does not. */
export async function controlWrite(db: BoundedD1, vaultId: string): Promise<void> {
  await db.rows("UPDATE vaults SET epoch = epoch WHERE id = ?", vaultId);
}

/** Whether an error says that D1 has another asset at a seq where the flush has one. */
export const saysDiverged = (error: unknown): boolean =>
  /NOT NULL constraint failed: assets\.rev/.test(error instanceof Error ? error.message : "");

/**
 * Whether an error is about what a row holds: a constraint, or a value that is too big or of the wrong type. Any other
 * error is trouble of the store, which passes.
 */
export const isAboutRow = (error: unknown): boolean =>
  /SQLITE_(?:CONSTRAINT|TOOBIG|MISMATCH)|constraint failed|too (?:big|large)|datatype mismatch/.test(
    error instanceof Error ? error.message : "",
  );
