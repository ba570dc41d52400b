/**
 * The vault's keys, and which of them may act, and where. A key acts, is revoked and expires here and nowhere else: no
 * cache stands between a revocation and the next request.
 */

import { decodeScope, type KeyScope } from "../../model/key-scope.ts";
import { KEY_KEPT_MS, MAX_KEY_ROWS, MAX_LIVE_KEYS, SESSION_KEPT_MS } from "../../model/limits.ts";
import { keyNotFound, type Refusal, refuse, type Result } from "../../model/refusal.ts";
import type { Actor, Key, KeyChange, NewKey } from "../../model/vault.ts";
import { timestamp } from "../../model/time.ts";
import type { VaultDatabase } from "./database.ts";
import { type IndexedKey, toKey, toRow } from "./key-table.ts";
import { KEYS_FORGOTTEN } from "../limits.ts";
import type { Operation } from "./group-commit.ts";
import { KeyUses } from "./key-uses.ts";

const unauthorized = (message: string): Refusal => refuse("UNAUTHORIZED", message);

/** A key as memory has it. */
interface HeldKey {
  readonly row: IndexedKey;
  /** When it expires, in epoch milliseconds; Infinity for one that does not. */
  readonly ends: number;
  /** The folder that it is narrowed to. Undefined when there is none, null when nobody can tell. */
  readonly scope: KeyScope | undefined | null;
}

function held(row: IndexedKey): HeldKey {
  const scope = decodeScope(row.scope);
  return {
    row,
    ends: row.expires_at === null ? Infinity : Date.parse(row.expires_at),
    scope: scope === undefined ? null : (scope ?? undefined),
  };
}

/** Whether an actor may act, and where: in its `scope`, or in the whole vault when that is undefined. */
export type Admitted = Result<{ scope: KeyScope | undefined }>;

const ADMITTED: Admitted = { ok: true, scope: undefined };

export class Keyring {
  /** The keys by id that were live when they were loaded. One of them may have expired since. */
  readonly #live = new Map<string, HeldKey>();
  readonly #database: VaultDatabase;
  /** When keys were last used. */
  readonly uses: KeyUses;

  constructor(database: VaultDatabase) {
    this.#database = database;
    this.uses = new KeyUses(database);
    this.reload();
  }

  /** Reads the live keys into memory again. */
  reload(): void {
    this.#live.clear();
    for (const key of this.#database.keys.live(timestamp(Date.now()))) this.#live.set(key.id, held(key));
  }

  /**
   * Whether an actor may act, and where. The router has verified the token of an actor that holds a key. A key whose
   * scope cannot be read is refused: it could be a key to anything.
   */
  admit(actor: Actor): Admitted {
    if (actor.kind !== "key") return ADMITTED;
    const key = this.#live.get(actor.keyId) ?? this.#find(actor.keyId);
    if (!key || key.row.type !== actor.type) return unauthorized("this key is not known");
    if (key.row.revoked_at !== null) return unauthorized("this key has been revoked");
    const now = Date.now();
    if (key.ends <= now) {
      this.#live.delete(key.row.id);
      return unauthorized("this key has expired");
    }
    if (key.scope === null) return unauthorized("this key cannot be used: what it is narrowed to is not known");
    this.uses.note(key.row, now);
    return key.scope === undefined ? ADMITTED : { ok: true, scope: key.scope };
  }

  #find(id: string): HeldKey | undefined {
    const row = this.#database.keys.find(id);
    return row && held(row);
  }

  /** The keys with an id below `before`, newest first. */
  list(before: string, limit: number): Key[] {
    return this.#database.keys.before(before, limit).map((row) => this.shown(row));
  }

  /** A key as it is shown. */
  shown(row: IndexedKey): Key {
    return { ...toKey(row), last_used_on: this.uses.lastOf(row) };
  }

  /** When an actor's key expires, in epoch milliseconds; Infinity when no end is set. */
  endOf(actor: Actor): number {
    const key = actor.kind === "key" ? (this.#live.get(actor.keyId) ?? this.#find(actor.keyId)) : undefined;
    return key?.ends ?? Infinity;
  }

  /** The whole seconds for which an actor's key will still act; Infinity when no end is set. */
  secondsLeft(actor: Actor): number {
    return Math.max(0, Math.floor((this.endOf(actor) - Date.now()) / 1000));
  }

  /** Stores a new key, created at the time of the group. 409 when the vault has as many keys as it may. */
  create(key: NewKey): Operation<{ key: IndexedKey }> {
    return (change) => {
      // Counted in the table, not in memory: other operations of the same group may have created keys.
      const { all, live } = this.#database.keys.count(timestamp(Date.now()));
      if (live >= MAX_LIVE_KEYS) {
        return refuse("CONFLICT", `a vault has at most ${MAX_LIVE_KEYS} live keys: revoke one first`);
      }
      if (all >= MAX_KEY_ROWS) {
        const days = KEY_KEPT_MS / (24 * 60 * 60 * 1000);
        return refuse(
          "CONFLICT",
          `a vault has at most ${MAX_KEY_ROWS} keys, revoked and expired ones included: they are forgotten after ${days} days`,
        );
      }
      const row = toRow({ ...key, created_at: change.now, revoked_at: null }, change.next());
      return this.#save(row, change.effects);
    };
  }

  /**
   * Changes a key's label, and has it expire earlier. 400 for an expiry that is later than the key's, 409 for a key that
   * is revoked or has expired. What is so already succeeds again, so that a client may repeat a call whose answer it
   * lost. If D1 has refused the change before, the repeated call has it told to D1 once more.
   */
  update(id: string, { label, expires_at }: KeyChange): Operation<{ key: IndexedKey }> {
    return (change) => {
      const key = this.#database.keys.find(id);
      if (!key) return keyNotFound();
      if (key.revoked_at !== null) return refuse("CONFLICT", "the key has been revoked: nothing of it can be changed");
      if (held(key).ends <= Date.now()) return refuse("CONFLICT", "the key has expired: nothing of it can be changed");
      const changed = { ...key, label: label === undefined ? key.label : label };
      if (expires_at !== undefined) {
        if (key.expires_at !== null && Date.parse(expires_at) > Date.parse(key.expires_at)) {
          return refuse("INVALID_PARAMS", `expires_at: must not be later than it is: ${key.expires_at}`);
        }
        changed.expires_at = expires_at;
        this.#database.sessions.endWithKey(id, Date.parse(expires_at));
      }
      const isSame = changed.label === key.label && changed.expires_at === key.expires_at;
      if (isSame && !this.#database.keys.isParked(id, key.rev)) return { ok: true, key };
      return this.#save({ ...changed, rev: change.next() }, change.effects);
    };
  }

  /**
   * Revokes a key, and ends the resumable uploads that it has begun. Revoking a revoked key succeeds again, so that a client may repeat a call whose answer it lost. If
   * D1 has refused the revocation before, the repeated call has it told to D1 once more.
   */
  revoke(id: string): Operation<{ key: IndexedKey }> {
    return (change) => {
      const key = this.#database.keys.find(id);
      if (!key) return keyNotFound();
      if (key.revoked_at !== null && !this.#database.keys.isParked(id, key.rev)) return { ok: true, key };
      // Nobody can go on with them.
      this.#database.sessions.endAll(Date.now() + SESSION_KEPT_MS, id);
      return this.#save({ ...key, revoked_at: key.revoked_at ?? change.now, rev: change.next() }, change.effects);
    };
  }

  /**
   * Forgets up to {@link KEYS_FORGOTTEN} keys that have been dead for longer than anything that they signed.
   *
   * @param onForgotten hears the ids of these keys, once the group is committed
   * @param alwaysFlush takes a revision even when there is no such key, so that a flush to D1 follows
   */
  forget(onForgotten: (ids: readonly string[]) => void, alwaysFlush: boolean): Operation<{ forgotten: number }> {
    return (change) => {
      const ids = this.#database.keys.deadBefore(timestamp(Date.now() - KEY_KEPT_MS), KEYS_FORGOTTEN);
      if (ids.length > 0 || alwaysFlush) change.next();
      if (ids.length > 0) {
        this.#database.keys.delete(ids);
        change.effects.push(() => onForgotten(ids));
      }
      return { ok: true, forgotten: ids.length };
    };
  }

  #save(key: IndexedKey, effects: (() => void)[]): Result<{ key: IndexedKey }> {
    this.#database.keys.save(key);
    effects.push(() => {
      if (key.revoked_at === null) this.#live.set(key.id, held(key));
      else this.#live.delete(key.id);
    });
    return { ok: true, key };
  }
}
