/** Sweep: ends the sessions that have expired, removes what R2 has of ended ones, and forgets those long over. */

import { leftoverPrefix } from "../../r2/keys.ts";
import type { Bucket } from "../../r2/bucket.ts";
import { breathe } from "../../runtime/wait.ts";
import { SESSION_KEPT_MS } from "../../model/limits.ts";
import { MAX_CALLS } from "../limits.ts";
import type { VaultDatabase } from "../state/database.ts";
import type { Remains } from "../state/sessions.ts";

/** The most sessions that one run ends or forgets. Each has up to 640 rows of parts. */
const SESSIONS = 50;

/** The most calls that it takes to remove one session from R2: a list, two deletions and the end of its multipart upload. */
export const SWEEP_CALLS = 4;

/**
 * One bounded run, after D1 has confirmed that this storage is not old: an old one may not know that a session has become
 * an asset. Returns when to run again, in epoch milliseconds.
 */
export async function sweepSessions(vaultId: string, database: VaultDatabase, bucket: Bucket): Promise<number> {
  const { sessions } = database;
  database.transaction(() => {
    for (const { id, state, is_swept } of sessions.over(Date.now(), SESSIONS)) {
      if (state === "open" || state === "completing") sessions.end(id, Date.now() + SESSION_KEPT_MS);
      else if (state === "done" || is_swept === 1) sessions.forget(id);
    }
  });
  for (const remains of sessions.unswept(Math.floor(MAX_CALLS / SWEEP_CALLS))) {
    await removeRemains(vaultId, database, bucket, remains);
    sessions.update(remains.id, { is_swept: 1 });
    await breathe();
  }
  return sessions.due();
}

/** Removes what R2 has of a session that has ended. It may be repeated. */
export async function removeRemains(
  vaultId: string,
  database: VaultDatabase,
  bucket: Bucket,
  { id, upload_id, asset_id, r2_key }: Remains,
): Promise<void> {
  const { objects } = await bucket.list(leftoverPrefix(vaultId, id));
  if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key));
  if (upload_id === null || asset_id === null || r2_key === null) return;
  await bucket.abortMultipart(r2_key, upload_id);
  // The parts may have been put together all the same. Nothing but this session can have made an asset of them.
  if (!database.asset(asset_id)) await bucket.delete(r2_key);
}
