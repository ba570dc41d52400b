import type { VaultInfo } from "../model/vault.ts";
import type { Index } from "./index.ts";
import type { LiveVault } from "./live.ts";
import type { Findings } from "./reconcile.ts";

/** Partitions and parked assets that a report names, of however many there are. */
const REPORTED = 100;

/** What an operator sees of a vault. */
export interface VaultReport extends VaultInfo {
  assets: number;
  bytes: number;
  /** The largest ones. */
  partitions: { name: string; assets: number; bytes: number }[];
  /** The vault's revision, and the last one that D1 has. */
  rev: number;
  recorded_rev: number;
  /** Changes that are kept until D1 and R2 have heard of them. */
  outbox: number;
  /** Assets that D1 refuses for what they hold. */
  parked: { id: string; error: string }[];
  /** After a rebuild: what was acknowledged as queued between these two, and had not reached D1, is lost. */
  lost_since: string | null;
  lost_until: string | null;
  reconcile: Findings | null;
}

export function report(index: Index, live: LiveVault): VaultReport {
  const { id, name, created_at, status, assets, bytes, rev, lost_since, lost_until } = live.row;
  return {
    id,
    name,
    created_at,
    status,
    assets,
    bytes,
    partitions: index.partitions(REPORTED),
    rev,
    recorded_rev: Math.max(0, live.recorder.done),
    outbox: index.outboxSize(),
    parked: index.parked(REPORTED),
    lost_since,
    lost_until,
    reconcile: live.reconciler.findings,
  };
}
