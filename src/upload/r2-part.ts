/**
 * Hands bodies, and parts of them, to R2, streamed or collected. R2 insists on knowing their length before they come.
 */

import type { Pieces } from "../http/pieces.ts";
import { JOIN_BYTES } from "./limits.ts";

/** A stream of known length to R2. A TransformStream would lose the length, which R2 insists on. */
export class LengthStream {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stored: Promise<R2UploadedPart | undefined>;
  /** Rejects when R2 gives up. A write alone would then wait for ever. */
  readonly #failed: Promise<never>;
  /** Bytes still to come. */
  left: number;

  constructor(length: number, store: (body: ReadableStream) => Promise<R2UploadedPart | undefined>) {
    const { readable, writable } = new FixedLengthStream(length);
    this.left = length;
    this.#writer = writable.getWriter();
    this.#stored = store(readable);
    this.#failed = new Promise((_resolve, reject) => {
      this.#stored.catch(reject);
    });
    this.#failed.catch(() => {});
  }

  get full(): boolean {
    return this.left === 0;
  }

  /** Writes as many of the bytes as are still to come, and returns how many. Resolves when R2 has read them. */
  async write(bytes: Uint8Array): Promise<number> {
    const taken = Math.min(bytes.length, this.left);
    await Promise.race([this.#writer.write(bytes.subarray(0, taken)), this.#failed]);
    this.left -= taken;
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

/** Opens the stream of one part of a multipart upload. */
export const partStream = (upload: R2MultipartUpload, number: number, length: number): LengthStream =>
  new LengthStream(length, (body) => upload.uploadPart(number, body));

/** Opens the stream of a whole body. */
export const putStream = (bucket: R2Bucket, key: string, length: number, contentType: string): LengthStream =>
  new LengthStream(length, async (body) => {
    await bucket.put(key, body, { httpMetadata: { contentType } });
    return undefined;
  });

/**
 * Hands collected bytes to R2: as one piece when they are one or are not large, else as a stream.
 *
 * @param mayGrow whether small ones may take as much memory again, to become one piece. A lease that is over gives none
 */
export async function sendPieces<T>(
  bytes: Pieces,
  store: (body: Uint8Array | ReadableStream) => Promise<T>,
  mayGrow = true,
): Promise<T> {
  if (mayGrow && bytes.length <= JOIN_BYTES) await bytes.join();
  const [first = new Uint8Array(0), ...more] = bytes;
  if (more.length === 0) return store(first);
  const { readable, writable } = new FixedLengthStream(bytes.length);
  const stored = store(readable);
  const writer = writable.getWriter();
  const written = (async () => {
    for (const piece of bytes) await writer.write(piece);
    await writer.close();
  })();
  // `stored` alone is waited for. When R2 gives up, a write would wait for ever, and when R2 succeeds, it has read
  // everything.
  written.catch(() => {});
  return stored;
}

/** Puts a whole body that was collected. */
export const putPieces = (bucket: R2Bucket, key: string, bytes: Pieces, contentType: string): Promise<unknown> =>
  sendPieces(bytes, (body) => bucket.put(key, body, { httpMetadata: { contentType } }));

/** Uploads one part that was collected. */
export const partPieces = (upload: R2MultipartUpload, number: number, bytes: Pieces): Promise<R2UploadedPart> =>
  sendPieces(bytes, (body) => upload.uploadPart(number, body));
