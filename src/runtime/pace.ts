import { MIN_RATE, PATIENCE_MS } from "../model/limits.ts";

/**
 * A client that comes at this part of {@link MIN_RATE} is not slow yet, because bytes come in lumps. That is 26 KiB/s.
 */
const TOLERANCE = 0.8;

/** A client that is trusted for no longer than this has to show its rate. Milliseconds. */
const SPENT_MS = 100;

/**
 * How a client keeps up with {@link MIN_RATE}. What the client sends buys it time, but never more than PATIENCE_MS
 * ahead, so that a burst does not pay for minutes of silence. A client whose time is spent is slow, unless its rate of
 * late is good enough. Time in which we keep the client waiting does not count. All times are those of a PatientClock,
 * in milliseconds.
 */
export class Pace {
  /** The time until which the client is trusted. */
  #until: number;
  /** The time since which the client waits for us; undefined while we wait for the client. */
  #paused: number | undefined;
  /** Bytes per second over the last PATIENCE_MS or so, at most twice the minimum. Older bytes count less and less. */
  #rate = 0;
  #rated: number;

  constructor(now: number) {
    this.#until = now + PATIENCE_MS;
    this.#paused = now;
    this.#rated = now;
  }

  /** Says that it is the client's turn. */
  awaiting(now: number): void {
    if (this.#paused === undefined) return;
    this.#until += now - this.#paused;
    this.#rated += now - this.#paused;
    this.#paused = undefined;
  }

  /** Says that the client has sent something, and that it is our turn. */
  received(bytes: number, now: number): void {
    this.#until = Math.min(Math.max(this.#until, now) + (bytes / MIN_RATE) * 1000, now + PATIENCE_MS);
    this.#rate = Math.min(this.rate(now) + (bytes / PATIENCE_MS) * 1000, 2 * MIN_RATE);
    this.#rated = now;
    this.#paused = now;
  }

  isSlow(now: number): boolean {
    return this.#paused === undefined && now > this.#until - SPENT_MS && this.rate(now) < TOLERANCE * MIN_RATE;
  }

  /** The client's rate of late, in bytes per second. The slow ones are compared by it. */
  rate(now: number): number {
    return this.#rate * Math.exp(-Math.max(now - this.#rated, 0) / PATIENCE_MS);
  }
}
