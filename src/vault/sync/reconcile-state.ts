/**
 * What a reconciliation has found, and how far it has come. Both are saved as JSON after every step, so that a
 * reconciliation goes on where it was cut off.
 */

import { timestamp } from "../../model/time.ts";

/** What a reconciliation has found and done, as the operator sees it. */
export interface Findings {
  started_at: string;
  /** Null while it is under way. */
  finished_at: string | null;
  /** Rows that D1 lacked, or had in an older state. They are recorded again. */
  restored: number;
  /**
   * Rows that D1 had of assets that are gone. They are deleted. Assets that only an old storage still had are deleted
   * and counted here too.
   */
  removed: number;
  /** Bodies that no asset names and that are past the grace period. They are deleted. */
  orphans_deleted: number;
  /** Bodies that no asset names within the grace period. They may be those of uploads under way. */
  orphans_waiting: number;
  /** Bodies that no asset names, from a lost window (see the README). They are left for someone to look at. */
  orphans_kept: number;
  /** Objects under the vault's prefix whose name is not that of an asset's body. They are left alone. */
  foreign: number;
  /** Assets whose body is missing. They are reported and never deleted. */
  missing: number;
  missing_ids: string[];
}

/** Where a reconciliation stands. */
export interface Progress {
  phase: "keys" | "rows" | "bodies" | "missing";
  /** In the phases rows and missing: the last seq that is done. */
  after: number;
  /** In the phase keys: the last key's id that is done. In the phase bodies: the last R2 key. */
  afterKey: string;
  /** Bodies that an asset names. No body is missing if there are as many as assets. */
  matched: number;
}

export interface ReconcileState {
  progress: Progress | null;
  findings: Findings | null;
  /** Whether another reconciliation was asked for while this one was under way. It follows. */
  again?: boolean;
}

/** The state of a reconciliation that begins now. */
export const beginReconciliation = (): { progress: Progress; findings: Findings } => ({
  progress: { phase: "keys", after: 0, afterKey: "", matched: 0 },
  findings: {
    started_at: timestamp(Date.now()),
    finished_at: null,
    restored: 0,
    removed: 0,
    orphans_deleted: 0,
    orphans_waiting: 0,
    orphans_kept: 0,
    foreign: 0,
    missing: 0,
    missing_ids: [],
  },
});
