/**
 * Lets everybody else have a turn. workerd looks at its sockets and timers only when it has nothing else to do, and a loop
 * over calls to other objects of the same process always has: it would keep every client of every vault waiting.
 */
export const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** What {@link within} rejects with when the time is up. */
export class TimeoutError extends Error {}

/** How often a watchdog calls {@link Watchdog.onTick}. Milliseconds. */
const TICK_MS = 1_000;

/** A timer that comes later than this was kept waiting by a thread that served nobody. Milliseconds. */
const LATE_MS = 500;

interface Wait {
  /** Epoch milliseconds. */
  until: number;
  expire(): void;
}

/**
 * Bounds the waits of one request, any number of them: one timer serves them all, because in workerd setting a timer and
 * clearing it again costs more than most of the waits. Not to be shared by requests: a timer belongs to the one that set it.
 *
 * Time in which the thread served no timers does not count: the answers that came meanwhile were not looked at either.
 */
export class Watchdog {
  readonly #waits = new Set<Wait>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer goes off; perhaps too early for the waits that are left, which then set it again. */
  #due = Infinity;
  /** Called about every second while anything is waited for: whoever holds something for the request shows that it lives. */
  onTick: (() => void) | undefined;

  /** Settles like `promise`, or rejects with TimeoutError after `ms`. The promise itself goes on; its late failure is swallowed. */
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

  /** Nothing is waited for any more. */
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
