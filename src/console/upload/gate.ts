/** Whether uploads may go: it closes when the connection is lost or the server wants a pause, and opens by itself. */

import { type ReadonlySignal, signal } from "@preact/signals";

/** `lost`: nobody answers. `held`: the server wants a pause. */
export type GateState = "open" | "lost" | "held";

/** The first pause before the server is asked whether it is there, which doubles, and the longest. Milliseconds. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

export class Gate {
  readonly #state = signal<GateState>("open");
  readonly #isBusy = signal(false);
  readonly #ask: () => Promise<boolean>;
  readonly #opened: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAsking = false;
  #opensAt = 0;
  /** Losses in a row, without anything that arrived between them. */
  #losses = 0;

  /**
   * @param ask whether the server answers
   * @param opened called when uploads may go again
   */
  constructor(ask: () => Promise<boolean>, opened: () => void) {
    this.#ask = ask;
    this.#opened = opened;
  }

  get state(): ReadonlySignal<GateState> {
    return this.#state;
  }

  /** Whether the server has wanted a pause, and nothing has arrived since: also while it is tried again. */
  get isBusy(): ReadonlySignal<boolean> {
    return this.#isBusy;
  }

  /** How long the pause still is that the server wants. Seconds. */
  get pause(): number {
    return Math.max(0, Math.ceil((this.#opensAt - performance.now()) / 1000));
  }

  /** Nobody answered. */
  lose(): void {
    if (this.#state.peek() === "lost") return;
    this.#isBusy.value = false;
    this.#state.value = "lost";
    this.#wait(Math.min(FIRST_PAUSE_MS * 2 ** this.#losses++, LONGEST_PAUSE_MS));
  }

  /** The server wants a pause. */
  hold(seconds: number): void {
    if (this.#state.peek() !== "open") return;
    this.#state.value = "held";
    this.#isBusy.value = true;
    this.#opensAt = performance.now() + seconds * 1000;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), seconds * 1000);
  }

  /** Something arrived. */
  worked(): void {
    this.#losses = 0;
    this.#isBusy.value = false;
  }

  /** Ends a pause before its time: somebody wants to know now. */
  tryNow(): void {
    if (this.#state.peek() === "held") this.#open();
  }

  /**
   * Asks the server now. A browser that says it is offline may still reach a server on the same machine, and one that says it
   * is online may not: so nothing but an answer counts.
   */
  async look(): Promise<boolean> {
    if (this.#isAsking) return false;
    this.#isAsking = true;
    const isThere = await this.#ask();
    this.#isAsking = false;
    if (isThere && this.#state.peek() === "lost") this.#open();
    else if (!isThere && this.#state.peek() === "lost")
      this.#wait(Math.min(FIRST_PAUSE_MS * 2 ** this.#losses++, LONGEST_PAUSE_MS));
    return isThere;
  }

  /** Nobody waits any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#state.value = "open";
    this.#isBusy.value = false;
    this.#losses = 0;
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.look(), ms);
  }

  #open(): void {
    clearTimeout(this.#timer);
    this.#state.value = "open";
    this.#opened();
  }
}
