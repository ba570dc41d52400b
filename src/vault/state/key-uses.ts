/**
 * When keys were last used, to the day. It is noted in memory and saved with the next group, or else a second later,
 * once for each key and day. It takes no revision, and D1 is not told: a vault that loses its storage, or is evicted
 * within that second, does not know.
 */

import { logError } from "../../runtime/log.ts";
import { USES_SAVED_MS } from "../limits.ts";
import type { VaultDatabase } from "./database.ts";
import type { IndexedKey } from "./key-table.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** The day of a time, as YYYY-MM-DD. */
const dayOf = (time: number): string => new Date(time).toISOString().slice(0, "YYYY-MM-DD".length);

export class KeyUses {
  readonly #database: VaultDatabase;
  /** The days on which keys were last used, as far as no row says so. */
  readonly #unsaved = new Map<string, string>();
  /** The keys that were used since `#begins`. */
  readonly #today = new Set<string>();
  /** When the present day began, in epoch milliseconds. */
  #begins = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(database: VaultDatabase) {
    this.#database = database;
  }

  /**
   * A key is used.
   *
   * @param now in epoch milliseconds
   */
  note(key: IndexedKey, now: number): void {
    const passed = now - this.#begins;
    if (passed >= 0 && passed < DAY_MS) {
      if (this.#today.has(key.id)) return;
    } else {
      this.#today.clear();
      this.#begins = now - (now % DAY_MS);
    }
    this.#today.add(key.id);
    const day = dayOf(now);
    if ((this.#unsaved.get(key.id) ?? key.last_used_on) === day) return;
    this.#unsaved.set(key.id, day);
    // An idle vault is not kept in memory by this: the timer is short, and there is one a day for each key at most.
    this.#timer ??= setTimeout(() => this.#saveNow(), USES_SAVED_MS);
  }

  /** The day on which a key was last used; null for a key that never was. */
  lastOf({ id, last_used_on }: IndexedKey): string | null {
    // A row that was read before the use was saved does not say so.
    return this.#today.has(id) ? dayOf(this.#begins) : (this.#unsaved.get(id) ?? last_used_on);
  }

  /** Inside a transaction: saves what no row says yet. {@link saved} follows when the transaction is committed. */
  save(): void {
    for (const [id, day] of this.#unsaved) this.#database.keys.noteUse(id, day);
  }

  saved(): void {
    this.#unsaved.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #saveNow(): void {
    this.#timer = undefined;
    try {
      // A vault that is gone has no table of keys.
      if (this.#unsaved.size === 0 || !this.#database.exists() || this.#database.buried()) return;
      this.#database.transaction(() => this.save());
      this.saved();
    } catch (error) {
      this.#unsaved.clear();
      logError("keys: when they were last used could not be saved", error);
    }
  }
}
