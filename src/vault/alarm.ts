/** A vault's one alarm. It wakes the object for work that is left over, even after a crash. */

/**
 * An alarm that is overdue by this much will not come any more. The platform tries a failed alarm six times, which
 * takes two minutes in all. Milliseconds.
 */
const GIVEN_UP_MS = 5 * 60 * 1000;

/**
 * Setting the alarm costs a write. So this remembers when the alarm is due, and only ever sets it to an earlier time.
 */
export class Alarm {
  readonly #storage: DurableObjectStorage;
  /** When the alarm is due, in epoch milliseconds. Infinity when none is known to be set. */
  #due = Infinity;
  /** The same, as set inside a transaction whose outcome is not known yet. */
  #tentative = Infinity;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Makes sure that the alarm goes off within `delay` milliseconds. */
  async set(delay: number): Promise<void> {
    const due = Date.now() + delay;
    if (due >= this.#due && !this.#isGivenUp) return;
    this.#due = due;
    await this.#storage.setAlarm(due);
  }

  /**
   * The same after a start, when it is not known yet whether an alarm is set. None may be: the platform gives up an
   * alarm that has failed six times.
   */
  async restore(delay: number): Promise<void> {
    this.#due = Math.min(this.#due, (await this.#storage.getAlarm()) ?? Infinity);
    await this.set(delay);
  }

  /** The same as {@link set} inside a transaction, with which it is committed or rolled back. See {@link confirm}. */
  setInTransaction(delay: number): void {
    this.#tentative = Date.now() + delay;
    if (this.#tentative < this.#due || this.#isGivenUp) void this.#storage.setAlarm(this.#tentative);
    else this.#tentative = this.#due;
  }

  /** The transaction with {@link setInTransaction} was committed. */
  confirm(): void {
    this.#due = this.#tentative;
  }

  /**
   * Whether the platform gave the alarm up without this object hearing of it. Such an alarm stays due and never comes.
   */
  get #isGivenUp(): boolean {
    return this.#due < Date.now() - GIVEN_UP_MS;
  }

  /** The alarm has gone off. */
  fired(): void {
    this.#due = Infinity;
  }
}
