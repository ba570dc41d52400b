/** Sizes as people write them. */

const BYTES: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** Bytes that `10GB`, `1.5 MiB` or `2048` are; undefined for anything else. */
export function sizeOf(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,16}(?:\.\d{1,3})?) ?([a-z]*)$/i.exec(text) ?? [];
  const factor = BYTES[unit.toUpperCase()];
  return digits === undefined || factor === undefined ? undefined : Math.floor(Number(digits) * factor);
}
