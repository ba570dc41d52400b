/** All uploads of this tab: which go, which wait, and what has become of the others. */

import { type ReadonlySignal, signal } from "@preact/signals";
import type { Strongroom } from "../../client/index.ts";
import { nameProblem } from "../filename.ts";
import { Gate } from "./gate.ts";
import { UploadItem } from "./item.ts";
import { Meter } from "./meter.ts";
import type { Target } from "./names.ts";
import { Redraw, type Totals, totalsOf } from "./totals.ts";
import { type Refused, STUCK, UNREADABLE, verdictOf } from "./words.ts";

/** Uploads at a time. Browsers have six connections to a server without HTTP/2: the page needs some itself. */
const MOST_SENDING = 4;

/** How often in a row a file may break off without a byte that arrived, while the server answers. */
const MOST_FAILURES = 5;

/** How long the server may take to say that it is there. Milliseconds. */
const ASK_MS = 5_000;

export class UploadQueue {
  /** Cancelled uploads of which something is still being removed from the server. */
  readonly closing = signal(0);
  /** Why nothing goes any more, whatever the file. */
  readonly halted = signal<Refused | undefined>(undefined);
  readonly #redraw = new Redraw();
  /** Whether they may go. */
  readonly gate: Gate;
  readonly #meter = new Meter();
  #items: UploadItem[] = [];
  /** All before it are not queued. */
  #next = 0;
  #sending = 0;
  #closing: UploadItem[] = [];
  #isClearing = false;
  /** Cancelled ones whose last attempt is still ending. */
  #ending = 0;
  readonly #leftBehind: (item: UploadItem) => void;

  /** @param leftBehind told of a cancelled upload that may have left something on the server */
  constructor(leftBehind: (item: UploadItem) => void) {
    this.#leftBehind = leftBehind;
    this.gate = new Gate(
      () => this.#isServerThere(),
      () => this.#go(),
    );
  }

  /** Changes when what is shown is to be made anew. */
  get version(): ReadonlySignal<number> {
    return this.#redraw.version;
  }

  get items(): readonly UploadItem[] {
    return this.#items;
  }

  add(files: Iterable<{ file: File; name: string }>, target: Target, vault: Strongroom): void {
    this.halted.value = undefined;
    for (const { file, name } of files) {
      const item = new UploadItem(file, name, target, vault);
      const problem = nameProblem(name);
      if (problem !== undefined) this.#refuse(item, misnamed(problem, file.name));
      this.#items.push(item);
    }
    this.#go();
  }

  totals(): Totals {
    return totalsOf(this.#items, this.#meter);
  }

  /** Whether something would be lost with the tab. */
  get isBusy(): boolean {
    return (
      this.#sending > 0 ||
      this.#closing.length > 0 ||
      this.#items.some(({ state }) => state !== "done" && state !== "failed")
    );
  }

  pause(item: UploadItem): void {
    if (item.state !== "queued" && item.state !== "sending") return;
    item.state = "paused";
    item.interrupt();
    this.#redraw.soon();
  }

  resume(item: UploadItem): void {
    if (item.state !== "paused") return;
    this.#queue(item);
    this.halted.value = undefined;
    this.#go();
  }

  /** Sends a refused file once more. */
  retry(item: UploadItem): void {
    if (item.state !== "failed" || item.refused?.isFinal) return;
    item.refused = undefined;
    item.failures = 0;
    this.#queue(item);
    this.halted.value = undefined;
    this.#go();
  }

  /** Takes a file out of the list, so that nothing of it is left on the server. One that is done stays where it is. */
  cancel(item: UploadItem): void {
    this.#cancel([item]);
  }

  pauseAll(): void {
    for (const item of this.#items) this.pause(item);
  }

  resumeAll(): void {
    for (const item of this.#items) this.resume(item);
  }

  retryAll(): void {
    for (const item of this.#items) this.retry(item);
  }

  /** Cancels what is not done, and forgets what is. */
  cancelAll(): void {
    this.#cancel(this.#items);
  }

  /** The browser says that the connection has gone: perhaps. */
  async suspect(): Promise<void> {
    if (this.#sending === 0 || (await this.gate.look())) return;
    this.#lose();
  }

  /** The browser says that the connection is back. */
  async hope(): Promise<void> {
    if (this.gate.state.peek() === "lost") await this.gate.look();
  }

  #cancel(cancelled: readonly UploadItem[]): void {
    const gone = new Set(cancelled);
    this.#items = this.#items.filter((item) => !gone.has(item));
    this.#next = 0;
    for (const item of gone) {
      if (item.state === "done") continue;
      item.isCancelled = true;
      if (item.attempt) {
        this.#ending++;
        item.interrupt();
      } else if (item.hasTraces) this.#closing.push(item);
    }
    if (this.#items.length === 0) this.halted.value = undefined;
    if (!this.isBusy) this.gate.close();
    this.#go();
  }

  /** One after the other: they are few, for a key has a hundred open uploads at most. */
  async #clearAway(): Promise<void> {
    if (this.#isClearing) return;
    this.#isClearing = true;
    for (let item; this.gate.state.peek() === "open" && (item = this.#closing[0]);) {
      try {
        await item.clearAway();
        this.#closing.shift();
      } catch (error) {
        const verdict = verdictOf(error, item.file);
        if (verdict.kind === "hold") this.gate.hold(verdict.seconds);
        else if (verdict.kind === "lost" && ++item.failures <= MOST_FAILURES) this.gate.lose();
        else {
          this.#closing.shift();
          this.#leftBehind(item);
        }
      }
      this.closing.value = this.#closing.length + this.#ending;
    }
    this.#isClearing = false;
  }

  #queue(item: UploadItem): void {
    item.state = "queued";
    this.#next = 0;
  }

  #go(): void {
    while (this.#sending < MOST_SENDING && this.gate.state.peek() === "open") {
      const item = this.#items[this.#next];
      if (!item) break;
      if (item.state === "queued" && !item.attempt) void this.#send(item);
      // One whose last attempt is still ending comes again when that has ended.
      this.#next++;
    }
    this.closing.value = this.#closing.length + this.#ending;
    void this.#clearAway();
    this.#redraw.soon();
  }

  async #send(item: UploadItem): Promise<void> {
    item.state = "sending";
    this.#sending++;
    try {
      await item.send((bytes, isFurther) => {
        if (isFurther) this.gate.worked();
        this.#meter.add(bytes, performance.now());
        item.meter.add(bytes, performance.now());
        this.#redraw.soon();
      });
      // A pause may have come too late.
      item.state = "done";
      this.gate.worked();
    } catch (error) {
      await this.#failed(item, error);
    }
    this.#sending--;
    if (item.isCancelled) {
      this.#ending--;
      if (item.hasTraces) this.#closing.push(item);
    }
    this.#next = 0;
    this.#go();
  }

  async #failed(item: UploadItem, error: unknown): Promise<void> {
    if (item.state !== "sending" || item.isCancelled) return;
    const verdict = verdictOf(error, item.file);
    switch (verdict.kind) {
      case "lost":
        if (!(await isReadable(item.file))) this.#refuse(item, UNREADABLE);
        else if (++item.failures > MOST_FAILURES) this.#refuse(item, STUCK);
        // Paused meanwhile, perhaps.
        else if (item.state === "sending") {
          this.#queue(item);
          this.#lose();
        }
        return;
      case "hold":
        this.#queue(item);
        this.gate.hold(verdict.seconds);
        return;
      case "halt":
        this.halted.value = verdict.refused;
        this.pauseAll();
        return;
      case "fail":
        this.#refuse(item, verdict.refused);
    }
  }

  #refuse(item: UploadItem, refused: Refused): void {
    item.state = "failed";
    item.refused = refused;
  }

  /** What goes now would hang until its time is over. */
  #lose(): void {
    this.gate.lose();
    for (const item of this.#items) {
      if (item.state !== "sending" || !item.attempt) continue;
      this.#queue(item);
      item.interrupt(true);
    }
    this.#redraw.soon();
  }

  async #isServerThere(): Promise<boolean> {
    const isWaiting = ({ state }: UploadItem): boolean => state === "queued" || state === "sending";
    const waiting = this.#closing[0] ?? this.#items.find(isWaiting);
    if (!waiting) return true;
    try {
      await waiting.vault.folders.list({ limit: 1 }, { signal: AbortSignal.timeout(ASK_MS) });
      return true;
    } catch (error) {
      const status = (error as { status?: unknown }).status;
      // A time that is over has none.
      return typeof status === "number" && verdictOf(error, waiting.file).kind !== "lost";
    }
  }
}

/** @param own the file's name without those of its folders, which may be what is wrong */
const misnamed = (what: string, own: string): Refused => ({
  what,
  hint:
    nameProblem(own) === undefined
      ? "Choose it again, without the names of its folders."
      : "Rename it on your disk, then choose it again.",
  isFinal: true,
});

async function isReadable(file: File): Promise<boolean> {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
