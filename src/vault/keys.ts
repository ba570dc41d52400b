import { MAX_LIVE_KEYS } from "../model/limits.ts";
import { refuse, type Refusal, type Result } from "../model/refusal.ts";
import type { Key, NewKey, Principal } from "../model/vault.ts";
import type { Index, IndexedKey } from "./index.ts";
import type { Operation } from "./writes.ts";

const unauthorized = (message: string): Refusal => refuse("UNAUTHORIZED", message);

const expired = (key: Key, now: number): boolean => key.expires_at !== null && Date.parse(key.expires_at) <= now;

/**
 * The vault's keys, in memory. A key acts, is revoked and expires here and nowhere else: there is no cache between a
 * revocation and the next request.
 */
export class Keyring {
  readonly #keys = new Map<string, IndexedKey>();
  readonly #index: Index;

  constructor(index: Index) {
    this.#index = index;
    for (const key of index.keys()) this.#keys.set(key.id, key);
  }

  /** Whether a principal whose token the router has verified may still act. Undefined when it may. */
  refusal(principal: Principal): Refusal | undefined {
    if (principal.kind === "admin") return undefined;
    const key = this.#keys.get(principal.keyId);
    if (!key || key.type !== principal.type) return unauthorized("this key is not known");
    if (key.revoked_at !== null) return unauthorized("this key has been revoked");
    if (expired(key, Date.now())) return unauthorized("this key has expired");
    return undefined;
  }

  /** Stores a key; the vault gives it its time. */
  create(key: NewKey): Operation<{ key: IndexedKey }> {
    return (change) => {
      const now = Date.now();
      const live = [...this.#keys.values()].filter((other) => other.revoked_at === null && !expired(other, now));
      if (live.length >= MAX_LIVE_KEYS) {
        return refuse("CONFLICT", `a vault has at most ${MAX_LIVE_KEYS} live keys: revoke one first`);
      }
      return this.#save({ ...key, created_at: change.now, revoked_at: null, rev: change.next() }, change.effects);
    };
  }

  /** Revoking a revoked key succeeds again, so that a client may repeat a call whose answer it lost. */
  revoke(id: string): Operation<{ key: IndexedKey }> {
    return (change) => {
      const key = this.#keys.get(id);
      if (!key) return refuse("NOT_FOUND", "no key with this id in this vault");
      if (key.revoked_at !== null) return { ok: true, key };
      return this.#save({ ...key, revoked_at: change.now, rev: change.next() }, change.effects);
    };
  }

  #save(key: IndexedKey, effects: (() => void)[]): Result<{ key: IndexedKey }> {
    this.#index.saveKey(key);
    effects.push(() => this.#keys.set(key.id, key));
    return { ok: true, key };
  }
}
