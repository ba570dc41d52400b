/** Times as the API writes and reads them. */

/** The one time format of the API, UTC to the second: `2026-01-15T10:30:00Z`. `ms` is epoch milliseconds. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))$/;

/**
 * The time that an RFC 3339 time names, in epoch milliseconds and whole seconds; undefined for anything else.
 * Date.parse would make the 2nd of March of a 30th of February, and the next day of 24:00.
 */
export function parseTimestamp(text: string): number | undefined {
  const match = RFC3339.exec(text);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [offsetHours, offsetMinutes] = [Number(match[8] ?? 0), Number(match[9] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const sign = match[7] === "-" ? -1 : 1;
  return date.setUTCHours(hour, minute, second) - sign * (offsetHours * 60 + offsetMinutes) * 60_000;
}

/** The first whole second that is not before an RFC 3339 time, as the API writes times; undefined for anything else. */
export function roundUp(text: string): string | undefined {
  const ms = parseTimestamp(text);
  if (ms === undefined) return undefined;
  const second = /\.\d*[1-9]/.test(text) ? ms + 1000 : ms;
  // An offset can lead out of the years that can be written.
  return timestamp(Math.min(Math.max(second, FIRST_MS), LAST_MS));
}

const FIRST_MS = Date.parse("0000-01-01T00:00:00Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59Z");
