/** How all uploads stand together, and when that is shown anew. */

import { type ReadonlySignal, signal } from "@preact/signals";
import type { UploadItem } from "./item.ts";
import type { Meter } from "./meter.ts";

export interface Totals {
  readonly count: number;
  readonly queued: number;
  readonly sending: number;
  readonly paused: number;
  readonly failed: number;
  /** Of those that failed, how many no repeat helps. */
  readonly final: number;
  readonly done: number;
  /** Bytes: of all, those that have gone, and those that are still to go. Files that failed count in none. */
  readonly size: number;
  readonly loaded: number;
  readonly left: number;
  /** Bytes a second. */
  readonly rate: number | undefined;
}

export function totalsOf(items: readonly UploadItem[], meter: Meter): Totals {
  const counts = { queued: 0, sending: 0, paused: 0, failed: 0, done: 0 };
  let [final, size, loaded] = [0, 0, 0];
  for (const item of items) {
    counts[item.state]++;
    if (item.refused?.isFinal) final++;
    if (item.state === "failed") continue;
    size += item.size;
    loaded += item.state === "done" ? item.size : item.loaded;
  }
  const rate = counts.sending > 0 ? meter.rate(performance.now()) : undefined;
  return { count: items.length, ...counts, final, size, loaded, left: size - loaded, rate };
}

/** How often what is shown is made anew. Milliseconds. */
const SHOW_MS = 100;

/** A version that changes soon after something has, and not for each change. */
export class Redraw {
  readonly #version = signal(0);
  #at = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  get version(): ReadonlySignal<number> {
    return this.#version;
  }

  soon(): void {
    if (this.#timer !== undefined) return;
    const show = (): void => {
      this.#timer = undefined;
      this.#at = performance.now();
      this.#version.value++;
    };
    this.#timer = setTimeout(show, Math.max(0, this.#at + SHOW_MS - performance.now()));
  }
}
