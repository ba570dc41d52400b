/**
 * Reads the body of a request: once, by hand, into memory that is borrowed first. A body must come in time and, while
 * others wait for memory, at a minimum rate.
 */

import { IDLE_BODY_MS, UPLOAD_DEADLINE_MS } from "../model/limits.ts";
import { invalid, refuse, Refused } from "../model/refusal.ts";
import { breathe, TimeoutError, type Watchdog } from "../runtime/wait.ts";
import type { Lease } from "../runtime/lease.ts";
import { bodies, type Loan } from "./memory.ts";

const KIB = 1024;

/**
 * After this many bytes of one body, everybody else gets a turn. A few fast uploads can keep the one thread busy
 * without end: a small request beside them once waited for 20 seconds.
 */
const BREATH_BYTES = 1024 * KIB;

/**
 * How many bytes are read at once. A default reader hands out 4 KiB, which is six times slower than 64 KiB. A quarter
 * of a MiB saves another tenth of the time of a large upload.
 *
 * A connection begins with 16 KiB, or with the whole body if that has 32 KiB at most. A connection that fills its
 * buffer gets a larger one, in two steps: 16 to 64 to 256 KiB. One that fills less than an eighth of it, twice in a
 * row, gets a smaller one, down to the 4 KiB of a default reader.
 */
const READ_BYTES = 256 * KIB;
const FIRST_READ_BYTES = 16 * KIB;
const SMALL_READ_BYTES = 32 * KIB;
const LEAST_READ_BYTES = 4 * KIB;
const GROWTH = 4;

/**
 * How many bytes are read at once of a body that nobody wants. The first size is less than what the connection itself
 * costs, and needs no lease. A client that fills it gets the second size, with which draining takes half the time.
 */
const DRAIN_FIRST_BYTES = 4 * KIB;
const DRAIN_MOST_BYTES = 16 * KIB;

/** A refused client that sends nothing for this long has stopped sending, and is answered then. Milliseconds. */
const DRAIN_IDLE_MS = 1_000;

/**
 * After a stall of the whole process, a timer may go off before the bytes that have come are seen. So a read that has
 * timed out gets this much more. Milliseconds.
 */
const SECOND_LOOK_MS = 2_000;

/** The most bytes that the buffer of a body of this declared length takes. */
export const readBytes = (declared: number | undefined): number => Math.min(READ_BYTES, declared ?? READ_BYTES);

/**
 * A request's body. Workerd resets a connection whose body is left unread, and its client never sees the answer. So
 * whoever refuses a request leaves the rest of its body to {@link drain}.
 */
export class BodyReader {
  readonly #watchdog: Watchdog;
  readonly #reader: ReadableStreamBYOBReader | undefined;
  readonly #owner: string;
  #begun = Date.now();
  #deadlineMs = UPLOAD_DEADLINE_MS;
  #ended = false;
  /** A read that the body has not answered yet. */
  #pending: Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>> | undefined;
  /** Whether the request waits for that read now. */
  #reading = false;
  /** The buffer, which each read is lent and hands back. */
  #memory: ArrayBuffer | undefined;
  /** How many bytes are read at once now, and at most. */
  #size: number;
  #most: number;
  /** Whether the size stays as it is. */
  #isFixed: boolean;
  /** How many reads in a row filled little of their buffer. */
  #poor = 0;
  #lease: Lease | undefined;
  /** The length that the client declared, in bytes; undefined when it declared none (chunked). */
  readonly declared: number | undefined;
  bytesRead = 0;
  /** Bytes read since everybody else last had a turn. */
  #unbroken = 0;

  /** @param owner the vault whose memory the body takes */
  constructor(request: Request, watchdog: Watchdog, owner: string) {
    this.#watchdog = watchdog;
    this.#owner = owner;
    this.declared = declaredLength(request.headers);
    this.#isFixed = this.declared !== undefined && this.declared <= SMALL_READ_BYTES;
    this.#size = this.#isFixed ? this.declared || 1 : FIRST_READ_BYTES;
    this.#most = readBytes(this.declared);
    if (request.body) {
      this.#reader = request.body.getReader({ mode: "byob" });
    } else {
      this.#ended = true;
      this.#size = 0;
    }
  }

  /** The lease that counts all the memory that is held for the body. */
  get lease(): Lease {
    if (!this.#lease) throw new Error("nothing was borrowed for the body");
    return this.#lease;
  }

  /** Whether all of the body has been read. The bytes that were read last then stay the caller's. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Borrows the memory that the first read needs. If the body has borrowed from another budget before, what it holds
   * moves to this one. Throws Refused when there is no memory in time.
   */
  async borrow({ budget, claim, deadlineMs, isSmall, yields }: Loan): Promise<void> {
    const before = this.#lease;
    const lease = budget.lease(this.#owner, claim, yields);
    this.#watchdog.onTick = () => this.#tick();
    const wait = lease.grow(before?.bytes ?? this.#size);
    // The wait goes through the watchdog, so that the lease from before still shows that its request lives. The budget
    // bounds the wait itself.
    if (wait) await this.#watchdog.within(UPLOAD_DEADLINE_MS, wait);
    if (before) before.release();
    else this.#begun = Date.now();
    this.#lease = lease;
    if (isSmall) this.#isFixed = true;
    if (deadlineMs !== undefined) this.#deadlineMs = deadlineMs;
  }

  /** Gives back whatever is borrowed. */
  release(): void {
    this.#lease?.release();
  }

  /**
   * Returns the next bytes as soon as there are any, or undefined at the end. They are the caller's until the next
   * read. Throws Refused when the client stalls, takes too long, goes away, or is too slow while others wait for
   * memory.
   */
  async read(): Promise<Uint8Array | undefined> {
    const { lease } = this;
    lease.check();
    const left = this.#begun + this.#deadlineMs - Date.now();
    try {
      if (left <= 0) throw new TimeoutError();
      return await this.#read(Math.min(IDLE_BODY_MS, left));
    } catch (error) {
      if (error instanceof TimeoutError) lease.check();
      this.#ended = true;
      if (!(error instanceof TimeoutError)) throw new Refused(invalid("the body ended before it was complete"));
      const rule =
        left <= IDLE_BODY_MS
          ? `this body must come within ${this.#deadlineMs / 1000} seconds`
          : `the body sent nothing for ${IDLE_BODY_MS / 1000} seconds`;
      throw new Refused(refuse("REQUEST_TIMEOUT", rule));
    }
  }

  /**
   * Reads and drops what is left of the body, so that the client is listening when it is answered. Stops after
   * `maxBytes`, or after `maxMs` milliseconds.
   */
  async drain(maxBytes: number, maxMs: number): Promise<void> {
    if (this.#ended) return this.release();
    const deadline = Date.now() + maxMs;
    const stop = this.bytesRead + maxBytes;
    const borrowed = this.#lease;
    this.#memory = undefined;
    this.#most = DRAIN_MOST_BYTES;
    this.#isFixed = false;
    this.#lease = bodies.lease(this.#owner, DRAIN_MOST_BYTES);
    this.#watchdog.onTick = () => this.#tick();
    // A read that is under way still uses the borrowed buffer: its memory is given back after that read.
    if (!this.#pending) borrowed?.release();
    this.#size = DRAIN_FIRST_BYTES;
    try {
      while (!this.#ended && this.bytesRead < stop && Date.now() < deadline) {
        await this.#read(DRAIN_IDLE_MS);
        borrowed?.release();
      }
    } catch {
      this.#ended = true; // The client is gone or stalled: nobody waits for the answer.
    } finally {
      borrowed?.release();
      this.release();
    }
  }

  async #read(timeout: number): Promise<Uint8Array | undefined> {
    if (this.#ended || !this.#reader) return undefined;
    this.#lease?.awaiting();
    this.#pending ??= this.#reader.read(new Uint8Array(this.#memory ?? new ArrayBuffer(this.#size)));
    this.#memory = undefined;
    const read = this.#pending;
    this.#reading = true;
    let result;
    try {
      result = await this.#watchdog.within(timeout, read).catch((error: unknown) => {
        if (error instanceof TimeoutError && !this.#lease?.ending) return this.#watchdog.within(SECOND_LOOK_MS, read);
        throw error;
      });
    } finally {
      this.#reading = false;
    }
    const { value, done } = result;
    this.#pending = undefined;
    if (done) this.#ended = true;
    if (!value || value.byteLength === 0) return undefined;
    this.#lease?.received(value.byteLength);
    this.bytesRead += value.byteLength;
    this.#unbroken += value.byteLength;
    if (this.#unbroken >= BREATH_BYTES) {
      this.#unbroken = 0;
      await breathe();
    }
    // All that was declared is here: another read would only tell that the body has ended.
    if (this.bytesRead === this.declared) this.#ended = true;
    else this.#adapt(value);
    return value;
  }

  /** Chooses the next read's size by how much of its buffer the last one filled. */
  #adapt(value: Uint8Array<ArrayBuffer>): void {
    const filled = value.byteLength;
    const size = this.#size;
    this.#poor = filled < size / 8 ? this.#poor + 1 : 0;
    if (this.#isFixed) {
      // A small body has what it needs.
    } else if (filled >= size && size < this.#most) {
      const larger = Math.min(size * GROWTH, this.#most);
      if (this.#lease?.spare(larger - size)) this.#size = larger;
    } else if (this.#poor > 1 && size > LEAST_READ_BYTES) {
      this.#size = Math.max(filled * 2, LEAST_READ_BYTES);
      this.#lease?.shrink(size - this.#size);
    }
    // A buffer of another size is not used again: the lease counts a buffer of the new size alone.
    this.#memory = value.buffer.byteLength === this.#size ? value.buffer : undefined;
  }

  /** Shows that the request lives, and ends its read when its lease is over. */
  #tick(): void {
    this.#lease?.alive();
    if (this.#lease?.ending && this.#reading) this.#watchdog.expire();
  }
}

/**
 * The length that a body declares, in bytes. Beside a transfer coding, a Content-Length means nothing (RFC 9112 6.3),
 * and workerd passes it on all the same.
 */
function declaredLength(headers: Headers): number | undefined {
  const length = headers.get("Content-Length");
  if (length === null || headers.has("Transfer-Encoding")) return undefined;
  return /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}
