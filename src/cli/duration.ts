import { UsageError } from "./usage-error.ts";

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Seconds that `90s`, `30m`, `1h` or `7d` are, or `90` alone; undefined for anything else. */
export function seconds(text: string): number | undefined {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * SECONDS[(match[2] || "s") as keyof typeof SECONDS];
}

/**
 * Seconds that `--expires` says, at most `most`, which are whole days.
 *
 * @throws UsageError
 */
export function expiresIn(text: string, most: number): number {
  const found = seconds(text);
  if (found !== undefined && found >= 1 && found <= most) return found;
  throw new UsageError(
    `--expires ${text}: must be a time such as 90s, 30m, 1h or 7d, and at most ${most / SECONDS.d}d`,
  );
}
