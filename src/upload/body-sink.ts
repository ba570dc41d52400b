/**
 * A file's way from a request into R2: buffered or streamed while it arrives, within bounds of size, memory and time.
 */

import { createHash } from "node:crypto";
import { Pieces } from "../http/pieces.ts";
import type { BodyReader } from "../http/body-reader.ts";
import { Bucket } from "../r2/bucket.ts";
import { logError } from "../runtime/log.ts";
import { R2_TIMEOUT_MS } from "../runtime/timeouts.ts";
import { MAX_FILE_BYTES } from "../model/limits.ts";
import { invalid, refuse, Refused, unavailable } from "../model/refusal.ts";
import type { BodyFacts, BodySource, UploadContext } from "./body-source.ts";
import { ImageReader } from "./image/image.ts";
import { DISCARD_MS, MAX_TRAILER_BYTES, PART_BYTES, SMALL_FILE_BYTES, STORE_MS } from "./limits.ts";
import { type LengthStream, partPieces, partStream, putPieces, putStream } from "./r2-part.ts";

const KIB = 1024;

/** An upload that may need a larger buffer than this asks its vault first whether it is welcome. */
const SMALL_BUFFER_BYTES = 64 * KIB;

/**
 * A file of up to this size is lent all its memory at once, and goes to R2 in one piece. A larger one begins with half
 * as much.
 */
const ONE_BUFFER_BYTES = 32 * KIB;
const FIRST_BUFFER_BYTES = ONE_BUFFER_BYTES / 2;

/**
 * A file's way into R2, as it arrives:
 *
 * - A file of known size is streamed into one put, unless it is small.
 * - A file of up to PART_BYTES is buffered, and then put at once.
 * - A larger one becomes an R2 multipart upload of equal parts, one after the other. While the rest of the request is
 *   so long that the next part must become full, whatever else the form holds, the part is streamed and needs no
 *   memory. Only the tail is buffered, part by part, and so is all of a body of unknown length. The last part is never
 *   larger than the others: R2 wants that.
 *
 * The sink counts, hashes, measures and limits the bytes on their way. It throws Refused. After that, or when the form
 * turns out to be bad, `abort` leaves nothing behind.
 *
 * Until `store` is called, nothing can be seen in R2: the last bytes of a body that is streamed whole are held back
 * until then.
 */
export class BodySink {
  readonly #context: UploadContext;
  /** The bucket itself, for the stream of the upload. The steps of that stream are bounded here. */
  readonly #r2: R2Bucket;
  readonly #bucket: Bucket;
  readonly #reader: BodyReader;
  readonly #source: BodySource;
  readonly #hash = createHash("sha256");
  readonly #image = new ImageReader();
  /** How many bytes have been lent for what the image reader keeps. */
  #imageBytes = 0;
  #size = 0;
  #sha256 = "";
  /** The key under which the body is stored, or is being stored; undefined while it is under none. */
  #key: string | undefined;
  #checked = false;
  /** The most bytes that the vault takes, as far as it has said, and the upload's ticket. */
  #most: number;
  #buffer: Pieces | undefined;
  /** The stream that is open: of a part or, when there is no multipart upload, of the whole body. */
  #stream: LengthStream | undefined;
  #upload: R2MultipartUpload | undefined;
  readonly #parts: R2UploadedPart[] = [];
  /** The last bytes of a body that is streamed whole, held back until `store`. */
  #last: Uint8Array | undefined;
  /** How long the removal of what is in R2 may take. Milliseconds. */
  #abortMs = R2_TIMEOUT_MS;

  constructor(context: UploadContext, reader: BodyReader, source: BodySource) {
    this.#context = context;
    this.#r2 = context.env.BUCKET;
    this.#bucket = new Bucket(this.#r2, context.watchdog);
    this.#reader = reader;
    this.#source = source;
    this.#most = context.terms?.max_file_bytes ?? Infinity;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.length;
    if (this.#size > MAX_FILE_BYTES) {
      throw new Refused(refuse("PAYLOAD_TOO_LARGE", `file: must be at most ${MAX_FILE_BYTES} bytes`));
    }
    if (this.#size > this.#most) await this.#ask();
    this.#hash.update(bytes);
    this.#image.write(bytes);
    await this.#lendImage();
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#take(rest));
  }

  /**
   * Says that all bytes have come. Throws Refused when they are not what was promised.
   *
   * @param promised the digest in lower-case hex; undefined when nothing was promised
   */
  verify(promised: string | undefined): void {
    this.#sha256 = this.#hash.digest("hex");
    if (promised !== undefined && promised !== this.#sha256) {
      throw new Refused(invalid(`Content-Digest: the file's SHA-256 is ${this.#sha256}`));
    }
    if (this.#stream && !this.#last) {
      // The part was certain to become full, unless more follows the file than a form may hold.
      throw new Refused(invalid(`the form must end within ${MAX_TRAILER_BYTES} bytes after its file`));
    }
  }

  /** Completes the verified body under `key`, within STORE_MS. Throws Refused when R2 fails. */
  async store(key: string, mimeType: string): Promise<BodyFacts> {
    this.#abortMs = DISCARD_MS;
    const until = Date.now() + STORE_MS;
    await this.#storing(this.#complete(key, mimeType), STORE_MS);
    this.#buffer?.release();
    if (this.#key !== key) await this.#storing(this.#move(key, mimeType, until), until - Date.now());
    return { size: this.#size, sha256: this.#sha256, dimensions: this.#image.end() };
  }

  /** Removes whatever there is in R2. Never throws: what R2 would not delete now is found by a reconciliation. */
  async abort(): Promise<void> {
    this.#buffer?.release();
    try {
      await this.#context.watchdog.within(this.#abortMs, this.#remove());
    } catch (error) {
      this.#log("upload: abort failed", error);
    }
  }

  async #remove(): Promise<void> {
    await this.#stream?.abort();
    // A multipart upload whose completion failed may be complete all the same: then there is nothing to abort.
    await this.#upload?.abort().catch(() => {});
    if (this.#key !== undefined) await this.#bucket.delete(this.#key, this.#abortMs);
  }

  /** What the image reader keeps of a file counts into the lease, like everything else. */
  async #lendImage(): Promise<void> {
    const more = this.#image.held - this.#imageBytes;
    if (more <= 0) return;
    await this.#reader.lease.grow(more);
    this.#imageBytes += more;
  }

  /** Stores some of the bytes and returns how many. */
  async #take(bytes: Uint8Array): Promise<number> {
    if (!this.#stream && (!this.#buffer || this.#buffer.full)) await this.#makeRoom(bytes.length);
    if (this.#buffer) {
      if (this.#buffer.cramped) await this.#buffer.grow(this.#size);
      return this.#buffer.take(bytes);
    }
    const stream = this.#stream;
    if (!stream) throw new Error("there is neither buffer nor stream");
    if (this.#last) throw new Refused(longer());
    if (!this.#upload && bytes.length >= stream.left) {
      // The body's reader is at the end and does not use its buffer again, so the last bytes can stay there.
      this.#last = bytes.subarray(0, stream.left);
      return this.#last.length;
    }
    const taken = await this.#storing(stream.write(bytes));
    if (stream.full) {
      const part = await this.#storing(stream.close());
      if (part) this.#parts.push(part);
      this.#stream = undefined;
    }
    return taken;
  }

  /**
   * Opens the buffer or stream that the next bytes go to. A full buffer becomes a part first.
   *
   * @param inHand how many bytes are here but not stored yet
   */
  async #makeRoom(inHand: number): Promise<void> {
    const { size } = this.#source;
    if (size !== undefined && size > SMALL_FILE_BYTES && !this.#key) {
      await this.#checkUpload();
      this.#key = this.#source.key();
      this.#stream = putStream(this.#r2, this.#key, size, this.#source.mimeType());
      return;
    }
    if (this.#buffer) {
      if (this.#buffer.size < PART_BYTES) throw new Refused(longer());
      await this.#begin();
      await this.#storing(this.#uploadPart(this.#buffer));
      this.#buffer.empty();
    }
    const { declared, bytesRead, lease } = this.#reader;
    const expected = declared === undefined || declared < bytesRead ? undefined : inHand + declared - bytesRead;
    const certain = expected !== undefined && expected - MAX_TRAILER_BYTES >= PART_BYTES;
    // Whoever gives its memory back between two parts lets others have a turn.
    if (certain || lease.wanted) {
      this.#buffer?.release();
      this.#buffer = undefined;
    }
    if (certain) {
      const upload = await this.#begin();
      this.#stream = partStream(upload, this.#parts.length + 1, PART_BYTES);
    } else {
      const needed = Math.min(PART_BYTES, expected ?? PART_BYTES);
      if (needed > SMALL_BUFFER_BYTES) await this.#checkUpload();
      const first = needed <= ONE_BUFFER_BYTES ? needed : FIRST_BUFFER_BYTES;
      this.#buffer ??= new Pieces(this.#reader, needed, first);
    }
  }

  async #begin(): Promise<R2MultipartUpload> {
    if (this.#upload) return this.#upload;
    await this.#checkUpload();
    this.#key = this.#source.key();
    const options = { httpMetadata: { contentType: this.#source.mimeType() } };
    this.#upload = await this.#storing(this.#r2.createMultipartUpload(this.#key, options));
    return this.#upload;
  }

  async #checkUpload(): Promise<void> {
    if (!this.#checked) await this.#ask();
    this.#checked = true;
  }

  /** Asks the vault whether it takes a file that has at least so many bytes. */
  async #ask(): Promise<void> {
    const { declared = 0, bytesRead } = this.#reader;
    const least = this.#source.size ?? this.#size + Math.max(0, declared - bytesRead - MAX_TRAILER_BYTES);
    this.#most = await this.#source.checkUpload(least);
  }

  async #uploadPart(bytes: Pieces): Promise<void> {
    if (!this.#upload) throw new Error("no multipart upload");
    this.#parts.push(await partPieces(this.#upload, this.#parts.length + 1, bytes));
  }

  async #complete(key: string, mimeType: string): Promise<void> {
    if (this.#upload) {
      if (this.#buffer && this.#buffer.length > 0) await this.#uploadPart(this.#buffer);
      await this.#upload.complete(this.#parts);
      this.#upload = undefined;
    } else if (this.#stream && this.#last) {
      await this.#stream.write(this.#last);
      await this.#stream.close();
      this.#stream = undefined;
    } else {
      this.#key = key;
      await putPieces(this.#r2, key, this.#buffer ?? new Pieces(this.#reader, 0, 0), mimeType);
    }
  }

  /** Copies the staged body to its own key and deletes the first copy, by `until` (epoch milliseconds). */
  async #move(key: string, mimeType: string, until: number): Promise<void> {
    const from = this.#key;
    if (from === undefined) throw new Error("nothing to move");
    const isCopied = await this.#bucket.copy(from, key, mimeType, until - Date.now());
    if (!isCopied) throw new Error("the staged body has vanished");
    this.#key = key;
    // The copy is what counts now. A reconciliation finds what stays behind.
    const deleted = this.#bucket.delete(from, until - Date.now());
    await deleted.catch((error: unknown) => this.#log("upload: staged body stays", error));
  }

  /** Bounds a call to R2. A failure becomes a 503, because it is not the client's fault and passes. */
  async #storing<T>(call: Promise<T>, ms = R2_TIMEOUT_MS): Promise<T> {
    try {
      return await this.#context.watchdog.within(ms, call);
    } catch (error) {
      if (error instanceof Refused) throw error;
      this.#log("upload: R2 failed", error);
      throw new Refused(unavailable("the file could not be stored: try again"));
    }
  }

  #log(event: string, error: unknown): void {
    const { request, vaultId } = this.#context;
    logError(event, error, { request, vault: vaultId });
  }
}

const longer = () => invalid("the body is longer than its Content-Length");
