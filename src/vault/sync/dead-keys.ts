/** Forgets keys that have been dead for long, in the vault, and with the next flush in D1. */

import type { Result } from "../../model/refusal.ts";
import { KEYS_FORGOTTEN } from "../limits.ts";
import type { Operation } from "../state/group-commit.ts";
import type { Keyring } from "../state/keyring.ts";
import type { D1Steps } from "./relay-d1.ts";

/** How often a vault that is awake looks for keys to forget. Milliseconds. */
const FORGET_EVERY_MS = 24 * 60 * 60 * 1000;

export class DeadKeys {
  readonly #keyring: Keyring;
  readonly #d1Steps: D1Steps;
  readonly #write: <T extends object>(operation: Operation<T>) => Promise<Result<T>>;
  /**
   * When dead keys are looked for again, in epoch milliseconds. They are rarely looked for, because that reads all
   * keys.
   */
  #due = 0;

  /** @param write runs an operation in the next group */
  constructor(
    keyring: Keyring,
    d1Steps: D1Steps,
    write: <T extends object>(operation: Operation<T>) => Promise<Result<T>>,
  ) {
    this.#keyring = keyring;
    this.#d1Steps = d1Steps;
    this.#write = write;
  }

  /** Forgets dead keys if that is due, as many as one group may. Returns whether there may be more. */
  async forget(): Promise<boolean> {
    // Corrections of D1's keys that still wait need a flush, and only a new revision causes one.
    const { isCorrecting } = this.#d1Steps;
    if (Date.now() < this.#due && !isCorrecting) return false;
    const operation = this.#keyring.forget((ids) => this.#d1Steps.correctKeys(ids, []), isCorrecting);
    const outcome = await this.#write(operation);
    if (outcome.ok && outcome.forgotten === KEYS_FORGOTTEN) return true;
    this.#due = Date.now() + FORGET_EVERY_MS;
    return false;
  }
}
