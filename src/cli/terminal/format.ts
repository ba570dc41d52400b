/** Numbers, sizes and times as people read them. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `512 B`, `1.2 KiB`, `100 MiB`: three digits at most, and never 1024 of a unit. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (unit < UNITS.length - 1 && Math.round(value) >= 1000) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `10,000` */
export const count = (value: number): string => String(value).replace(/\B(?=(?:\d{3})+$)/g, ",");

/** `1 file`, `1,000 files` */
export const counted = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

/** How long something took: `0.4 s`, `12 s`, `1:23`, `1:02:03`. Milliseconds. */
export function duration(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : clock(seconds);
}

/** `0:07`, `1:23`, `1:02:03` */
export function clock(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(Math.floor(seconds) % 60)}`;
}

/** `2026-01-15 10:30`, in the time zone of whoever reads; with `:00` for the seconds. What is no time comes back as it is. */
export function time(timestamp: string, withSeconds = false): string {
  const date = new Date(timestamp);
  if (Number.isNaN(date.getTime())) return timestamp;
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clockTime = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return `${day} ${clockTime}${withSeconds ? `:${two(date.getSeconds())}` : ""}`;
}
