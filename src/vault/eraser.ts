import type { Index } from "./index.ts";
import { ERASE_KEYS } from "./limits.ts";

/**
 * Deletes the next bodies from R2 whose deletion D1 has recorded, (from, to], as many as one call takes. Returns the new
 * watermark. Deleting a body twice is harmless.
 */
export async function eraseStep(index: Index, bucket: R2Bucket, from: number, to: number): Promise<number> {
  const doomed = index.doomedBodies(from, to, ERASE_KEYS);
  if (doomed.length > 0) await bucket.delete(doomed.map(({ body }) => body));
  return doomed.length === ERASE_KEYS ? (doomed.at(-1)?.rev ?? to) : to;
}
