import { MIN_RATE, PATIENCE_MS } from "../model/limits.ts";

/** At this part of {@link MIN_RATE} a client is not slow yet: bytes come in lumps. That is 26 KiB/s. */
const TOLERANCE = 0.8;

/** A client that is not trusted for longer than this has to show its rate. Milliseconds. */
const SPENT_MS = 100;

/**
 * How a client keeps up with {@link MIN_RATE}. What it sends buys it time, never more than PATIENCE_MS ahead, so that a burst
 * does not pay for minutes of silence. One whose time is spent is slow unless its rate of late is good enough. Time in which
 * we keep the client waiting does not count. All times are a PatientClock's.
 */
export class Pace {
  /** Until when the client is trusted. */
  #until: number;
  /** Since when the client waits for us; undefined while we wait for the client. */
  #paused: number | undefined;
  /** Bytes per second over the last PATIENCE_MS or so: older bytes count less and less. At most twice the minimum. */
  #rate = 0;
  #rated: number;

  constructor(now: number) {
    this.#until = now + PATIENCE_MS;
    this.#paused = now;
    this.#rated = now;
  }

  /** It is the client's turn. */
  awaiting(now: number): void {
    if (this.#paused === undefined) return;
    this.#until += now - this.#paused;
    this.#rated += now - this.#paused;
    this.#paused = undefined;
  }

  /** The client has sent something: it is our turn. */
  received(bytes: number, now: number): void {
    this.#until = Math.min(Math.max(this.#until, now) + (bytes / MIN_RATE) * 1000, now + PATIENCE_MS);
    this.#rate = Math.min(this.rate(now) + (bytes / PATIENCE_MS) * 1000, 2 * MIN_RATE);
    this.#rated = now;
    this.#paused = now;
  }

  isSlow(now: number): boolean {
    return this.#paused === undefined && now > this.#until - SPENT_MS && this.rate(now) < TOLERANCE * MIN_RATE;
  }

  /** Also for comparing the slow ones with each other. */
  rate(now: number): number {
    return this.#rate * Math.exp(-Math.max(now - this.#rated, 0) / PATIENCE_MS);
  }
}
