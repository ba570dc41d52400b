import { logError } from "../../runtime/log.ts";
import { breathe } from "../../runtime/wait.ts";
import { DURABLE_WAIT_MS, MAX_CALLS, RETRY_MAX_MS, RETRY_MIN_MS } from "../limits.ts";

/** How long a step waits at most, after the one before, for the changes that it might carry too. Milliseconds. */
const GATHER_MS = 10;

/**
 * How often in a row a timer tries again what has failed. The object stays in memory while a timer is set, so a store that
 * is down for longer is left to the alarm.
 */
const TIMED_RETRIES = 2;

interface Waiter {
  readonly rev: number;
  /** When it has waited long enough, in epoch milliseconds. */
  readonly until: number;
  settle(reached: boolean): void;
}

/** How long steps may follow each other before everybody else has a turn, which costs a millisecond. */
const TURN_MS = 20;

/** Calls that one step makes at most. */
const STEP_CALLS = 4;

/**
 * Brings another store up to the vault's revision, one step at a time and never two at once, so that everything that
 * arrives during a step shares the next. `watermark` says how far: the store has everything up to it.
 *
 * A step is dear, whatever it carries. So one that follows another closely waits a moment for as many changes as that one
 * carried: those who were answered by it are about to write again. Who writes alone, one thing after the other, waits for
 * nobody, or once, when others have just stopped.
 *
 * When a step fails or keeps a writer waiting too long, the drain is *stalled*: writers no longer wait for it. A timer tries
 * again soon, and again; what takes longer, and what a crash cut off, is the alarm's, with growing pauses.
 */
export class Relay {
  readonly #name: string;
  readonly #target: () => number;
  readonly #step: () => Promise<number>;
  readonly #unsettled: () => boolean;
  readonly #advanced: () => void;
  readonly #interrupted: () => void;
  /** In the order of their times. */
  #waiters: Waiter[] = [];
  /** One timer serves all waiters: each of its own would cost more than the wait. */
  #watching = false;
  /** Changes that the last step carried, and when it ended. */
  #carried = 0;
  #ended = 0;
  /** Ends the gathering, if that is what is going on. */
  #gathered: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #isStalled = false;
  #failures = 0;
  /** Set while a failed step waits to be tried again. */
  #retry: ReturnType<typeof setTimeout> | undefined;
  watermark: number;
  /** How many waiters the last step answered. */
  answered = 0;

  /**
   * @param target      the revision to reach
   * @param unsettled   whether there is something to do for the store although the revision is reached
   * @param step        one bounded piece of work of at most {@link STEP_CALLS} calls; resolves to the new watermark
   * @param advanced    called after each step
   * @param interrupted called when there is more to do than one run may: somebody must call {@link run} again
   */
  constructor(options: {
    name: string;
    watermark: number;
    target: () => number;
    unsettled?: () => boolean;
    step: () => Promise<number>;
    advanced?: () => void;
    interrupted?: () => void;
  }) {
    this.#name = options.name;
    this.watermark = options.watermark;
    this.#target = options.target;
    this.#unsettled = options.unsettled ?? (() => false);
    this.#step = options.step;
    this.#advanced = options.advanced ?? (() => {});
    this.#interrupted = options.interrupted ?? (() => {});
  }

  /** Whether nobody waits for the store any more, until a step has succeeded. */
  get isStalled(): boolean {
    return this.#isStalled;
  }

  get isBehind(): boolean {
    return this.watermark < this.#target() || this.#unsettled();
  }

  /** Starts draining unless that is under way, or stalled and left to the timer. */
  wake(): void {
    if (this.#pending >= this.#carried) this.#gathered?.();
    if (!this.#isStalled) void this.run();
  }

  /** Drains until the target is reached, a step fails or the run has made as many calls as it may. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#drain();
    return this.#running;
  }

  /** Tells everybody who waits that the store does not have it yet. */
  release(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.settle(false);
  }

  /** Whether the store has `rev`; waits for it a bounded time, unless the drain is stalled. */
  waitFor(rev: number): Promise<boolean> {
    if (this.watermark >= rev) return Promise.resolve(true);
    if (this.#isStalled) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#waiters.push({ rev, until: Date.now() + DURABLE_WAIT_MS, settle: resolve });
      this.#watch();
    });
  }

  /** Pause before the next attempt: exponential, with jitter so that vaults do not retry in step. Milliseconds. */
  get retryDelay(): number {
    return Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(this.#failures, 16)) * (0.5 + Math.random() / 2);
  }

  async #drain(): Promise<void> {
    // One turn later, so that nudging from inside a commit costs that commit nothing.
    await Promise.resolve();
    clearTimeout(this.#retry);
    this.#retry = undefined;
    let turned = Date.now();
    try {
      for (let calls = 0; this.isBehind; calls += STEP_CALLS) {
        if (calls + STEP_CALLS > MAX_CALLS) {
          this.#interrupted();
          break;
        }
        await this.#gather();
        const from = this.watermark;
        this.watermark = await this.#step();
        this.#carried = this.watermark - from;
        this.#ended = Date.now();
        this.#failures = 0;
        this.#isStalled = false;
        this.#settle();
        this.#advanced();
        if (this.isBehind && Date.now() - turned > TURN_MS) {
          await breathe();
          turned = Date.now();
        }
      }
    } catch (error) {
      this.#failures++;
      this.#stall();
      logError(`${this.#name}: step failed`, error, { failures: this.#failures });
      if (this.#failures <= TIMED_RETRIES) this.#retry = setTimeout(() => void this.run(), this.retryDelay);
    } finally {
      // In the same moment in which it is seen that nothing is left: who is told so and writes at once starts anew.
      this.#running = undefined;
    }
  }

  get #pending(): number {
    return this.#target() - this.watermark;
  }

  /** Waits until as many changes are here as the last step carried, at most {@link GATHER_MS} after it. */
  #gather(): Promise<void> | undefined {
    // Never longer, should the clock be set back.
    const left = Math.min(GATHER_MS, this.#ended + GATHER_MS - Date.now());
    if (this.#isStalled || left <= 0 || this.#pending >= this.#carried) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#gathered?.(), left);
      this.#gathered = () => {
        this.#gathered = undefined;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Stalls the drain when somebody has waited too long. */
  #watch(): void {
    const [oldest] = this.#waiters;
    if (this.#watching || !oldest) return;
    this.#watching = true;
    setTimeout(() => {
      this.#watching = false;
      if (this.#waiters.some((waiter) => waiter.until <= Date.now())) this.#stall();
      this.#watch();
    }, oldest.until - Date.now());
  }

  #settle(): void {
    const waiters = this.#waiters;
    this.#waiters = waiters.filter((waiter) => waiter.rev > this.watermark);
    this.answered = waiters.length - this.#waiters.length;
    for (const waiter of waiters) if (waiter.rev <= this.watermark) waiter.settle(true);
  }

  #stall(): void {
    this.#isStalled = true;
    this.#gathered?.();
    this.#settle();
    this.release();
  }
}
