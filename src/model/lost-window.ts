import { timestamp } from "./time.ts";

/**
 * A span of time of which a vault's record may be incomplete: what was acknowledged in it as queued may have been lost
 * with the vault's storage. Bodies that were stored in it are kept, whether or not an asset names them. Epoch
 * milliseconds; both ends belong to it.
 */
export interface LostWindow {
  readonly since: number;
  readonly until: number;
}

/** As the API shows it: whole seconds that the window lies within. */
export interface ShownWindow {
  since: string;
  until: string;
}

/** Windows are few: one for each loss. Beyond this many, the oldest are joined. */
const MAX_WINDOWS = 100;

/** Windows from JSON in the order of time, those that touch made one. */
export function parseWindows(json: string): LostWindow[] {
  const joined: LostWindow[] = [];
  for (const window of (JSON.parse(json) as LostWindow[]).toSorted((a, b) => a.since - b.since)) {
    const last = joined.at(-1);
    if (last && window.since <= last.until) joined[joined.length - 1] = span(last, window);
    else joined.push(window);
  }
  while (joined.length > MAX_WINDOWS) {
    const [first, second, ...rest] = joined;
    if (!first || !second) break;
    joined.splice(0, joined.length, span(first, second), ...rest);
  }
  return joined;
}

const span = (a: LostWindow, b: LostWindow): LostWindow => ({
  since: Math.min(a.since, b.since),
  until: Math.max(a.until, b.until),
});

/** Whether a moment (epoch milliseconds) lies in one of the windows. */
export const isLost = (windows: readonly LostWindow[], ms: number): boolean =>
  windows.some(({ since, until }) => ms >= since && ms <= until);

export const showWindow = ({ since, until }: LostWindow): ShownWindow => ({
  since: timestamp(since),
  until: timestamp(until + 999),
});
