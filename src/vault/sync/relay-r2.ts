import { type Bucket, MAX_KEYS } from "../../r2/bucket.ts";
import type { VaultDatabase } from "../state/database.ts";

/**
 * Deletes the next bodies from R2 whose deletion D1 has recorded, (from, to], as many as one call takes. Returns the new
 * watermark. Deleting a body twice is harmless.
 */
export async function deleteBodies(database: VaultDatabase, bucket: Bucket, from: number, to: number): Promise<number> {
  const doomed = database.outbox.doomedKeys(from, to, MAX_KEYS);
  if (doomed.length > 0) await bucket.delete(doomed.map(({ r2_key }) => r2_key));
  return doomed.length === MAX_KEYS ? (doomed.at(-1)?.rev ?? to) : to;
}
