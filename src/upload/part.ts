import { refuse, Refused } from "../model/refusal.ts";
import { bodyBudget, type Lease } from "../http/budget.ts";
import { FILL_GRACE_MS, MIN_FILL_RATE, SMALL_BUFFER_BYTES } from "./limits.ts";

/** A part in memory, which counts against the budget until it is released. */
export class PartBuffer {
  readonly #lease: Lease;
  readonly #bytes: Uint8Array;
  #filled = 0;
  #since = Date.now();

  private constructor(lease: Lease, size: number) {
    this.#lease = lease;
    this.#bytes = new Uint8Array(size);
  }

  /** Waits for the memory. Throws Refused when it does not come in time. */
  static async open(vaultId: string, size: number): Promise<PartBuffer> {
    return new PartBuffer(await bodyBudget.lease(vaultId, size), size);
  }

  get size(): number {
    return this.#bytes.length;
  }

  get full(): boolean {
    return this.#filled === this.#bytes.length;
  }

  /** Takes as many of the bytes as fit. Throws Refused when they trickle in. */
  take(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.#bytes.length - this.#filled);
    this.#bytes.set(bytes.subarray(0, taken), this.#filled);
    this.#filled += taken;
    this.#lease.renew();
    const allowed = FILL_GRACE_MS + (this.#filled / MIN_FILL_RATE) * 1000;
    if (this.#bytes.length > SMALL_BUFFER_BYTES && Date.now() - this.#since > allowed) {
      throw new Refused(refuse("REQUEST_TIMEOUT", `the body must come at ${MIN_FILL_RATE} bytes per second or faster`));
    }
    return taken;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#filled);
  }

  /** Ready for the next part. */
  empty(): void {
    this.#filled = 0;
    this.#since = Date.now();
  }

  release(): void {
    this.#lease.release();
  }
}

/** Bytes of known length on their way to R2. A TransformStream would lose the length, which R2 insists on. */
export class LengthStream {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stored: Promise<R2UploadedPart | undefined>;
  /** Rejects when R2 gives up; a write alone would then wait for ever. */
  readonly #failed: Promise<never>;
  #left: number;

  constructor(length: number, store: (body: ReadableStream) => Promise<R2UploadedPart | undefined>) {
    const { readable, writable } = new FixedLengthStream(length);
    this.#left = length;
    this.#writer = writable.getWriter();
    this.#stored = store(readable);
    this.#failed = new Promise((_resolve, reject) => {
      this.#stored.catch(reject);
    });
    this.#failed.catch(() => {});
  }

  get full(): boolean {
    return this.#left === 0;
  }

  /** Writes as many of the bytes as are still to come; resolves when R2 has read them. */
  async write(bytes: Uint8Array): Promise<number> {
    const taken = Math.min(bytes.length, this.#left);
    await Promise.race([this.#writer.write(bytes.subarray(0, taken)), this.#failed]);
    this.#left -= taken;
    return taken;
  }

  async close(): Promise<R2UploadedPart | undefined> {
    await Promise.race([this.#writer.close(), this.#failed]);
    return this.#stored;
  }

  async abort(): Promise<void> {
    await this.#writer.abort(new Error("upload aborted")).catch(() => {});
    await this.#stored.catch(() => {});
  }
}

/** One part of a multipart upload, streamed. */
export const partStream = (upload: R2MultipartUpload, number: number, length: number): LengthStream =>
  new LengthStream(length, (body) => upload.uploadPart(number, body));

/** A whole body, streamed. */
export const putStream = (bucket: R2Bucket, key: string, length: number, contentType: string): LengthStream =>
  new LengthStream(length, async (body) => {
    await bucket.put(key, body, { httpMetadata: { contentType } });
    return undefined;
  });
