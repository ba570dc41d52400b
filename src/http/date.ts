/**
 * HTTP dates, in the three forms of RFC 9110 5.6.7. They are case-sensitive and always in GMT. Date.parse takes much
 * else for a date.
 */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTH = `(?<month>${MONTHS.join("|")})`;
const DAY_NAME = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const LONG_DAY_NAME = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)";
const TIME = "(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)";

const FORMS = [
  /** IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT` */
  new RegExp(`^${DAY_NAME}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  /** RFC 850: `Sunday, 06-Nov-94 08:49:37 GMT` */
  new RegExp(`^${LONG_DAY_NAME}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  /** asctime: `Sun Nov  6 08:49:37 1994` */
  new RegExp(`^${DAY_NAME} ${MONTH} (?<day>\\d\\d| \\d) ${TIME} (?<year>\\d{4})$`),
];

/**
 * A year of two digits that would lie further ahead than this stands for the latest past year with these digits. Years.
 */
const MAX_AHEAD = 50;

/**
 * The time that an HTTP date names, in epoch milliseconds; undefined for anything else, and for days that do not exist.
 */
export function parseHttpDate(text: string, now: number = Date.now()): number | undefined {
  for (const form of FORMS) {
    const parts = form.exec(text)?.groups;
    if (!parts) continue;
    const { day = "", month = "", year = "", hour = "", minute = "", second = "" } = parts;
    // A leap second has the number 60.
    if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
    const at = (fullYear: number): number => {
      const date = new Date(0);
      date.setUTCFullYear(fullYear, MONTHS.indexOf(month), Number(day));
      if (date.getUTCDate() !== Number(day)) return Number.NaN;
      return date.setUTCHours(Number(hour), Number(minute), Number(second));
    };
    const time = year.length === 4 ? at(Number(year)) : nearest(Number(year), at, now);
    return Number.isNaN(time) ? undefined : time;
  }
  return undefined;
}

/** RFC 9110 5.6.7: what a year of two digits stands for. */
function nearest(shortYear: number, at: (year: number) => number, now: number): number {
  const limit = new Date(now);
  limit.setUTCFullYear(limit.getUTCFullYear() + MAX_AHEAD);
  const century = limit.getUTCFullYear() - (limit.getUTCFullYear() % 100);
  const year = century + shortYear;
  const isAhead = year > limit.getUTCFullYear() || at(year) > limit.getTime();
  return at(isAhead ? year - 100 : year);
}
