import stringWidth from "fast-string-width";
import type { createLogUpdate } from "log-update";
import { bytes, clock, count } from "./format.ts";

/** What has been done of what is to be done. A total that is not known yet is undefined. */
export interface Progress {
  readonly files: number;
  readonly bytes: number;
  /** Of these bytes, those that were really moved: the others were there already. */
  readonly moved: number;
  readonly totalFiles: number | undefined;
  readonly totalBytes: number | undefined;
}

/** Between two pictures. Milliseconds. */
const FRAME_MS = 100;

/** What is over sooner needs no bar. Milliseconds. */
const PATIENCE_MS = 300;

/** Rates are those of the last seconds: what came before says little about what is left. Milliseconds. */
const WINDOW_MS = 5_000;

/** `999 KiB` */
const SIZE_WIDTH = 7;

const LONGEST_BAR = 30;
const SHORTEST_BAR = 10;

/** What is assumed of a terminal that does not say how wide it is. */
const USUAL_COLUMNS = 80;

type Draw = ReturnType<typeof createLogUpdate>;

/** One line at the bottom of the screen that tells how a transfer goes. */
export class Bar {
  readonly #verb: string;
  readonly #progress: () => Progress;
  readonly #draw: Draw;
  readonly #cells: Cells;
  readonly #timer: NodeJS.Timeout;
  readonly #started = Date.now();
  readonly #samples: { at: number; moved: number; share: number | undefined }[] = [];

  private constructor(verb: string, progress: () => Progress, draw: Draw, env: NodeJS.ProcessEnv) {
    this.#verb = verb;
    this.#progress = progress;
    this.#draw = draw;
    this.#cells = hasUnicode(env) ? ["━", "─"] : ["#", "-"];
    this.#timer = setInterval(() => this.#frame(), FRAME_MS);
    this.#timer.unref();
  }

  /** @param verb what is going on, as it begins the line */
  static async start(verb: string, progress: () => Progress, env: NodeJS.ProcessEnv): Promise<Bar> {
    // Only now: to load it takes longer than all the rest of the program, for the patterns that it knows emoji by.
    const { createLogUpdate: create } = await import("log-update");
    return new Bar(verb, progress, create(process.stderr), env);
  }

  /** Takes the line away, so that something else can be printed; the next picture comes by itself. */
  clear(): void {
    this.#draw.clear();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#draw.clear();
    this.#draw.done();
  }

  #frame(): void {
    const now = Date.now();
    const progress = this.#progress();
    const share = shareDone(progress);
    this.#samples.push({ at: now, moved: progress.moved, share });
    while ((this.#samples[1]?.at ?? now) < now - WINDOW_MS) this.#samples.shift();
    if (now - this.#started < PATIENCE_MS) return;
    const [first = { at: now, moved: 0, share: undefined }] = this.#samples;
    const perSecond = (change: number): number =>
      now > first.at ? Math.max(0, (change / (now - first.at)) * 1000) : 0;
    const rate = perSecond(progress.moved - first.moved);
    const speed = share === undefined || first.share === undefined ? 0 : perSecond(share - first.share);
    const secondsLeft = share === undefined || speed === 0 ? undefined : (1 - share) / speed;
    const columns = process.stderr.columns || USUAL_COLUMNS;
    this.#draw(barLine(this.#verb, progress, { rate, secondsLeft, columns, cells: this.#cells }));
  }
}

/** What is done of the bar, and what is left. */
type Cells = readonly [done: string, left: string];

/** The line, in a terminal of so many columns. The rate is bytes a second. */
export function barLine(
  verb: string,
  progress: Progress,
  view: { rate: number; secondsLeft: number | undefined; columns: number; cells: Cells },
): string {
  const { totalFiles, totalBytes } = progress;
  const { rate, secondsLeft, columns, cells } = view;
  // To a width, so that nothing jumps while the numbers grow.
  const size = (value: number): string => bytes(value).padStart(SIZE_WIDTH);
  const files = count(progress.files).padStart(count(totalFiles ?? 0).length);
  const parts = [
    verb,
    ...(totalFiles === 1 ? [] : [`${files}${totalFiles === undefined ? "" : `/${count(totalFiles)}`} files`]),
    `${size(progress.bytes)}${totalBytes === undefined ? "" : `/${bytes(totalBytes)}`}`,
    `${size(rate)}/s`,
  ];
  const left = secondsLeft === undefined ? [] : [`${clock(Math.ceil(secondsLeft))} left`];
  // The last column stays empty: some terminals begin a new line as soon as it is full.
  const room = columns - 1;
  // The longest time would fit, too: else the bar would shrink when one comes.
  const width = Math.min(LONGEST_BAR, room - stringWidth([...parts, "0:00:00 left"].join("  ")) - 2);
  const share = shareDone(progress);
  if (share !== undefined && width >= SHORTEST_BAR) {
    const done = Math.round(share * width);
    parts.splice(1, 0, cells[0].repeat(done) + cells[1].repeat(width - done));
  }
  return [...parts, ...left].join("  ").slice(0, room);
}

/**
 * From 0 to 1; undefined as long as the total is not known. Each file takes its time and each byte does: of many small ones
 * and a few large ones, both count.
 */
function shareDone({ files, bytes: size, totalFiles, totalBytes }: Progress): number | undefined {
  if (totalFiles === undefined || totalBytes === undefined) return undefined;
  const shares = [...(totalFiles > 1 ? [files / totalFiles] : []), ...(totalBytes > 0 ? [size / totalBytes] : [])];
  if (shares.length === 0) return 0;
  return Math.min(1, Math.max(0, shares.reduce((sum, share) => sum + share) / shares.length));
}

/** Whether the terminal shows what is not ASCII. */
function hasUnicode(env: NodeJS.ProcessEnv): boolean {
  if (process.platform === "win32" || process.platform === "darwin") return true;
  return /utf-?8/i.test(env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "");
}
