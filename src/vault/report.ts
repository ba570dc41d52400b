/** The report on a vault, as `GET /vaults/{vaultId}` answers it. */

import { MAX_REPORTED } from "../model/limits.ts";
import { showWindow, type ShownWindow } from "../model/lost-window.ts";
import type { VaultInfo } from "../model/vault.ts";
import type { VaultDatabase } from "./state/database.ts";
import type { LiveVault } from "./live.ts";
import type { Findings } from "./sync/reconcile-state.ts";

/** What an operator sees of a vault. */
export interface VaultReport extends VaultInfo {
  assets: number;
  bytes: number;
  /** The partitions with the most assets. */
  partitions: { name: string; assets: number; bytes: number }[];
  /** The vault's revision. */
  rev: number;
  /** The revision up to which D1 has everything. */
  recorded_rev: number;
  /** How many changes the outbox keeps until D1 and R2 have heard of them. */
  outbox: number;
  /** Parked assets: D1 refuses them for what they hold. */
  parked: { id: string; error: string }[];
  /**
   * One for each time that the vault's storage was lost. A write that was acknowledged as queued in one of these
   * windows, and had not reached D1, may be lost. Bodies from these times are kept until an operator clears the
   * windows.
   */
  lost_windows: ShownWindow[];
  /** The latest of these windows. */
  lost_since: string | null;
  lost_until: string | null;
  reconcile: Findings | null;
}

export function report(database: VaultDatabase, live: LiveVault): VaultReport {
  const { id, name, created_at, status, assets, bytes, rev } = live.row;
  const windows = live.lostWindows.map(showWindow);
  const parked = database.outbox.oldestParked();
  return {
    id,
    name,
    created_at,
    status,
    assets,
    bytes,
    partitions: database.partitions(MAX_REPORTED),
    rev,
    // D1 does not have what it refuses, whatever its watermark is.
    recorded_rev: Math.max(0, Math.min(live.relayD1.watermark, (parked.rev ?? Infinity) - 1)),
    outbox: database.outbox.size(),
    parked: database.outbox.parked(MAX_REPORTED).map(({ id: asset, error }) => ({ id: asset, error })),
    lost_windows: windows,
    lost_since: windows.at(-1)?.since ?? null,
    lost_until: windows.at(-1)?.until ?? null,
    reconcile: live.reconciler.findings,
  };
}
