/** A job that is under way. */
interface Job {
  readonly weight: number;
  /** When it counts as over, whether it said so or not. Epoch milliseconds. */
  readonly until: number;
}

/**
 * Jobs that are under way in this isolate: one of each name at a time, and of all together no more than a weight. What is
 * too much is not done, and nobody waits. A job that never says that it is over counts for a time, because work that is
 * cut off on Workers says nothing.
 */
export class InFlight {
  readonly #most: number;
  readonly #ms: number;
  readonly #jobs = new Map<string, Job>();
  #weight = 0;

  /**
   * @param most what all jobs together may weigh
   * @param ms how long a job can last at most, in milliseconds
   */
  constructor(most: number, ms: number) {
    this.#most = most;
    this.#ms = ms;
  }

  /** What the jobs under way weigh. */
  get weight(): number {
    return this.#weight;
  }

  /** Begins a job. Returns what ends it, or undefined when it may not begin. */
  begin(name: string, weight: number): (() => void) | undefined {
    const now = Date.now();
    // The first one began first, and all last for the same time.
    for (const [known, job] of this.#jobs) {
      if (job.until > now) break;
      this.#end(known, job);
    }
    if (this.#jobs.has(name) || this.#weight + weight > this.#most) return undefined;
    const job = { weight, until: now + this.#ms };
    this.#jobs.set(name, job);
    this.#weight += weight;
    return () => this.#end(name, job);
  }

  #end(name: string, job: Job): void {
    if (this.#jobs.get(name) !== job) return;
    this.#jobs.delete(name);
    this.#weight -= job.weight;
  }
}
