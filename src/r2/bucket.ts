/** Every call to R2 but those of a one-request upload's own stream (upload/body-sink.ts), each of them bounded in time. */

import { CALL_TIMEOUT_MS, R2_TIMEOUT_MS } from "../runtime/timeouts.ts";

/** R2 deletes up to 1,000 keys in one call, and lists as many. */
export const MAX_KEYS = 1_000;

/** Calls at once. An invocation may have six connections open, and calls to R2 count. */
const HEADS_AT_ONCE = 5;

/**
 * Whatever bounds a wait: the watchdog of a request, whose one timer serves all its waits, or `within` of
 * runtime/wait.ts.
 */
export interface Waits {
  /** Settles like `promise`, or rejects after `ms` milliseconds. */
  within<T>(ms: number, promise: Promise<T>): Promise<T>;
}

/** What names a multipart upload. */
export interface MultipartKey {
  readonly r2_key: string;
  readonly upload_id: string;
}

/** Whether R2 says that there is no such multipart upload (any more): error 10024. */
export const isNoUpload = (error: unknown): boolean => /\(10024\)/.test(String(error));

/** Whether R2 says that a part is not as it was told: not there, or with another tag (10025), or too small (10011). */
export const isBadPart = (error: unknown): boolean => /\((?:10025|10011|10048)\)/.test(String(error));

/**
 * The bucket. Every call comes to an end: with its answer, or with an error when its time is up. A call that is given
 * up may still land.
 */
export class Bucket {
  readonly #bucket: R2Bucket;
  readonly #waits: Waits;

  constructor(bucket: R2Bucket, waits: Waits) {
    this.#bucket = bucket;
    this.#waits = waits;
  }

  /**
   * Lists objects whose keys begin with `prefix` and come after `startAfter`, in the order of their keys, at most
   * {@link MAX_KEYS}.
   */
  list(prefix: string, startAfter?: string): Promise<R2Objects> {
    const options = { prefix, limit: MAX_KEYS, ...(startAfter ? { startAfter } : {}) };
    return this.#waits.within(CALL_TIMEOUT_MS, this.#bucket.list(options));
  }

  /** What R2 knows of an object; null when there is none. */
  head(key: string): Promise<R2Object | null> {
    return this.#waits.within(CALL_TIMEOUT_MS, this.#bucket.head(key));
  }

  /** The same of any number of objects, in their order. Each of them is a call. */
  async heads(keys: readonly string[]): Promise<(R2Object | null)[]> {
    const found: (R2Object | null)[] = [];
    for (let i = 0; i < keys.length; i += HEADS_AT_ONCE)
      found.push(...(await Promise.all(keys.slice(i, i + HEADS_AT_ONCE).map((key) => this.head(key)))));
    return found;
  }

  /**
   * A body, or a part of it, as a stream; null when there is none. This waits for the beginning of the body, and not
   * for the rest.
   */
  get(key: string, options: R2GetOptions): Promise<R2ObjectBody | null> {
    return this.#waits.within(R2_TIMEOUT_MS, this.#bucket.get(key, options));
  }

  /** Stores a body that is at hand. A stream must be one of a known length. */
  put(key: string, body: Uint8Array | ReadableStream, contentType: string, ms = R2_TIMEOUT_MS): Promise<R2Object> {
    return this.#waits.within(ms, this.#bucket.put(key, body, { httpMetadata: { contentType } }));
  }

  /**
   * Stores a body with this SHA-256, in lower-case hex, or nothing: R2 looks whether it has it, and keeps it.
   *
   * @param ms how long that may take. A stream may be as slow as its client
   */
  async putChecked(
    key: string,
    body: Uint8Array | ReadableStream,
    { contentType, sha256 }: { contentType: string; sha256: string },
    ms: number,
  ): Promise<void> {
    await this.#waits.within(ms, this.#bucket.put(key, body, { httpMetadata: { contentType }, sha256 }));
  }

  /** Begins a multipart upload. Returns its id. */
  async beginMultipart(key: string, contentType: string): Promise<string> {
    const begun = this.#bucket.createMultipartUpload(key, { httpMetadata: { contentType } });
    return (await this.#waits.within(CALL_TIMEOUT_MS, begun)).uploadId;
  }

  /** Stores a part of a multipart upload. Returns its entity tag, without which the upload cannot be completed. */
  async putPart(
    { r2_key, upload_id }: MultipartKey,
    number: number,
    body: Uint8Array | ReadableStream,
  ): Promise<{ number: number; etag: string }> {
    const part = this.#bucket.resumeMultipartUpload(r2_key, upload_id).uploadPart(number, body);
    return { number, etag: (await this.#waits.within(R2_TIMEOUT_MS, part)).etag };
  }

  /** Makes one body of all parts. Returns its size. */
  async completeMultipart(
    { r2_key, upload_id }: MultipartKey,
    parts: readonly { number: number; etag: string }[],
  ): Promise<number> {
    const numbered = parts.map(({ number, etag }) => ({ partNumber: number, etag }));
    const completed = this.#bucket.resumeMultipartUpload(r2_key, upload_id).complete(numbered);
    return (await this.#waits.within(R2_TIMEOUT_MS, completed)).size;
  }

  /** Gives up a multipart upload. It is no error if it is complete, or not there any more. */
  async abortMultipart(key: string, uploadId: string): Promise<void> {
    const aborted = this.#bucket.resumeMultipartUpload(key, uploadId).abort();
    await this.#waits.within(CALL_TIMEOUT_MS, aborted).catch((error: unknown) => {
      if (!isNoUpload(error)) throw error;
    });
  }

  /** Deletes up to {@link MAX_KEYS} objects. To delete what is not there is no error. */
  delete(keys: string | string[], ms = CALL_TIMEOUT_MS): Promise<void> {
    return this.#waits.within(ms, this.#bucket.delete(keys));
  }

  /**
   * Streams a body to a second key, because R2 has no copy and no rename. Returns whether there is such a body. When
   * writing fails, nothing stays at the second key. A copy that is given up before it writes does not write.
   */
  async copy(from: string, to: string, contentType: string, ms: number): Promise<boolean> {
    let isGivenUp = false;
    const copying = async (): Promise<boolean> => {
      const body = await this.#bucket.get(from);
      if (!body) return false;
      if (isGivenUp) throw new Error("the copy was given up");
      try {
        await this.#bucket.put(to, body.body, { httpMetadata: { contentType } });
      } catch (error) {
        await this.#bucket.delete(to);
        throw error;
      }
      return true;
    };
    try {
      return await this.#waits.within(ms, copying());
    } finally {
      isGivenUp = true;
    }
  }
}
