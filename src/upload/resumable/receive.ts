/**
 * The bytes of one request on their way into a session. They are collected in memory, part by part: a part that was
 * streamed into R2 and is cut off is lost, and what has come of an interrupted request is to be kept
 * (docs/decisions/026-sessions.md).
 *
 * A *part* is PART_BYTES of the file that R2 has as a part of a multipart upload. The *tail* is what has come behind the
 * last whole part. Each save names the parts, the tail and the state of the digest at one offset.
 */

import { createHash, type Hash } from "node:crypto";
import type { BodyReader } from "../../http/body-reader.ts";
import { Pieces } from "../../http/pieces.ts";
import type { Checksum } from "../../http/tus.ts";
import { newAssetId } from "../../model/id.ts";

import { refuse, Refused } from "../../model/refusal.ts";
import type { HeldSession, KnownDimensions, Multipart, SessionPart } from "../../model/session.ts";
import { bodyKey, leftoverKey } from "../../r2/keys.ts";
import { busy } from "../../runtime/lease.ts";
import { TimeoutError } from "../../runtime/wait.ts";
import { ImageReader } from "../image/image.ts";
import { PART_BYTES, SESSION_SIGN_MS } from "../limits.ts";
import { sendPieces } from "../r2-part.ts";
import { type ResumableDigest, resumeDigest } from "./sha256.ts";
import type { SessionContext } from "./context.ts";

const FIRST_PIECE_BYTES = 16 * 1024;

/** Up to this size the bytes that are in no part yet stand in the session's row. More go to R2. */
const ROW_TAIL_BYTES = 64 * 1024;

/** While a client is silent, at most this many bytes are stored for each that has come since the last save. */
const MOST_STORED_AGAIN = 8;

/** The type of leftovers in R2. Nobody is served one. */
const LEFTOVER_TYPE = "application/octet-stream";

/** What a session is when all of its bytes have come, and the last ones are in memory still. */
export interface Complete {
  /** The bytes behind the last whole part. They are the whole file when it is in no multipart upload. */
  readonly tail: Pieces;
  readonly multipart: Multipart | null;
  readonly parts: readonly SessionPart[];
  readonly sha256: string;
  readonly dimensions: KnownDimensions;
}

export class SessionReceiver {
  readonly #context: SessionContext;
  readonly #session: HeldSession;
  readonly #reader: BodyReader;
  readonly #checksum: Checksum | undefined;
  readonly #sum: Hash | undefined;
  readonly #digest: ResumableDigest;
  /** Undefined when the first bytes of the file came with an earlier request. */
  readonly #image: ImageReader | undefined;
  #tail: Pieces;
  #multipart: Multipart | null;
  /** All parts, and how many of them are saved. */
  readonly #parts: SessionPart[];
  #savedParts: number;
  #offset: number;
  #savedOffset: number;
  /** Whether nothing may be saved before the last byte, since the request may come to be refused as a whole. */
  readonly #isWhole: boolean;
  #lastByte = Date.now();
  #lastSign = Date.now();

  constructor(context: SessionContext, session: HeldSession, reader: BodyReader, checksum: Checksum | undefined) {
    this.#context = context;
    this.#session = session;
    this.#reader = reader;
    this.#checksum = checksum;
    this.#sum = checksum && createHash(checksum.algorithm);
    this.#digest = resumeDigest(session.digest);
    this.#image = session.offset === 0 ? new ImageReader() : undefined;
    this.#parts = [...session.parts];
    this.#tail = new Pieces(reader, this.#tailSize(session.parts.length), FIRST_PIECE_BYTES);
    this.#multipart = session.multipart;
    this.#savedParts = session.parts.length;
    this.#offset = this.#savedOffset = session.offset;
    this.#isWhole = checksum !== undefined || reader.declared === undefined;
  }

  /**
   * Takes the bytes of the request. Returns what there is when they complete the file, and undefined when they do not:
   * they are saved then. Throws Refused when the request is refused or cut off. What of it counts is saved then, too.
   */
  async receive(): Promise<Complete | undefined> {
    await this.#loadTail();
    try {
      for (let chunk = await this.#next(); chunk; chunk = await this.#next()) await this.#take(chunk);
    } catch (error) {
      // Of what was cut off, that counts which has come. Of what is refused, nothing.
      const isCut = error instanceof Refused && !(error instanceof Uncounted) && !this.#context.isLost;
      if (isCut && this.#checksum === undefined) await this.#save(true);
      throw error;
    }
    this.#verify();
    if (this.#offset < this.#session.length) {
      await this.#save(true);
      return undefined;
    }
    return {
      tail: this.#tail,
      multipart: this.#multipart,
      parts: this.#parts,
      sha256: this.#digest.digest(),
      dimensions: this.#dimensions(true),
    };
  }

  /** How many bytes of the file are here. */
  get offset(): number {
    return this.#offset;
  }

  /** The parts that are to be saved with the last one. */
  get unsaved(): readonly SessionPart[] {
    return this.#parts.slice(this.#savedParts);
  }

  /** How large the tail can become behind so many parts. */
  #tailSize(parts: number): number {
    return Math.min(PART_BYTES, this.#session.length - parts * PART_BYTES);
  }

  /** Brings the saved tail into memory. */
  async #loadTail(): Promise<void> {
    const { tail, tail_key, parts } = this.#session;
    if (tail) await this.#tail.add(tail);
    if (tail_key !== null) {
      for await (const bytes of this.#context.stream(tail_key)) await this.#tail.add(bytes);
    }
    const expected = this.#offset - parts.length * PART_BYTES;
    if (this.#tail.length !== expected) throw new Error(`a tail has ${this.#tail.length} bytes, not ${expected}`);
  }

  /**
   * The next bytes of the request. While none come, the tail is saved: whoever takes the session over builds on it.
   */
  async #next(): Promise<Uint8Array | undefined> {
    const pending = this.#reader.read();
    for (;;) {
      try {
        return await this.#context.watchdog.within(SESSION_SIGN_MS, pending);
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
        // What has come is saved on the way out, and the client goes on from there.
        if (this.#reader.lease.mustYield) throw new Refused(busy());
        if (!this.#isWhole && this.#isWorthSaving) await this.#save(false);
      }
    }
  }

  /**
   * Whether enough has come since the last save. The whole tail is stored each time, so whoever sends a byte every few
   * seconds would have R2 store megabytes for each.
   */
  get #isWorthSaving(): boolean {
    const unsaved = this.#offset - this.#savedOffset;
    return unsaved > 0 && unsaved * MOST_STORED_AGAIN >= this.#tail.length;
  }

  async #take(chunk: Uint8Array): Promise<void> {
    if (this.#offset + chunk.length > this.#session.length) throw new Uncounted(overrun());
    this.#sum?.update(chunk);
    for (let rest = chunk; rest.length > 0;) {
      if (this.#tail.full) await this.#makePart();
      if (this.#tail.cramped) await this.#tail.grow();
      const taken = rest.subarray(0, this.#tail.take(rest));
      this.#digest.update(taken);
      // Tail, digest and offset are saved as one, also when what follows here is refused.
      this.#offset += taken.length;
      rest = rest.subarray(taken.length);
      await this.#look(taken);
    }
    this.#lastByte = Date.now();
    if (this.#lastByte - this.#lastSign < SESSION_SIGN_MS) return;
    this.#lastSign = this.#lastByte;
    await this.#context.sign();
  }

  /** Shows the image reader the bytes, as long as it wants any. What it keeps counts into the lease. */
  async #look(bytes: Uint8Array): Promise<void> {
    const image = this.#image;
    if (!image || image.isDecided) return;
    const before = image.held;
    image.write(bytes);
    if (image.held > before) await this.#reader.lease.grow(image.held - before);
  }

  #dimensions(isEnd: boolean): KnownDimensions {
    if (!this.#image) return this.#session.dimensions;
    return isEnd || this.#image.isDecided ? this.#image.end() : undefined;
  }

  /** The tail is full, and more follows: it becomes a part. */
  async #makePart(): Promise<void> {
    this.#multipart ??= await this.#begin();
    this.#parts.push(await putTail(this.#context, this.#multipart, this.#parts.length + 1, this.#tail));
    // The memory is used again for the next part, unless that one is smaller.
    if (this.#tailSize(this.#parts.length) === this.#tail.size) this.#tail.empty();
    else {
      this.#tail.release();
      this.#tail = new Pieces(this.#reader, this.#tailSize(this.#parts.length), FIRST_PIECE_BYTES);
    }
    if (!this.#isWhole) await this.#save(false);
  }

  async #begin(): Promise<Multipart> {
    const { bucket, vaultId } = this.#context;
    const { file } = this.#session;
    const asset_id = newAssetId();
    const r2_key = bodyKey(vaultId, file, asset_id);
    const upload_id = await this.#context.storing(bucket.beginMultipart(r2_key, file.mime_type));
    return { asset_id, r2_key, upload_id };
  }

  /** The request has failed: gives up a multipart upload that no session will ever name. R2 would keep it for a week. */
  async forgetMultipart(): Promise<void> {
    if (!this.#multipart || this.#context.mayBeNamed) return;
    const { r2_key, upload_id } = this.#multipart;
    const aborted = this.#context.bucket.abortMultipart(r2_key, upload_id);
    await aborted.catch((error: unknown) => this.#context.log("session: a multipart upload stays", error));
  }

  /** Saves all that has come. */
  async #save(isLast: boolean): Promise<void> {
    if (this.#offset === this.#savedOffset) return;
    const isSmall = this.#tail.length <= ROW_TAIL_BYTES;
    let tail_key: string | null = null;
    if (!isSmall) {
      const { bucket, vaultId } = this.#context;
      const key = leftoverKey(vaultId, this.#session.id, this.#offset, this.#session.fence);
      // The lease may be over: what has come is saved all the same.
      const sent = sendPieces(this.#tail, (body) => bucket.put(key, body, LEFTOVER_TYPE), false);
      await this.#context.storing(sent);
      tail_key = key;
    }
    await this.#context.save({
      offset: this.#offset,
      multipart: this.#multipart,
      parts: this.unsaved,
      tail: isSmall && this.#tail.length > 0 ? Buffer.concat([...this.#tail]) : null,
      tail_key,
      digest: this.#digest.state(),
      sha256: null,
      dimensions: this.#dimensions(false),
      idleMs: Date.now() - this.#lastByte,
      isLast,
    });
    this.#savedParts = this.#parts.length;
    this.#savedOffset = this.#offset;
  }

  #verify(): void {
    if (!this.#sum || !this.#checksum) return;
    const digest = this.#sum.digest();
    if (digest.toString("hex") === this.#checksum.digest) return;
    const sent = `${this.#checksum.algorithm} ${digest.toString("base64")}`;
    throw new Uncounted(refuse("CHECKSUM_MISMATCH", `Upload-Checksum: the body's is ${sent}`));
  }
}

/** Stores what was collected as a part. */
export const putTail = (
  context: SessionContext,
  multipart: Multipart,
  number: number,
  tail: Pieces,
): Promise<SessionPart> => context.storing(sendPieces(tail, (body) => context.bucket.putPart(multipart, number, body)));

/** A refusal after which nothing of the request counts that is not saved already. */
class Uncounted extends Refused {}

const overrun = () => refuse("PAYLOAD_TOO_LARGE", "the body is longer than what is left of Upload-Length");
