import { MAX_WAITING } from "../model/limits.ts";
import { breathe } from "../runtime/wait.ts";
import type { FeedPage } from "./state/feed-page.ts";

/** The shortest time between two wakings. Milliseconds. */
const WAKE_MS = 100;

/**
 * How many requests are woken in one turn. Each builds a page of up to 64,000 characters, in about a millisecond, unless
 * another one has asked for the same. All of them have their turn within 25 turns.
 */
const AT_ONCE = 4;

/**
 * Requests that wait for the vault to change. A change wakes all of them, but not more often than every {@link WAKE_MS}:
 * each reads a page then, and a vault that is busy changes a thousand times a second. They are woken a few at a time, so
 * that others have their turn.
 */
export class Watchers {
  readonly #waiting = new Set<() => void>();
  /** The pages that were built for those that are being woken. */
  readonly #pages = new Map<string, FeedPage>();
  /** Whether the vault has changed since the last waking began. */
  #isDue = false;
  #isWaking = false;
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
    if (this.#waiting.size === 0) return;
    this.#isDue = true;
    if (!this.#isWaking) void this.#wakeAll();
  }

  /**
   * The page of that key, which says all that the page depends on. While requests are being woken it is built once for
   * all of them.
   */
  shared(key: string, build: () => FeedPage): FeedPage {
    if (!this.#isWaking) return build();
    const page = this.#pages.get(key) ?? build();
    this.#pages.set(key, page);
    return page;
  }

  /** Wakes those that wait, and again while the vault has changed since. */
  async #wakeAll(): Promise<void> {
    this.#isWaking = true;
    while (this.#isDue) {
      // Not longer than WAKE_MS, even if the clock is set back.
      const pause = Math.min(WAKE_MS, Math.max(0, this.#woken + WAKE_MS - Date.now()));
      await new Promise((resolve) => setTimeout(resolve, pause));
      this.#isDue = false;
      this.#woken = Date.now();
      const waiting = [...this.#waiting];
      for (let at = 0; at < waiting.length; at += AT_ONCE) {
        for (const end of waiting.slice(at, at + AT_ONCE)) end();
        await breathe();
      }
      this.#pages.clear();
    }
    this.#isWaking = false;
  }
}
