import { StrongroomError } from "../../client/index.ts";
import type { Call, Option } from "../command.ts";
import { explainOf, whereTo } from "../explain.ts";
import { Bar } from "../terminal/bar.ts";
import { BrokenPipe } from "../terminal/output.ts";
import { UsageError } from "../usage-error.ts";
import { each } from "./each.ts";
import { type SkipReason, Tally } from "./tally.ts";

const DEFAULT_PARALLEL = 8;
const MAX_PARALLEL = 64;

/** Failures in a row, each after its own repeats, for want of an answer: after so many nobody is there. */
const MOST_UNANSWERED = 8;
const LEAST_UNANSWERED = 3;

/** What the disk says when nothing more can be written to it. */
const DISK_IS_FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EROFS"]);

export const PARALLEL = {
  type: "string",
  value: "N",
  about: `files at a time, 1 to ${MAX_PARALLEL}; ${DEFAULT_PARALLEL} unless said`,
} as const satisfies Option;

/** @throws UsageError */
export function parallel(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PARALLEL;
  const number = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= MAX_PARALLEL) return number;
  throw new UsageError(`--parallel: must be a number from 1 to ${MAX_PARALLEL}`);
}

/** What became of one file. */
export interface Outcome {
  /** Why there was nothing to do; undefined when it was transferred. */
  readonly skipped?: SkipReason;
  /** Of the file. Bytes. */
  readonly size: number;
  /** Of these, what an earlier run had transferred. */
  readonly earlier?: number | undefined;
  /** As data: in text, and as JSON. */
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** How a file is transferred. `T` is what stands for a file. */
export interface Way<T> {
  /** What it is called in messages. */
  readonly nameOf: (item: T) => string;
  /** How many at a time. */
  readonly width: number;
  /** Transfers one, and tells how many of its bytes have come or gone, and how many of these in an earlier run. */
  readonly work: (item: T, moved: (size: number, earlier?: number) => void) => Promise<Outcome>;
}

/** Nothing more is tried. */
class GaveUp extends Error {}

/**
 * Files on their way, many at a time: shows how it goes, prints what became of each, and sums up. One that fails does not end
 * the others, unless they would all fail alike.
 */
export class Transfer<T> {
  readonly #call: Call;
  readonly #words: { going: string; done: string };
  readonly #tally: Tally<T>;
  /** Failures in a row that were for want of an answer. */
  #unanswered = 0;
  #hasGivenUp = false;

  /** @param words `uploading` and `uploaded`, for instance */
  constructor(call: Call, words: { going: string; done: string }) {
    this.#call = call;
    this.#words = words;
    this.#tally = new Tally(words.done);
  }

  /** Says how much there is to do. It may be told late. */
  expect(files: number, size: number): void {
    this.#tally.total = { files, bytes: size };
  }

  /**
   * @returns the exit code
   * @throws the signal's reason when it is interrupted, after having said what is done
   */
  async run(items: AsyncIterable<T> | Iterable<T>, way: Way<T>): Promise<number> {
    const { output, signal, env } = this.#call;
    const bar = output.hasScreen ? await Bar.start(this.#words.going, () => this.#tally.progress, env) : undefined;
    output.bar = bar;
    try {
      await each(items, way.width, async (item) => this.#one(item, way));
    } catch (error) {
      if (!(error instanceof GaveUp) && !signal.aborted) throw error;
    } finally {
      bar?.stop();
      output.bar = undefined;
    }
    this.#sumUp();
    if (signal.aborted && !(signal.reason instanceof BrokenPipe)) throw signal.reason;
    return this.#tally.failed > 0 || this.#hasGivenUp || signal.aborted ? 1 : 0;
  }

  async #one(item: T, way: Way<T>): Promise<void> {
    const { output, signal } = this.#call;
    let outcome: Outcome;
    try {
      outcome = await way.work(item, (size, earlier) => this.#tally.move(item, size, earlier));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      await this.#fail(way.nameOf(item), error, way.width);
      return;
    } finally {
      this.#tally.end(item);
    }
    this.#unanswered = 0;
    const { skipped, size, earlier, text, json } = outcome;
    if (skipped === undefined) this.#tally.done(size, earlier);
    else this.#tally.skip(skipped, size);
    if (output.isJson) await output.json({ status: skipped === undefined ? this.#words.done : "skipped", ...json });
    // A person who sees the bar need not read every name.
    else if (skipped === undefined && !(output.isTerminal && output.hasScreen && !this.#isSingle)) {
      await output.line(text);
    }
  }

  async #fail(name: string, error: unknown, width: number): Promise<void> {
    // It ended with the others, for the same reason.
    if (this.#hasGivenUp) return;
    const { output, access } = this.#call;
    this.#tally.failed++;
    output.error(explainOf(name, error));
    const code = (error as { code?: unknown }).code;
    const isHopeless = this.#isHopeless(error, code, width);
    const where = isHopeless ? whereTo(error, access) : undefined;
    if (where !== undefined) output.note(`  ${where}`);
    this.#hasGivenUp = isHopeless;
    if (output.isJson) {
      const message = error instanceof Error ? error.message : String(error);
      const about = { code: typeof code === "string" ? code : null, message };
      await output.json({ status: "failed", file: name, error: about });
    }
    if (isHopeless) throw new GaveUp();
  }

  /** Whether all others would fail in the same way. */
  #isHopeless(error: unknown, code: unknown, width: number): boolean {
    const status = error instanceof StrongroomError ? error.status : undefined;
    this.#unanswered = status === 0 ? this.#unanswered + 1 : 0;
    const most = Math.min(Math.max(width, LEAST_UNANSWERED), MOST_UNANSWERED);
    return status === 401 || status === 403 || DISK_IS_FULL.has(code) || this.#unanswered >= most;
  }

  get #isSingle(): boolean {
    return this.#tally.total?.files === 1;
  }

  #sumUp(): void {
    const { output, signal } = this.#call;
    // What became of a single file has been said, unless it was broken off.
    if (this.#isSingle && !signal.aborted) return;
    const brokenOff = signal.aborted ? "interrupted" : this.#hasGivenUp ? "gave up" : undefined;
    output.note(this.#tally.summary(brokenOff));
    if (brokenOff !== undefined || this.#tally.failed > 0)
      output.note("  the same command with --skip-existing goes on from here");
  }
}
