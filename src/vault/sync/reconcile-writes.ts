/** What a reconciliation changes, as operations of a group. */

import { UNCONDITIONAL } from "../../model/etag.ts";
import { deleteAsset, voidAsset } from "../state/assets.ts";
import type { VaultDatabase } from "../state/database.ts";
import type { Operation } from "../state/group-commit.ts";

/** Adds to the vault's totals what they lack. Writes that came in between have changed both sides alike. */
export const correctTotals =
  (assets: number, bytes: number): Operation<object> =>
  (change) => {
    change.count({ partition: "", collection: "", channel: "" }, assets, bytes, false);
    change.next();
    return { ok: true };
  };

/** Deletes assets again that a client had deleted before the storage became old. */
export const removeAll =
  (database: VaultDatabase, ids: readonly string[]): Operation<object> =>
  (change) => {
    for (const id of ids) deleteAsset(database, id, UNCONDITIONAL, { scope: undefined })(change);
    return { ok: true };
  };

/** Has D1 told once more of the assets at these seqs: what they are now, or that they are gone. */
export const noteChanges =
  (database: VaultDatabase, seqs: readonly number[]): Operation<object> =>
  (change) => {
    for (const seq of seqs) database.outbox.add({ kind: "change", rev: change.next(), seq });
    return { ok: true };
  };

/**
 * Has bodies deleted that no asset names, except those that an asset names by now. An id without an asset becomes void,
 * because an upload might still be committed with it. What has no id is a leftover of a session that is over.
 */
export const discardBodies =
  (database: VaultDatabase, orphans: readonly { id: string | undefined; key: string }[]): Operation<object> =>
  (change) => {
    for (const { id, key } of orphans) {
      if (id !== undefined) {
        if (database.asset(id)?.r2_key === key || database.sessions.names(id, key)) continue;
        if (!database.asset(id)) voidAsset(database, id);
      }
      database.outbox.add({ kind: "orphan", rev: change.next(), r2_key: key });
    }
    return { ok: true };
  };
