/** How fast bytes go. */

/** The time that a rate is of: short enough to follow a change, and long enough not to jump. Milliseconds. */
const WINDOW_MS = 5_000;

/** What comes within so long of each other is one sample: a window has 20. Milliseconds. */
const SAMPLE_MS = 250;

/** Before so long has passed, a rate would be a guess. Milliseconds. */
const FIRST_MS = 500;

export class Meter {
  #samples: { readonly from: number; at: number; total: number }[] = [];
  #total = 0;

  /** @param now milliseconds, of any clock that does not go back */
  add(bytes: number, now: number): void {
    const last = this.#samples.at(-1);
    if (!last || now - last.at > WINDOW_MS) this.#samples = [{ from: now, at: now, total: this.#total }];
    this.#total += bytes;
    const latest = this.#samples.at(-1);
    if (latest && now - latest.from < SAMPLE_MS && this.#samples.length > 1) {
      latest.at = now;
      latest.total = this.#total;
    } else this.#samples.push({ from: now, at: now, total: this.#total });
  }

  /** Bytes a second over the last seconds; undefined when nothing can be said. */
  rate(now: number): number | undefined {
    while (this.#samples.length > 1 && now - (this.#samples[0]?.at ?? 0) > WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0];
    if (!first || now - first.at < FIRST_MS || this.#total === first.total) return undefined;
    return ((this.#total - first.total) / (now - first.at)) * 1000;
  }
}

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;

/** A time that is left, as a person says it: not more exact than it is known. */
export function timeLeft(bytes: number, rate: number | undefined): string | undefined {
  if (!rate) return undefined;
  const seconds = bytes / rate;
  if (seconds < 5) return "seconds left";
  if (seconds < MINUTE_S - 2.5) return `${Math.round(seconds / 5) * 5} s left`;
  if (seconds < HOUR_S - 30) return `${Math.max(1, Math.round(seconds / MINUTE_S))} min left`;
  if (seconds < 48 * HOUR_S) {
    const [hours, minutes] = [Math.floor(seconds / HOUR_S), Math.floor((seconds % HOUR_S) / MINUTE_S)];
    return minutes === 0 ? `${hours} h left` : `${hours} h ${minutes} min left`;
  }
  return `${Math.round(seconds / HOUR_S / 24)} days left`;
}
