/**
 * Which uploads with an Idempotency-Key are under way. A second request with such a key is told to wait, before it sends
 * its bytes for nothing. This lives in memory and is advice: what the commit finds decides.
 */

import { RUNNING_MS } from "./limits.ts";

/** The most uploads of a vault that are remembered. Each takes some 200 bytes. Further ones go unnoticed. */
const MAX_RUNNING = 1_000;

export class RunningUploads {
  /** By the id of the receipt that the upload may leave, in the order of their ends. */
  readonly #running = new Map<string, { readonly request: string; readonly ends: number }>();

  /** Notes that a request works on an upload, for a time. Returns whether another request does. */
  begin(id: string, request: string): boolean {
    const now = Date.now();
    for (const [other, { ends }] of this.#running) {
      if (ends > now) break;
      this.#running.delete(other);
    }
    const running = this.#running.get(id);
    if (running && running.request !== request) return true;
    // Deleted first, so that it moves to the end.
    this.#running.delete(id);
    if (this.#running.size < MAX_RUNNING) this.#running.set(id, { request, ends: now + RUNNING_MS });
    return false;
  }

  /** The request has come to its end. */
  end(id: string, request: string): void {
    if (this.#running.get(id)?.request === request) this.#running.delete(id);
  }
}
