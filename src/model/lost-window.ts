/**
 * Lost windows: the spans of time in which a vault may have lost something. They travel as JSON, in the vault's row and
 * in D1.
 */

import { MAX_LOST_WINDOWS } from "./limits.ts";
import { timestamp } from "./time.ts";

/**
 * A span of time of which a vault's record may be incomplete. A write that was acknowledged in it as queued may have
 * been lost with the vault's storage. Bodies that were stored in it are kept, whether or not an asset names them.
 */
export interface LostWindow {
  /** Epoch milliseconds. Both ends belong to the window. */
  readonly since: number;
  readonly until: number;
  /** The epoch that ended with this loss, and the revision up to which D1 had what that epoch wrote. */
  readonly epoch?: number;
  readonly rev?: number;
}

/** A window as the API shows it, in whole seconds between which it lies. */
export interface ShownWindow {
  since: string;
  until: string;
}

/** Parses windows from JSON, in the order of time. Windows that touch are made one. */
export function parseWindows(json: string): LostWindow[] {
  const joined: LostWindow[] = [];
  for (const window of (JSON.parse(json) as LostWindow[]).toSorted((a, b) => a.since - b.since)) {
    const last = joined.at(-1);
    if (last && window.since <= last.until) joined[joined.length - 1] = span(last, window);
    else joined.push(window);
  }
  return joinOldest(joined);
}

/** The JSON of the same windows, of no more than {@link MAX_LOST_WINDOWS}. */
export function boundWindows(json: string): string {
  const windows = JSON.parse(json) as LostWindow[];
  return windows.length > MAX_LOST_WINDOWS ? JSON.stringify(joinOldest(windows)) : json;
}

/**
 * The revision up to which D1 has been complete ever since `epoch`. What that epoch wrote beyond it may never have
 * reached D1. Infinity when no window says anything of it.
 */
export function completeSince(json: string, epoch: number): number {
  const windows = JSON.parse(json) as LostWindow[];
  return Math.min(...windows.map((window) => ((window.epoch ?? -1) >= epoch ? (window.rev ?? Infinity) : Infinity)));
}

function joinOldest(windows: readonly LostWindow[]): LostWindow[] {
  const [first, ...rest] = windows;
  const excess = windows.length - MAX_LOST_WINDOWS;
  if (!first || excess <= 0) return [...windows];
  return [rest.slice(0, excess).reduce(span, first), ...rest.slice(excess)];
}

/** Joins two windows into one that promises no more than either. */
const span = (a: LostWindow, b: LostWindow): LostWindow => ({
  since: Math.min(a.since, b.since),
  until: Math.max(a.until, b.until),
  epoch: Math.max(a.epoch ?? -1, b.epoch ?? -1),
  rev: Math.min(a.rev ?? -1, b.rev ?? -1),
});

/** Whether a moment (epoch milliseconds) lies in one of the windows. */
export const isLost = (windows: readonly LostWindow[], ms: number): boolean =>
  windows.some(({ since, until }) => ms >= since && ms <= until);

export const showWindow = ({ since, until }: LostWindow): ShownWindow => ({
  since: timestamp(since),
  until: timestamp(until + 999),
});
