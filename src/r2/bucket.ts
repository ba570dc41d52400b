import { CALL_TIMEOUT_MS } from "../runtime/timeouts.ts";
import { within } from "../runtime/wait.ts";

/** R2 deletes up to 1,000 keys in one call, and lists as many. */
export const MAX_KEYS = 1_000;

/**
 * The bucket as a vault uses it. Every call comes to an end: with its answer, or with an error after
 * {@link CALL_TIMEOUT_MS}.
 */
export class Bucket {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  /** Objects whose keys begin with `prefix` and come after `startAfter`, in the order of their keys; at most {@link MAX_KEYS}. */
  list(prefix: string, startAfter?: string): Promise<R2Objects> {
    const options = { prefix, limit: MAX_KEYS, ...(startAfter ? { startAfter } : {}) };
    return within(CALL_TIMEOUT_MS, this.#bucket.list(options));
  }

  head(key: string): Promise<R2Object | null> {
    return within(CALL_TIMEOUT_MS, this.#bucket.head(key));
  }

  /** Deleting what is not there is no error. At most {@link MAX_KEYS} at once. */
  delete(keys: string[]): Promise<void> {
    return within(CALL_TIMEOUT_MS, this.#bucket.delete(keys));
  }
}
