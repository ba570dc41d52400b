import type { Progress } from "../terminal/bar.ts";
import { bytes, count, counted, duration } from "../terminal/format.ts";

/** Why a file was left out, with the words of the summary. */
const SKIPPED = { "already there": "already there", older: "older of the same names left out" } as const;

export type SkipReason = keyof typeof SKIPPED;

interface Moved {
  readonly size: number;
  readonly earlier: number;
}

/** What has become of many files, in numbers. `T` is what stands for a file. */
export class Tally<T> {
  readonly #verb: string;
  readonly #started = Date.now();
  readonly #skipped = new Map<SkipReason, number>();
  #skippedFiles = 0;
  #skippedBytes = 0;
  /** Bytes of what is under way: all that have come or gone, and of these those that had done so in an earlier run. */
  readonly #underWay = new Map<T, Moved>();
  #done = { files: 0, bytes: 0, earlier: 0 };
  /** How much there is to do; undefined as long as nobody knows. */
  total: { files: number; bytes: number } | undefined;
  failed = 0;

  /** @param verb what was done to a file, such as `uploaded` */
  constructor(verb: string) {
    this.#verb = verb;
  }

  move(item: T, size: number, earlier = 0): void {
    this.#underWay.set(item, { size, earlier });
  }

  /** It is no longer under way, whatever became of it. */
  end(item: T): void {
    this.#underWay.delete(item);
  }

  done(size: number, earlier = 0): void {
    const { files, bytes: sum, earlier: sumEarlier } = this.#done;
    this.#done = { files: files + 1, bytes: sum + size, earlier: sumEarlier + earlier };
  }

  skip(reason: SkipReason, size: number): void {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
    this.#skippedFiles++;
    this.#skippedBytes += size;
  }

  get progress(): Progress {
    let sum = this.#done.bytes;
    let moved = sum - this.#done.earlier;
    for (const { size, earlier } of this.#underWay.values()) {
      sum += size;
      moved += size - earlier;
    }
    return {
      files: this.#dealtWith,
      bytes: sum + this.#skippedBytes,
      moved,
      totalFiles: this.total?.files,
      totalBytes: this.total?.bytes,
    };
  }

  /**
   * All of it in one line.
   *
   * @param brokenOff why it ended before its time; undefined when it did not
   */
  summary(brokenOff: string | undefined): string {
    const { files, bytes: size } = this.#done;
    const total = brokenOff === undefined ? undefined : this.total?.files;
    const done = total === undefined ? counted(files, "file") : `${count(files)} of ${counted(total, "file")}`;
    const left = total === undefined ? 0 : total - this.#dealtWith;
    const first = `${this.#verb} ${done}${files > 0 ? ` (${bytes(size)})` : ""} in ${duration(Date.now() - this.#started)}`;
    const parts = [
      brokenOff === undefined ? first : `${brokenOff}: ${first}`,
      ...[...this.#skipped].map(([why, number]) => `${count(number)} ${SKIPPED[why]}`),
      ...(this.failed > 0 ? [`${count(this.failed)} failed`] : []),
      ...(left > 0 ? [`${count(left)} left`] : []),
    ];
    return parts.join(", ");
  }

  get #dealtWith(): number {
    return this.#done.files + this.#skippedFiles + this.failed;
  }
}
