const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Seconds that `90s`, `30m`, `1h` or `7d` are, or `90` alone; undefined for anything else. */
export function seconds(text: string): number | undefined {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * SECONDS[(match[2] || "s") as keyof typeof SECONDS];
}
