/**
 * What a reconciliation has found, and how far it has come. Both are saved as JSON after every step, so that a
 * reconciliation goes on where it was cut off.
 */

import { timestamp } from "../../model/time.ts";
import type { ReconcileFindings } from "../../model/vault.ts";

/** Where a reconciliation stands. */
export interface Progress {
  phase: "keys" | "rows" | "folders" | "bodies" | "missing";
  /** In the phases rows and missing: the last seq that is done. In the phase folders: 1 when all assets are counted. */
  after: number;
  /**
   * In the phase keys: the last key's id that is done. In the phase folders: the last folder that was looked at, as JSON.
   * In the phase bodies: the last R2 key.
   */
  afterKey: string;
  /** Bodies that an asset names. No body is missing if there are as many as assets. */
  matched: number;
}

export interface ReconcileState {
  progress: Progress | null;
  findings: ReconcileFindings | null;
  /** Whether another reconciliation was asked for while this one was under way. It follows. */
  again?: boolean;
}

const NOTHING_FOUND: ReconcileFindings = {
  started_at: "",
  finished_at: null,
  restored: 0,
  removed: 0,
  recounted: 0,
  orphans_deleted: 0,
  orphans_waiting: 0,
  orphans_kept: 0,
  foreign: 0,
  missing: 0,
  missing_ids: [],
};

/** The state as it was saved, perhaps by a version that had fewer findings. */
export function parseState(json: string): ReconcileState {
  const state = JSON.parse(json) as ReconcileState;
  return { ...state, findings: state.findings && { ...NOTHING_FOUND, ...state.findings } };
}

/** The state of a reconciliation that begins now. */
export const beginReconciliation = (): { progress: Progress; findings: ReconcileFindings } => ({
  progress: { phase: "keys", after: 0, afterKey: "", matched: 0 },
  findings: {
    ...NOTHING_FOUND,
    started_at: timestamp(Date.now()),
    missing_ids: [],
  },
});
