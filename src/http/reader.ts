import { UPLOAD_DEADLINE_MS } from "../model/limits.ts";
import { invalid, refuse, Refused } from "../model/refusal.ts";
import { TimeoutError, type Watchdog } from "../model/time.ts";

/** A body that sends nothing for this long is given up. */
export const IDLE_BODY_MS = 30_000;

/**
 * Bytes read at once, at most. A default reader hands out 4 KiB, which is six times slower than 64 KiB; a quarter of a
 * MiB saves another tenth of the time of a large upload.
 */
export const READ_BYTES = 256 * 1024;

/** Who is refused and sends nothing for this long has stopped to send: it is answered then. */
const DRAIN_IDLE_MS = 1_000;

/** After a stall of the whole process the timer may go off before the bytes that have come are seen: they get this long. */
const SECOND_LOOK_MS = 2_000;

/**
 * A request's body, read once, by hand. Workerd resets a connection whose body is left unread, so that the client never
 * sees the answer: whatever refuses a request leaves the rest to {@link drain}.
 */
export class BodyReader {
  readonly #watchdog: Watchdog;
  readonly #reader: ReadableStreamBYOBReader | undefined;
  #ended = false;
  /** Lent to each read and handed back by it. */
  #memory: ArrayBuffer | undefined;
  readonly #deadline = Date.now() + UPLOAD_DEADLINE_MS;
  /** Content-Length; undefined when the client did not say (chunked). */
  readonly declared: number | undefined;
  bytesRead = 0;

  constructor(request: Request, watchdog: Watchdog) {
    this.#watchdog = watchdog;
    this.declared = declaredLength(request.headers);
    if (request.body) this.#reader = request.body.getReader({ mode: "byob" });
    else this.#ended = true;
  }

  /**
   * The next bytes, as soon as there are any, or undefined at the end. They are the caller's until the next read. Throws
   * Refused when the client stalls, takes too long or goes away.
   */
  async read(): Promise<Uint8Array | undefined> {
    if (Date.now() > this.#deadline) {
      throw new Refused(refuse("REQUEST_TIMEOUT", `a body must come within ${UPLOAD_DEADLINE_MS / 60_000} minutes`));
    }
    try {
      return await this.#read(IDLE_BODY_MS);
    } catch (error) {
      this.#ended = true;
      if (error instanceof TimeoutError) {
        throw new Refused(refuse("REQUEST_TIMEOUT", `the body sent nothing for ${IDLE_BODY_MS / 1000} seconds`));
      }
      throw new Refused(invalid("the body ended before it was complete"));
    }
  }

  /** Reads and drops what is left, up to `maxBytes` and `maxMs`, so that the client is listening when it is answered. */
  async drain(maxBytes: number, maxMs: number): Promise<void> {
    const deadline = Date.now() + maxMs;
    const stop = this.bytesRead + maxBytes;
    try {
      while (!this.#ended && this.bytesRead < stop && Date.now() < deadline) await this.#read(DRAIN_IDLE_MS);
    } catch {
      this.#ended = true; // The client is gone or stalled: nobody waits for the answer.
    }
  }

  async #read(timeout: number): Promise<Uint8Array | undefined> {
    if (this.#ended || !this.#reader) return undefined;
    // A small body needs less; one byte more than it has would not be needed even to see its end.
    const view = new Uint8Array(this.#memory ?? new ArrayBuffer(Math.min(READ_BYTES, this.declared || READ_BYTES)));
    this.#memory = undefined;
    const read = this.#reader.read(view);
    const { value, done } = await this.#watchdog.within(timeout, read).catch((error: unknown) => {
      if (error instanceof TimeoutError) return this.#watchdog.within(SECOND_LOOK_MS, read);
      throw error;
    });
    if (done) this.#ended = true;
    if (!value || value.byteLength === 0) return undefined;
    this.#memory = value.buffer;
    this.bytesRead += value.byteLength;
    // All that was promised is here: one read less than it takes to see the end.
    if (this.bytesRead === this.declared) this.#ended = true;
    return value;
  }
}

/**
 * How long a body says it is. With a transfer coding beside it, a Content-Length means nothing (RFC 9112 6.3) and workerd
 * passes it on all the same.
 */
function declaredLength(headers: Headers): number | undefined {
  const length = headers.get("Content-Length");
  if (length === null || headers.has("Transfer-Encoding")) return undefined;
  return /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}
