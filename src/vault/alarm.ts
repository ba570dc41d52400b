/** The platform tries a failed alarm six times, for two minutes in all. Milliseconds. */
const GIVEN_UP_MS = 5 * 60 * 1000;

/** A vault's one alarm, and when it is known to be due: setting it costs a write, so it is only ever set earlier. */
export class Alarm {
  readonly #storage: DurableObjectStorage;
  /** Epoch milliseconds; Infinity when none is known to be set. */
  #due = Infinity;
  /** Set inside a transaction whose outcome is not known yet. */
  #tentative = Infinity;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Sees to it that the alarm goes off within `delay` milliseconds. */
  async set(delay: number): Promise<void> {
    const due = Date.now() + delay;
    if (due >= this.#due && !this.#isGivenUp) return;
    this.#due = due;
    await this.#storage.setAlarm(due);
  }

  /**
   * After a start, when it is not known what is set: sees to it that the alarm goes off within `delay` milliseconds. The
   * platform gives an alarm up that has failed six times.
   */
  async restore(delay: number): Promise<void> {
    this.#due = Math.min(this.#due, (await this.#storage.getAlarm()) ?? Infinity);
    await this.set(delay);
  }

  /** The same as {@link set} inside a transaction: it is set, or not, with the rest; {@link confirm} says which. */
  setInTransaction(delay: number): void {
    this.#tentative = Date.now() + delay;
    if (this.#tentative < this.#due || this.#isGivenUp) void this.#storage.setAlarm(this.#tentative);
    else this.#tentative = this.#due;
  }

  confirm(): void {
    this.#due = this.#tentative;
  }

  /** An alarm that failed over and over without reaching this object is due for ever, and will not come. */
  get #isGivenUp(): boolean {
    return this.#due < Date.now() - GIVEN_UP_MS;
  }

  /** The alarm has gone off. */
  fired(): void {
    this.#due = Infinity;
  }
}
