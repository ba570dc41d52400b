/** Bounded waits. Nothing may wait for ever: not for a client, not for a store, not for another object. */

/**
 * Lets everybody else have a turn. workerd looks at its sockets and timers only when it has nothing else to do. A loop
 * over calls to other objects of the same process always leaves it something to do, and would keep every client of
 * every vault waiting.
 */
export const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** The error that {@link within} rejects with when the time is up. */
export class TimeoutError extends Error {}

/** How often a watchdog calls {@link Watchdog.onTick}. Milliseconds. */
const TICK_MS = 1_000;

/** A timer that is later than this was kept waiting by a thread that served nobody. Milliseconds. */
const LATE_MS = 500;

interface Wait {
  /** The time at which the wait ends, in epoch milliseconds. */
  until: number;
  expire(): void;
}

/**
 * Bounds the waits of one request, any number of them. One timer serves them all, because in workerd setting a timer
 * and clearing it again costs more than most of the waits. Requests must not share a watchdog: a timer belongs to the
 * request that set it.
 *
 * Time in which the thread served no timers does not count, because the answers that came meanwhile were not looked at
 * either.
 */
export class Watchdog {
  readonly #waits = new Set<Wait>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /**
   * The time at which the timer goes off. That may be too early for the waits that are left, which then set it again.
   */
  #due = Infinity;
  /**
   * Called about every second while anything is waited for. Whoever holds something for the request shows by it that
   * the request lives.
   */
  onTick: (() => void) | undefined;

  /**
   * Settles like `promise`, or rejects with TimeoutError after `ms` milliseconds. The promise itself goes on, and a
   * late failure of it is swallowed.
   */
  async within<T>(ms: number, promise: Promise<T>): Promise<T> {
    let wait: Wait | undefined;
    const timeout = new Promise<never>((_, reject) => {
      wait = { until: Date.now() + ms, expire: () => reject(new TimeoutError(`no answer within ${ms} ms`)) };
      this.#waits.add(wait);
      this.#set(this.onTick ? Math.min(wait.until, Date.now() + TICK_MS) : wait.until);
    });
    try {
      return await Promise.race([promise, timeout]);
    } finally {
      if (wait) this.#waits.delete(wait);
    }
  }

  /** Ends everything that is waited for now, as if its time were up. */
  expire(): void {
    for (const wait of this.#waits) wait.expire();
  }

  /** Says that nothing is waited for any more. */
  stop(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#due = Infinity;
  }

  #set(due: number): void {
    if (due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#check(), due - Date.now());
  }

  #check(): void {
    const now = Date.now();
    const late = now - this.#due;
    this.#due = Infinity;
    if (this.#waits.size === 0) return;
    this.onTick?.();
    if (late > LATE_MS) for (const wait of this.#waits) wait.until += late;
    if (this.onTick) this.#set(now + TICK_MS);
    for (const wait of this.#waits) {
      if (wait.until <= now) wait.expire();
      else this.#set(wait.until);
    }
  }
}

/** {@link Watchdog.within} for a wait that stands alone. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const watchdog = new Watchdog();
  try {
    return await watchdog.within(ms, promise);
  } finally {
    watchdog.stop();
  }
}
