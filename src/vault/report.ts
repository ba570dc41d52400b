/** The report on a vault, as `GET /vaults/{vaultId}` answers it. */

import { showImport } from "../model/import.ts";
import { MAX_REPORTED } from "../model/limits.ts";
import { showWindow } from "../model/lost-window.ts";
import type { VaultReport } from "../model/vault.ts";
import type { VaultDatabase } from "./state/database.ts";
import type { LiveVault } from "./live.ts";

export function report(database: VaultDatabase, live: LiveVault): VaultReport {
  const { id, name, created_at, status, assets, bytes, rev } = live.row;
  const { settings } = live.bounds;
  const windows = live.lostWindows.map(showWindow);
  const parked = database.outbox.oldestParked();
  const reserved = database.sessions.reserved();
  return {
    id,
    name,
    created_at,
    status,
    assets,
    bytes,
    partitions: database.folders.largest(MAX_REPORTED),
    rev,
    // D1 does not have what it refuses, whatever its watermark is.
    recorded_rev: Math.max(0, Math.min(live.relayD1.watermark, (parked.rev ?? Infinity) - 1)),
    outbox: database.outbox.size(live.relayD1.watermark, live.relayR2.watermark),
    parked: database.outbox.parked(MAX_REPORTED).map(({ id: asset, error }) => ({ id: asset, error })),
    lost_windows: windows,
    lost_since: windows.at(-1)?.since ?? null,
    lost_until: windows.at(-1)?.until ?? null,
    reconcile: live.reconciler.findings,
    import: showImport(live.bounds.import),
    usage: { assets: assets + reserved.assets, bytes: bytes + reserved.bytes },
    settings,
  };
}
