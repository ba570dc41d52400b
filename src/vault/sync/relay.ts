/**
 * A relay brings another store up to the vault's revision. It works in steps and never does two at once, so that
 * everything that arrives during a step shares the next one. Its watermark is the revision up to which the store has
 * everything.
 *
 * A step costs much, whatever it carries. So a step that follows another closely waits a moment, until as many changes
 * have gathered as the step before carried: the writers that it answered are about to write again. A writer that is
 * alone and waits for each answer is not kept waiting, since its one change is as many as its last step carried. At
 * most it waits once, when other writers have just stopped.
 *
 * When a step fails, or keeps a writer waiting too long, the relay is *stalled*: writers no longer wait for it. A timer
 * tries again soon, a few times. What takes longer, and what a crash cut off, is left to the alarm, whose pauses grow.
 */

import { logError } from "../../runtime/log.ts";
import { breathe } from "../../runtime/wait.ts";
import { DURABLE_WAIT_MS, MAX_CALLS, RETRY_MAX_MS, RETRY_MIN_MS } from "../limits.ts";

/** The longest that a step waits, after the step before, for further changes that it could carry. Milliseconds. */
const GATHER_MS = 10;

/**
 * How often in a row a timer tries a failed step again. A store that is down for longer is left to the alarm, because
 * an object stays in memory while a timer is set.
 */
const TIMED_RETRIES = 2;

/** A writer that waits for the store to have its change. */
interface Waiter {
  readonly rev: number;
  /** When the writer has waited long enough, in epoch milliseconds. */
  readonly until: number;
  settle(reached: boolean): void;
}

/** How long steps may follow each other before everything else gets a turn, which costs a millisecond. Milliseconds. */
const TURN_MS = 20;

/** The most calls that one step makes. */
const STEP_CALLS = 4;

export class Relay {
  readonly #name: string;
  readonly #vault: string;
  readonly #target: () => number;
  readonly #step: () => Promise<number>;
  readonly #unsettled: () => boolean;
  readonly #advanced: () => void;
  readonly #interrupted: () => void;
  /** The waiters, in the order in which their time runs out. */
  #waiters: Waiter[] = [];
  /**
   * The timer that ends a wait. One serves all waiters: a timer for each would cost more than the wait. When a run ends
   * and nobody waits any more, the timer is cleared, since it would keep the object in memory, which is billed.
   */
  #watching: ReturnType<typeof setTimeout> | undefined;
  /** How many changes the last step carried. */
  #carried = 0;
  /** When the last step ended, in epoch milliseconds. */
  #ended = 0;
  /** Ends the gathering of changes. Undefined when nothing is being gathered. */
  #endGathering: (() => void) | undefined;
  /** The run that is under way. */
  #running: Promise<void> | undefined;
  #isStalled = false;
  #failures = 0;
  /** The timer that tries a failed step again. */
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** The store has everything up to this revision. */
  watermark: number;
  /** How many writers the last step answered. */
  answered = 0;

  /**
   * @param vault       the vault's id, for the log
   * @param target      the revision to reach
   * @param unsettled   whether there is work for the store although the target is reached
   * @param step        one bounded piece of work of at most {@link STEP_CALLS} calls. Resolves to the new watermark
   * @param advanced    is called after each step
   * @param interrupted is called when work is left but the run has made as many calls as it may. It must see to it that
   *                    {@link run} is called again
   */
  constructor(options: {
    name: string;
    vault: string;
    watermark: number;
    target: () => number;
    unsettled?: () => boolean;
    step: () => Promise<number>;
    advanced?: () => void;
    interrupted?: () => void;
  }) {
    this.#name = options.name;
    this.#vault = options.vault;
    this.watermark = options.watermark;
    this.#target = options.target;
    this.#unsettled = options.unsettled ?? (() => false);
    this.#step = options.step;
    this.#advanced = options.advanced ?? (() => {});
    this.#interrupted = options.interrupted ?? (() => {});
  }

  /** Whether writers do not wait for the store. They do again once a step has succeeded. */
  get isStalled(): boolean {
    return this.#isStalled;
  }

  /** Whether the relay has work to do. */
  get isBehind(): boolean {
    return this.watermark < this.#target() || this.#unsettled();
  }

  /** Starts a run if none is under way. A relay that is stalled is left to its timer and to the alarm. */
  wake(): void {
    if (this.#pending >= this.#carried) this.#endGathering?.();
    if (!this.#isStalled) void this.run();
  }

  /**
   * Does steps until the target is reached, a step fails or the run has made as many calls as it may. Never rejects.
   */
  run(): Promise<void> {
    this.#running ??= this.#doSteps();
    return this.#running;
  }

  /** Tells all waiting writers that the store does not have their changes yet. */
  release(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.settle(false);
  }

  /** Whether the store has `rev`. Waits up to {@link DURABLE_WAIT_MS} for it, unless the relay is stalled. */
  waitFor(rev: number): Promise<boolean> {
    if (this.watermark >= rev) return Promise.resolve(true);
    if (this.#isStalled) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#waiters.push({ rev, until: Date.now() + DURABLE_WAIT_MS, settle: resolve });
      this.#watch();
    });
  }

  /** The pause before the next attempt: exponential, with jitter so that vaults do not retry together. Milliseconds. */
  get retryDelay(): number {
    return Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(this.#failures, 16)) * (0.5 + Math.random() / 2);
  }

  async #doSteps(): Promise<void> {
    // A microtask later, so that a group that wakes the relay is not held up by it.
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
      logError(`${this.#name}: a step failed`, error, { vault: this.#vault, failures: this.#failures });
      if (this.#failures <= TIMED_RETRIES) this.#retry = setTimeout(() => void this.run(), this.retryDelay);
    } finally {
      // In the same turn in which nothing was found to be left. So a writer that was answered and writes again at once
      // starts a new run.
      this.#running = undefined;
      if (this.#waiters.length === 0) this.#endWatch();
    }
  }

  /** How many changes the store does not have. */
  get #pending(): number {
    return this.#target() - this.watermark;
  }

  /** Waits until as many changes are pending as the last step carried, or until {@link GATHER_MS} after that step. */
  #gather(): Promise<void> | undefined {
    // Not longer than GATHER_MS, even if the clock is set back.
    const left = Math.min(GATHER_MS, this.#ended + GATHER_MS - Date.now());
    if (this.#isStalled || left <= 0 || this.#pending >= this.#carried) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#endGathering?.(), left);
      this.#endGathering = () => {
        this.#endGathering = undefined;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Stalls the relay when a writer has waited too long. */
  #watch(): void {
    const [oldest] = this.#waiters;
    if (this.#watching !== undefined || !oldest) return;
    this.#watching = setTimeout(() => {
      this.#watching = undefined;
      if (this.#waiters.some((waiter) => waiter.until <= Date.now())) this.#stall();
      this.#watch();
    }, oldest.until - Date.now());
  }

  #endWatch(): void {
    clearTimeout(this.#watching);
    this.#watching = undefined;
  }

  /** Answers the writers whose changes the store has. */
  #settle(): void {
    const waiters = this.#waiters;
    this.#waiters = waiters.filter((waiter) => waiter.rev > this.watermark);
    this.answered = waiters.length - this.#waiters.length;
    for (const waiter of waiters) if (waiter.rev <= this.watermark) waiter.settle(true);
  }

  #stall(): void {
    this.#isStalled = true;
    this.#endGathering?.();
    this.#settle();
    this.release();
  }
}
