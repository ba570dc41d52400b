/** What a vault's report says about its health, in words for people. */

import type { ReconcileFindings, VaultReport } from "../../client/index.ts";
import { ago, count, number } from "../ui/format.ts";
import { percentOf } from "./units.ts";

/** How grave something is. `waits`: it mends itself. */
export type Tone = "ok" | "waits" | "warn" | "danger";

export interface Finding {
  readonly tone: Tone;
  /** The page that has more of it. */
  readonly page: "health" | "settings";
  readonly title: string;
  readonly body: string;
}

/** From here on a quota is said to be nearly full. Percent. */
const NEARLY_FULL = 90;

/**
 * Changes that D1 does not have yet. What D1 refuses is not counted: it holds back the revision up to which D1 is
 * complete, although D1 takes what comes after it.
 */
export const unrecorded = ({ rev, recorded_rev, parked }: VaultReport): number =>
  parked.length > 0 ? 0 : Math.max(0, rev - recorded_rev);

/** Whether something goes on that is soon another way, so that it is worth to look again. */
export const isMoving = (report: VaultReport): boolean =>
  unrecorded(report) > 0 || report.outbox > 0 || isRunning(report.reconcile);

/** Whether a reconciliation is under way. */
export const isRunning = (found: ReconcileFindings | null): boolean => found !== null && found.finished_at === null;

/** What somebody should know about a vault, the gravest first. Empty when all is well. */
export function problems(report: VaultReport): Finding[] {
  const { parked, lost_windows: lost, reconcile } = report;
  const waiting = unrecorded(report);
  const found: Finding[] = [];
  if (report.status === "deleting")
    found.push({
      tone: "danger",
      page: "health",
      title: "This vault is being deleted",
      body: "Its keys are refused already. Its files and records go in the background, within some hours.",
    });
  if (lost.length > 0)
    found.push({
      tone: "danger",
      page: "health",
      title: `The vault lost its own storage ${lost.length === 1 ? "once" : `${number(lost.length)} times`}`,
      body: "It was rebuilt from D1. Writes that were acknowledged as queued at that time may be missing.",
    });
  if (reconcile && reconcile.missing > 0)
    found.push({
      tone: "danger",
      page: "health",
      title: `${count(reconcile.missing, "asset")} ${reconcile.missing === 1 ? "has" : "have"} no file`,
      body: "The record is there and its file in R2 is not. Nothing is deleted for it: upload the file again, or delete the asset.",
    });
  if (report.import && report.status === "active")
    found.push({
      tone: "warn",
      page: "health",
      title: "An import is under way, or was broken off",
      body: importStands(report, report.import),
    });
  if (parked.length > 0)
    found.push({
      tone: "warn",
      page: "health",
      title: `D1 refuses ${count(parked.length, "asset")}`,
      body: "The vault serves what D1 refuses, and sets it aside so that nothing else waits for it. It is tried again by itself.",
    });
  if (waiting > 0)
    found.push({
      tone: "waits",
      page: "health",
      title: `${count(waiting, "change")} ${waiting === 1 ? "waits" : "wait"} to be recorded in D1`,
      body: "The vault serves what it has. Until D1 has it too, it rests on the vault's own storage alone.",
    });
  found.push(...quotaProblems(report));
  return found;
}

function importStands(
  { assets }: VaultReport,
  { started_at, assets: all }: NonNullable<VaultReport["import"]>,
): string {
  const there = `It began ${ago(started_at)}, and ${number(assets)} of ${count(all, "asset")} are there.`;
  return `${there} Until it is done, the vault takes no other files. If nobody goes on with it, run the same “strongroom import” again, or delete the vault.`;
}

function quotaProblems({ usage, settings }: VaultReport): Finding[] {
  const quotas = [
    ["number of assets", usage.assets, settings.quota_assets],
    ["storage", usage.bytes, settings.quota_bytes],
  ] as const;
  return quotas.flatMap(([what, used, quota]) => {
    if (quota === null || percentOf(used, quota) < NEARLY_FULL) return [];
    const isFull = used >= quota;
    return {
      page: "settings" as const,
      tone: isFull ? ("danger" as const) : ("warn" as const),
      title: isFull ? `The ${what} is at its limit` : `The ${what} is nearly at its limit`,
      body: isFull
        ? "Uploads are refused until something is deleted or the limit is raised."
        : "Uploads are refused once it is reached.",
    };
  });
}

/** One line of what a reconciliation found and did. */
export interface Line {
  readonly tone: Tone;
  readonly amount: number;
  readonly title: string;
  readonly body: string;
}

/** What a reconciliation found, without what it did not find. */
export function linesOf(found: ReconcileFindings): Line[] {
  return KINDS.flatMap(({ name, tone, one, many, body }) => {
    const amount = found[name];
    return amount > 0 ? { tone, amount, title: amount === 1 ? one : many, body } : [];
  });
}

type Counted = Exclude<keyof ReconcileFindings, "started_at" | "finished_at" | "missing_ids">;

/** What a reconciliation counts, the gravest first. */
const KINDS: readonly { name: Counted; tone: Tone; one: string; many: string; body: string }[] = [
  {
    name: "missing",
    tone: "danger",
    one: "asset without its file",
    many: "assets without their files",
    body: "The record is there, the file in R2 is not. It is reported and never deleted.",
  },
  {
    name: "orphans_kept",
    tone: "warn",
    one: "file kept from a lost window",
    many: "files kept from a lost window",
    body: "No asset names it. It is left for someone to look at, until the lost windows are cleared.",
  },
  {
    name: "foreign",
    tone: "warn",
    one: "object in R2 that is not ours",
    many: "objects in R2 that are not ours",
    body: "It lies under the vault's prefix, and its name is not that of an asset's file. It is left alone.",
  },
  {
    name: "restored",
    tone: "ok",
    one: "record written to D1 again",
    many: "records written to D1 again",
    body: "D1 lacked it, or had it in an older state.",
  },
  {
    name: "removed",
    tone: "ok",
    one: "record removed",
    many: "records removed",
    body: "It was of an asset or a key that is gone.",
  },
  {
    name: "recounted",
    tone: "ok",
    one: "count corrected",
    many: "counts corrected",
    body: "The number of assets or bytes shown for a folder was wrong.",
  },
  {
    name: "orphans_deleted",
    tone: "ok",
    one: "file deleted that no asset names",
    many: "files deleted that no asset names",
    body: "An upload that failed had left it behind.",
  },
  {
    name: "orphans_waiting",
    tone: "waits",
    one: "file that no asset names yet",
    many: "files that no asset names yet",
    body: "It is young, and may be that of an upload under way. A later comparison looks at it again.",
  },
];
