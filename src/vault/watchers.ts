import { MAX_WAITING } from "../model/limits.ts";

/**
 * Requests that wait for the vault to change. A change wakes all of them, but not more often than every
 * {@link WAKE_MS}: each reads a page then, and a vault that is busy changes a thousand times a second.
 */
export class Watchers {
  readonly #waiting = new Set<() => void>();
  /** Set from a change until the waiting requests are woken. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When they were last woken, in epoch milliseconds. */
  #woken = 0;

  /**
   * Waits for a change, and for `ms` milliseconds at most. Returns false at once when as many requests wait as may.
   * Each wait has a timer of its own, so a request whose client has gone is forgotten in time.
   */
  async wait(ms: number): Promise<boolean> {
    if (this.#waiting.size >= MAX_WAITING) return false;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#waiting.add(end);
    });
    return true;
  }

  /** The vault has changed. */
  wake(): void {
    if (this.#waiting.size === 0 || this.#timer !== undefined) return;
    // Not longer than WAKE_MS, even if the clock is set back.
    const pause = Math.min(WAKE_MS, Math.max(0, this.#woken + WAKE_MS - Date.now()));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#woken = Date.now();
      for (const end of this.#waiting) end();
    }, pause);
  }
}

/** The shortest time between two wakings. Milliseconds. */
const WAKE_MS = 100;
