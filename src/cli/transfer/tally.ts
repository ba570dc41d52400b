import type { Progress } from "../terminal/bar.ts";
import { bytes, count, counted, duration } from "../terminal/format.ts";

/** Why a file was left out, with the words of the summary. */
const SKIPPED = { "already there": "already there", older: "older of the same names left out" } as const;

export type SkipReason = keyof typeof SKIPPED;

/** What has become of many files, in numbers. `T` is what stands for a file. */
export class Tally<T> {
  readonly #verb: string;
  readonly #started = Date.now();
  readonly #skipped = new Map<SkipReason, number>();
  #skippedFiles = 0;
  #skippedBytes = 0;
  /** Bytes that have come or gone of what is under way. */
  readonly #underWay = new Map<T, number>();
  #done = { files: 0, bytes: 0 };
  /** How much there is to do; undefined as long as nobody knows. */
  total: { files: number; bytes: number } | undefined;
  failed = 0;

  /** @param verb what was done to a file, such as `uploaded` */
  constructor(verb: string) {
    this.#verb = verb;
  }

  move(item: T, size: number): void {
    this.#underWay.set(item, size);
  }

  /** It is no longer under way, whatever became of it. */
  end(item: T): void {
    this.#underWay.delete(item);
  }

  done(size: number): void {
    this.#done = { files: this.#done.files + 1, bytes: this.#done.bytes + size };
  }

  skip(reason: SkipReason, size: number): void {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
    this.#skippedFiles++;
    this.#skippedBytes += size;
  }

  get progress(): Progress {
    let moved = this.#done.bytes;
    for (const size of this.#underWay.values()) moved += size;
    return {
      files: this.#dealtWith,
      bytes: moved + this.#skippedBytes,
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
