/** A double keeps any decimal of so many digits (DBL_DIG). */
const SAFE_DIGITS = 15;

/**
 * A decimal, normalised: 0.DIGITS times ten to the power of `exponent`. The digits neither begin nor end with a zero.
 */
interface Decimal {
  readonly digits: string;
  readonly exponent: number;
}

/**
 * Whether a number of a JSON text (RFC 8259 6) is still the same number after it was parsed into a double and written
 * again. `1.0` and `1e2` are, and `1e400` and `9007199254740993` are not. The time is linear in the length of the text.
 */
export function isKept(source: string): boolean {
  if (source.length <= SAFE_DIGITS && !/[eE]/.test(source)) return true;
  const sent = normalise(source);
  if (sent.digits === "") return true;
  const value = Number(source);
  if (!Number.isFinite(value) || value === 0) return false;
  const kept = normalise(String(value));
  return sent.digits === kept.digits && sent.exponent === kept.exponent;
}

/**
 * Normalises a decimal. No digits at all mean zero. The sign is left out, because no number changes it on its way but
 * `-0`, which equals 0.
 */
function normalise(source: string): Decimal {
  const e = source.search(/[eE]/);
  const mantissa = source.slice(source.startsWith("-") ? 1 : 0, e < 0 ? undefined : e);
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = whole + fraction;
  // This is done by hand, because a pattern for the zeros at the end would try every run of zeros before them.
  let start = 0;
  while (digits[start] === "0") start++;
  let end = digits.length;
  while (end > start && digits[end - 1] === "0") end--;
  const power = e < 0 ? 0 : Number(source.slice(e + 1));
  return { digits: digits.slice(start, end), exponent: power + whole.length - start };
}
