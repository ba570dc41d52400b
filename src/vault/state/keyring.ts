/**
 * The vault's keys, and which of them may act. A key acts, is revoked and expires here and nowhere else: no cache
 * stands between a revocation and the next request.
 */

import { KEY_KEPT_MS, MAX_KEY_ROWS, MAX_LIVE_KEYS } from "../../model/limits.ts";
import { refuse, type Refusal, type Result } from "../../model/refusal.ts";
import type { Actor, Key, NewKey } from "../../model/vault.ts";
import { timestamp } from "../../model/time.ts";
import type { VaultDatabase } from "./database.ts";
import type { IndexedKey } from "./key-table.ts";
import { KEYS_FORGOTTEN } from "../limits.ts";
import type { Operation } from "./group-commit.ts";

const unauthorized = (message: string): Refusal => refuse("UNAUTHORIZED", message);

const expired = (key: Key, now: number): boolean => key.expires_at !== null && Date.parse(key.expires_at) <= now;

export class Keyring {
  /** The keys by id that were live when they were loaded. One of them may have expired since. */
  readonly #live = new Map<string, IndexedKey>();
  readonly #database: VaultDatabase;

  constructor(database: VaultDatabase) {
    this.#database = database;
    this.reload();
  }

  /** Reads the live keys into memory again. */
  reload(): void {
    this.#live.clear();
    for (const key of this.#database.keys.live(timestamp(Date.now()))) this.#live.set(key.id, key);
  }

  /**
   * Why an actor may not act. Undefined when it may. The router has verified the token of an actor that holds a key.
   */
  refusal(actor: Actor): Refusal | undefined {
    if (actor.kind !== "key") return undefined;
    const key = this.#live.get(actor.keyId) ?? this.#database.keys.find(actor.keyId);
    if (!key || key.type !== actor.type) return unauthorized("this key is not known");
    if (key.revoked_at !== null) return unauthorized("this key has been revoked");
    if (expired(key, Date.now())) {
      this.#live.delete(key.id);
      return unauthorized("this key has expired");
    }
    return undefined;
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
      return this.#save({ ...key, created_at: change.now, revoked_at: null, rev: change.next() }, change.effects);
    };
  }

  /**
   * Revokes a key. Revoking a revoked key succeeds again, so that a client may repeat a call whose answer it lost. If
   * D1 has refused the revocation before, the repeated call has it told to D1 once more.
   */
  revoke(id: string): Operation<{ key: IndexedKey }> {
    return (change) => {
      const key = this.#database.keys.find(id);
      if (!key) return refuse("NOT_FOUND", "no key with this id in this vault");
      if (key.revoked_at !== null && !this.#database.keys.isParked(id, key.rev)) return { ok: true, key };
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
      if (key.revoked_at === null) this.#live.set(key.id, key);
      else this.#live.delete(key.id);
    });
    return { ok: true, key };
  }
}
