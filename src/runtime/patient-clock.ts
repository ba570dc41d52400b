/** More than this between two timers of a second is a stall of the whole process: half a second late. Milliseconds. */
const LONGEST_GAP_MS = 1_500;

/**
 * Milliseconds in which the thread served its timers. Whoever is alive has a timer of about a second, which it tells of
 * (`tick`). When none comes for longer, the process stood still, or was too busy to look at timers, and then at sockets
 * neither (or nobody was there): no silence of that time may be held against anyone.
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
