/** Numbers and times as people read them. */

const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"] as const;

/** Bytes in powers of 1,000, with three digits: `12.3 MB`. */
export function bytes(n: number): string {
  let [value, unit] = [n, 0];
  // 999.5 would be shown as 1000.
  while (value >= 999.5 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ""}`;
}

const numbers = new Intl.NumberFormat("en");

/** `12,345` */
export const number = (n: number): string => numbers.format(n);

/** `1 file`, `12,345 files` */
export const count = (n: number, one: string, many = `${one}s`): string => `${number(n)} ${n === 1 ? one : many}`;

const days = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const moments = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** `27 Nov 2026` */
export const day = (time: string): string => days.format(new Date(time));

/** `27 Nov 2026, 06:13:11` */
export const moment = (time: string): string => moments.format(new Date(time));

const STEPS = [
  ["minute", 60_000],
  ["hour", 3_600_000],
  ["day", 86_400_000],
] as const;

/** After so long a date says more. Milliseconds. */
const RECENT_MS = 7 * 86_400_000;

/** `3 minutes ago`, `yesterday`, and after a week the date. */
export function ago(time: string, now: number = Date.now()): string {
  const past = new Date(time).getTime() - now;
  if (Math.abs(past) > RECENT_MS) return day(time);
  if (Math.abs(past) < 60_000) return past > 1_000 ? "in a moment" : "just now";
  const [unit, length] = STEPS.findLast(([, ms]) => Math.abs(past) >= ms) ?? STEPS[0];
  return relative.format(Math.trunc(past / length), unit);
}

/** A name with what would turn the order in which it is read written as an escape: `\u202e`. */
export const visible = (name: string): string =>
  name.replace(/\p{Bidi_C}/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);
