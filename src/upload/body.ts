import { createHash } from "node:crypto";
import { logError } from "../log.ts";
import { MAX_FILE_BYTES } from "../model/limits.ts";
import { refuse, Refused, unavailable } from "../model/refusal.ts";
import type { Budget, Lease } from "./budget.ts";
import { MAX_TRAILER_BYTES, PART_BYTES } from "./limits.ts";

/** What a body sink needs to know of the upload that feeds it. */
export interface BodySource {
  /** The key to stream to, asked once, when the body has grown too large to wait for the form's end. */
  key(): string;
  mimeType(): string;
  /** Bytes of the request that are still to come by its Content-Length; undefined when it has none. */
  remaining(): number | undefined;
  /** Asked once, before the first byte is streamed: throws Refused when the upload is doomed. */
  admit(): Promise<void>;
}

/**
 * A file's way into R2, as it arrives:
 *
 * - up to PART_BYTES: buffered, then one put;
 * - more: an R2 multipart upload of equal parts, one after the other. While the rest of the request is so long that the
 *   next part must be full, whatever else the form holds, the part is streamed and needs no memory; only the tail (and a
 *   body of unknown length) is buffered, part by part. The last part is never larger than the others: R2 wants that.
 *
 * Counts, hashes and limits the bytes on their way. Throws Refused; after that, or when the form turns out bad, `abort`
 * leaves nothing behind.
 */
export class BodySink {
  readonly #bucket: R2Bucket;
  readonly #budget: Budget;
  readonly #source: BodySource;
  readonly #hash = createHash("sha256");
  size = 0;
  /** Under which key the body is, or is being, stored. */
  #key: string | undefined;
  #lease: Lease | undefined;
  #buffer: Uint8Array | undefined;
  #buffered = 0;
  #upload: R2MultipartUpload | undefined;
  #parts: R2UploadedPart[] = [];
  #stream: PartStream | undefined;

  constructor(bucket: R2Bucket, budget: Budget, source: BodySource) {
    this.#bucket = bucket;
    this.#budget = budget;
    this.#source = source;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.size += bytes.length;
    if (this.size > MAX_FILE_BYTES) {
      throw new Refused(refuse("PAYLOAD_TOO_LARGE", `file: must be at most ${MAX_FILE_BYTES} bytes`));
    }
    this.#hash.update(bytes);
    this.#lease?.renew();
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#take(rest));
  }

  /**
   * Completes the body under `key` and returns its SHA-256 in lower-case hex. Throws Refused when the form broke the
   * promise that the part it was streaming would be full.
   */
  async finish(key: string, mimeType: string): Promise<string> {
    if (this.#stream)
      throw new Refused(refuse("INVALID_PARAMS", `the form must end within ${MAX_TRAILER_BYTES} bytes after its file`));
    await this.#store(async () => {
      const tail = this.#buffer?.subarray(0, this.#buffered) ?? new Uint8Array(0);
      if (!this.#upload) {
        this.#key = key;
        await this.#bucket.put(key, tail, { httpMetadata: { contentType: mimeType } });
        return;
      }
      if (tail.length > 0) await this.#uploadPart(tail);
      const upload = this.#upload;
      this.#upload = undefined; // From here on it is completed or unknown: the key is what to delete.
      await upload.complete(this.#parts);
    });
    this.#releaseBuffer();
    if (this.#key !== key) await this.#move(key, mimeType);
    return this.#hash.digest("hex");
  }

  /** Removes whatever there is. Never throws: what R2 would not delete now is found by reconcile. */
  async abort(): Promise<void> {
    this.#releaseBuffer();
    try {
      await this.#stream?.abort();
      if (this.#upload) await this.#upload.abort();
      else if (this.#key !== undefined) await this.#bucket.delete(this.#key);
    } catch (error) {
      logError("upload: abort failed", error);
    }
  }

  /** Stores some of the bytes and returns how many. */
  async #take(bytes: Uint8Array): Promise<number> {
    if (this.#stream) {
      const taken = await this.#storing(this.#stream.write(bytes));
      if (this.#stream.full) {
        this.#parts.push(await this.#storing(this.#stream.close()));
        this.#stream = undefined;
      }
      return taken;
    }
    if (this.#buffer && this.#buffered < this.#buffer.length) {
      const taken = Math.min(bytes.length, this.#buffer.length - this.#buffered);
      this.#buffer.set(bytes.subarray(0, taken), this.#buffered);
      this.#buffered += taken;
      return taken;
    }
    if (this.#buffer) {
      // Full, and there is more: it becomes a part.
      await this.#begin();
      await this.#store(() => this.#uploadPart(this.#buffer ?? new Uint8Array(0)));
      this.#buffered = 0;
    }
    const remaining = this.#source.remaining();
    const expected = remaining === undefined ? undefined : bytes.length + remaining;
    if (expected !== undefined && expected - MAX_TRAILER_BYTES >= PART_BYTES) {
      this.#releaseBuffer();
      const upload = await this.#begin();
      this.#stream = new PartStream(upload, this.#parts.length + 1, PART_BYTES);
    } else if (!this.#buffer) {
      const bytesNeeded = Math.min(PART_BYTES, expected ?? PART_BYTES);
      this.#lease = await this.#budget.lease(bytesNeeded);
      this.#buffer = new Uint8Array(bytesNeeded);
    }
    return 0;
  }

  async #begin(): Promise<R2MultipartUpload> {
    if (this.#upload) return this.#upload;
    await this.#source.admit();
    this.#key = this.#source.key();
    const key = this.#key;
    const options = { httpMetadata: { contentType: this.#source.mimeType() } };
    this.#upload = await this.#store(() => this.#bucket.createMultipartUpload(key, options));
    return this.#upload;
  }

  async #uploadPart(bytes: Uint8Array): Promise<void> {
    if (!this.#upload) throw new Error("no multipart upload");
    this.#parts.push(await this.#upload.uploadPart(this.#parts.length + 1, bytes));
  }

  /** R2 has no rename: the body is copied, streaming, and the first copy deleted. */
  async #move(key: string, mimeType: string): Promise<void> {
    const from = this.#key;
    if (from === undefined) throw new Error("nothing to move");
    await this.#store(async () => {
      const body = await this.#bucket.get(from);
      if (!body) throw new Error("the staged body has vanished");
      try {
        await this.#bucket.put(key, body.body, { httpMetadata: { contentType: mimeType } });
      } catch (error) {
        await this.#bucket.delete(key);
        throw error;
      }
      this.#key = key;
      await this.#bucket.delete(from);
    });
  }

  #releaseBuffer(): void {
    this.#buffer = undefined;
    this.#buffered = 0;
    this.#lease?.release();
    this.#lease = undefined;
  }

  #store<T>(call: () => Promise<T>): Promise<T> {
    return this.#storing(call());
  }

  /** A failure of R2 is not the client's fault, and passes. */
  async #storing<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (error instanceof Refused) throw error;
      logError("upload: R2 failed", error);
      throw new Refused(unavailable("the file could not be stored: try again"));
    }
  }
}

/** One part of known length on its way to R2. A TransformStream would lose the length, which R2 insists on. */
class PartStream {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #uploaded: Promise<R2UploadedPart>;
  /** Rejects when R2 gives up on the part; a write alone would then wait for ever. */
  readonly #failed: Promise<never>;
  #left: number;

  constructor(upload: R2MultipartUpload, number: number, length: number) {
    const { readable, writable } = new FixedLengthStream(length);
    this.#left = length;
    this.#writer = writable.getWriter();
    this.#uploaded = upload.uploadPart(number, readable);
    this.#failed = new Promise((_, reject) => {
      this.#uploaded.catch(reject);
    });
    this.#failed.catch(() => {});
  }

  get full(): boolean {
    return this.#left === 0;
  }

  /** Writes as many of the bytes as the part still takes; resolves when R2 has read them. */
  async write(bytes: Uint8Array): Promise<number> {
    const taken = Math.min(bytes.length, this.#left);
    await Promise.race([this.#writer.write(bytes.subarray(0, taken)), this.#failed]);
    this.#left -= taken;
    return taken;
  }

  async close(): Promise<R2UploadedPart> {
    await Promise.race([this.#writer.close(), this.#failed]);
    return this.#uploaded;
  }

  async abort(): Promise<void> {
    await this.#writer.abort(new Error("upload aborted")).catch(() => {});
    await this.#uploaded.catch(() => {});
  }
}
