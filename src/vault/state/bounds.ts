/**
 * The bounds of a vault that an upload may meet: quotas, the size of a file and its media type. The commit holds them
 * in the group's transaction. Before that, they are judged by what is known of the file, so that a large one is refused
 * before its bytes come.
 */

import type { KnownFile } from "../../model/asset.ts";
import { outOfFileBounds } from "../../model/file-bounds.ts";
import type { KeyScope } from "../../model/key-scope.ts";
import { refuse, type Refusal } from "../../model/refusal.ts";
import type { VaultSettings } from "../../model/settings.ts";
import type { TicketUse } from "../../model/ticket.ts";

/** How much a vault holds. */
export interface Usage {
  readonly assets: number;
  readonly bytes: number;
}

/**
 * What a vault holds together with what resumable uploads have been promised. A vault without quotas counts nothing.
 *
 * @param but a session that is not counted
 */
export function withReserved(
  { quota_assets, quota_bytes }: Readonly<VaultSettings>,
  { assets, bytes }: Usage,
  sessions: { reserved(): Usage },
  but?: { readonly length: number },
): Usage {
  if (quota_assets === null && quota_bytes === null) return { assets, bytes };
  const reserved = sessions.reserved();
  const own = but ? { assets: 1, bytes: but.length } : { assets: 0, bytes: 0 };
  return { assets: assets + reserved.assets - own.assets, bytes: bytes + reserved.bytes - own.bytes };
}

/**
 * What matters of whoever uploads: how much a vault holds is told neither to keys that reach a folder of it alone, nor to
 * strangers.
 */
export interface Uploader {
  /** The folder that the caller's key is narrowed to. */
  readonly scope: KeyScope | undefined;
  readonly ticket: TicketUse | undefined;
}

/** Refuses a file that a vault does not take: 403 for a quota, 413 for its size, 415 for its media type. */
export function outOfBounds(
  settings: Readonly<VaultSettings>,
  usage: Usage,
  file: KnownFile,
  { scope, ticket }: Uploader,
): Refusal | undefined {
  const refusal = outOfFileBounds(settings, file, "vault");
  if (refusal) return refusal;
  // The console reads these words: see console/upload/words.ts.
  const { quota_assets, quota_bytes } = settings;
  const isTold = scope === undefined && ticket === undefined;
  if (quota_assets !== null && usage.assets >= quota_assets) {
    if (!isTold) return refuse("QUOTA_EXCEEDED", "quota_assets: none is left in this vault");
    return refuse("QUOTA_EXCEEDED", `quota_assets: 0 of ${quota_assets} are left in this vault`);
  }
  if (quota_bytes !== null && usage.bytes + file.size > quota_bytes) {
    if (!isTold) return refuse("QUOTA_EXCEEDED", "quota_bytes: less than the file takes is left in this vault");
    const left = Math.max(0, quota_bytes - usage.bytes);
    return refuse("QUOTA_EXCEEDED", `quota_bytes: ${left} of ${quota_bytes} are left in this vault`);
  }
  return undefined;
}

/** The largest file that a vault takes now. Undefined when it has no bound of its own. */
export function mostBytes({ quota_bytes, max_file_bytes }: Readonly<VaultSettings>, usage: Usage): number | undefined {
  if (quota_bytes === null) return max_file_bytes ?? undefined;
  return Math.min(quota_bytes - usage.bytes, max_file_bytes ?? Infinity);
}
