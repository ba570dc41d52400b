/** What a screen reader is told of uploads: what changes the course of things at once, how far they are now and then. */

import { count as counted } from "../ui/format.ts";
import type { GateState } from "./gate.ts";
import type { Totals } from "./totals.ts";

/** How far uploads are is told at most this often. Milliseconds. */
const SELDOM_MS = 15_000;

const files = (n: number): string => counted(n, "file");

/** Decides what is said. It keeps what it said last, so that nothing is said twice. */
export class Announcer {
  #count = 0;
  #failed = 0;
  #gate: GateState = "open";
  #wasOver = true;
  #percent = 0;
  #saidAt = -Infinity;

  /** What to say now; undefined for nothing. */
  next(totals: Totals, gate: GateState, now: number): string | undefined {
    const said = this.#next(totals, gate, now);
    if (said !== undefined) this.#saidAt = now;
    return said;
  }

  #next(totals: Totals, gate: GateState, now: number): string | undefined {
    const { count, failed, done, sending, queued, paused, size, loaded } = totals;
    const isOver = sending + queued + paused === 0;
    const hasMore = count > this.#count;
    const wasGate = this.#gate;
    const wasOver = this.#wasOver;
    [this.#count, this.#gate, this.#wasOver] = [count, gate, isOver];
    if (isOver) {
      this.#percent = 0;
      this.#failed = failed;
      if (count === 0 || (wasOver && !hasMore)) return undefined;
      return failed === 0 ? `${files(done)} uploaded.` : `${files(done)} uploaded, ${failed} failed.`;
    }
    if (wasOver || hasMore) {
      this.#percent = 0;
      this.#failed = failed;
      return `Uploading ${files(sending + queued + paused)}.`;
    }
    if (gate !== wasGate && gate === "lost") return "The connection is lost. Uploads go on when it is back.";
    if (gate !== wasGate && gate === "held") return "The server is busy. Uploads go on when it is not.";
    if (gate !== wasGate && wasGate === "lost") return "The connection is back. Uploads go on.";
    if (now - this.#saidAt < SELDOM_MS) return undefined;
    if (failed > this.#failed) {
      const more = failed - this.#failed;
      this.#failed = failed;
      return `${files(more)} failed.`;
    }
    const percent = size === 0 ? 0 : Math.floor((100 * loaded) / size);
    if (percent - this.#percent < 10) return undefined;
    this.#percent = percent;
    return `${percent} percent uploaded.`;
  }
}
