/** The report of one vault, kept up to date while somebody looks at it. */

import { type Signal, signal } from "@preact/signals";
import type { ReconcileFindings, VaultReport } from "../../client/index.ts";
import type { Managed } from "./access.ts";
import { isMoving, isRunning } from "./findings.ts";

/** How often it is looked whether something has changed: often while something goes on. Milliseconds. */
const MOVING_MS = 1_000;
const RESTING_MS = 5_000;

/** A reconciliation that was asked for begins within so long. After that the page says that it has yet to. Milliseconds. */
const BEGINS_MS = 30_000;

/** A reconciliation that was asked for. */
interface Asked {
  /** When the one before it began; undefined when there was none. */
  readonly before: string | undefined;
  readonly until: number;
}

export class ReportStore {
  readonly #vault: Managed;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = true;
  #asked: Asked | undefined;
  /** Loads under way are numbered, so that a late answer does not replace a newer one. */
  #loads = 0;

  readonly report: Signal<VaultReport | undefined> = signal(undefined);
  /** What the last load failed with. The report before it stays. */
  readonly error: Signal<unknown> = signal(undefined);
  /** Whether a reconciliation goes on, or was asked for and has yet to begin. */
  readonly isReconciling: Signal<boolean> = signal(false);

  constructor(vault: Managed) {
    this.#vault = vault;
  }

  /** Looks now, and again and again for as long as the page is looked at. */
  open(): void {
    this.#isClosed = false;
    document.addEventListener("visibilitychange", this.#onVisible);
    void this.load();
  }

  /** Loads the report now. */
  async load(): Promise<void> {
    await this.#take(this.#vault.get());
  }

  /** Takes a report that some call has answered with. */
  show(report: VaultReport): void {
    this.#loads++;
    this.#shown(report);
  }

  /** Asks for a reconciliation, and looks often until it is done. */
  async reconcile(): Promise<void> {
    const report = await this.#vault.reconcile();
    // One under way is finished first, and another follows it.
    this.#asked = { before: report.reconcile?.started_at, until: Date.now() + BEGINS_MS };
    this.show(report);
  }

  /** Looks no more. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#onVisible);
  }

  async #take(answer: Promise<VaultReport>): Promise<void> {
    const load = ++this.#loads;
    try {
      const report = await answer;
      if (load === this.#loads) this.#shown(report);
    } catch (error) {
      if (load !== this.#loads || this.#isClosed) return;
      this.error.value = error;
      this.#lookAgain(RESTING_MS);
    }
  }

  #shown(report: VaultReport): void {
    if (this.#isClosed) return;
    this.error.value = undefined;
    this.report.value = report;
    if (this.#asked && (Date.now() > this.#asked.until || hasBegun(this.#asked, report.reconcile)))
      this.#asked = undefined;
    this.isReconciling.value = this.#asked !== undefined || isRunning(report.reconcile);
    this.#lookAgain(this.isReconciling.value || isMoving(report) ? MOVING_MS : RESTING_MS);
  }

  #lookAgain(after: number): void {
    clearTimeout(this.#timer);
    if (this.#isClosed || document.hidden) return;
    this.#timer = setTimeout(() => void this.load(), after);
  }

  readonly #onVisible = (): void => {
    if (document.hidden) clearTimeout(this.#timer);
    else void this.load();
  };
}

const hasBegun = ({ before }: Asked, found: ReconcileFindings | null): boolean =>
  found !== null && found.started_at !== before;
