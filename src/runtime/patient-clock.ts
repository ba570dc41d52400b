/**
 * A gap of more than this between two timers of a second is a stall of the whole process: half a second late.
 * Milliseconds.
 */
const LONGEST_GAP_MS = 1_500;

/**
 * Counts the milliseconds in which the thread served its timers. Whoever is alive has a timer of about a second and
 * calls `tick` from it. When no `tick` comes for longer, the process stood still, or was too busy to look at timers and
 * thus at sockets too (or nobody was there). No silence of that time may be held against anyone.
 */
export class PatientClock {
  #ticked = Date.now();
  #time = 0;

  now(): number {
    return this.#time + Math.min(Math.max(Date.now() - this.#ticked, 0), LONGEST_GAP_MS);
  }

  tick(): void {
    this.#time = this.now();
    this.#ticked = Date.now();
  }
}
