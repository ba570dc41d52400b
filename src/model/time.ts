/** `2026-01-15T10:30:00Z`: UTC to the second, the one time format of the API. `ms` is epoch milliseconds. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/**
 * Lets everybody else have a turn. workerd looks at its sockets and timers only when it has nothing else to do, and a loop
 * over calls to other objects of the same process always has: it would keep every client of every vault waiting.
 */
export const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** What {@link within} rejects with when the time is up. */
export class TimeoutError extends Error {}

interface Wait {
  /** Epoch milliseconds. */
  readonly until: number;
  expire(): void;
}

/**
 * Bounds the waits of one request, any number of them: one timer serves them all, because in workerd setting a timer and
 * clearing it again costs more than most of the waits. Not to be shared by requests: a timer belongs to the one that set it.
 */
export class Watchdog {
  readonly #waits = new Set<Wait>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer goes off; perhaps too early for the waits that are left, which then set it again. */
  #due = Infinity;

  /** Settles like `promise`, or rejects with TimeoutError after `ms`. The promise itself goes on; its late failure is swallowed. */
  async within<T>(ms: number, promise: Promise<T>): Promise<T> {
    let wait: Wait | undefined;
    const timeout = new Promise<never>((_, reject) => {
      wait = { until: Date.now() + ms, expire: () => reject(new TimeoutError(`no answer within ${ms} ms`)) };
      this.#waits.add(wait);
      this.#set(wait.until);
    });
    try {
      return await Promise.race([promise, timeout]);
    } finally {
      if (wait) this.#waits.delete(wait);
    }
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
    this.#due = Infinity;
    const now = Date.now();
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
