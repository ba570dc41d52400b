/** The relay to R2: it deletes bodies whose asset is gone, after D1 has recorded the deletion. */

import { type Bucket, MAX_KEYS } from "../../r2/bucket.ts";
import type { VaultDatabase } from "../state/database.ts";

/**
 * One step of the relay: deletes the bodies whose deletion has a revision in (from, to], as many as one call takes.
 * Returns R2's new watermark. Deleting a body twice is harmless.
 */
export async function deleteBodies(database: VaultDatabase, bucket: Bucket, from: number, to: number): Promise<number> {
  const doomed = database.outbox.doomedKeys(from, to, MAX_KEYS);
  if (doomed.length > 0) await bucket.delete(doomed.map(({ r2_key }) => r2_key));
  return doomed.length === MAX_KEYS ? (doomed.at(-1)?.rev ?? to) : to;
}
