/** Values of the client beside their form on the wire: records, ranges and conditions. */

import type { AssetRecord } from "../api/types.ts";
import type { Asset, IfMatch, Range, StoredAsset, WriteOptions } from "./types.ts";

/** The header that asks for a range. Throws TypeError when it is none. */
export function rangeOf({ offset, length }: Range): string {
  const isWhole = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least;
  if (!isWhole(offset, 0) || (length !== undefined && !isWhole(length, 1))) {
    throw new TypeError("range: offset and length must be whole numbers, length at least 1");
  }
  return `bytes=${offset}-${length === undefined ? "" : offset + length - 1}`;
}

/** The header that binds a change. */
export function condition(options: Partial<IfMatch>): Record<string, string> {
  assertBound(options, "ifMatch");
  return options.ifMatch === undefined ? {} : { "If-Match": options.ifMatch };
}

/** A condition that is given but is not what it should be would let any change happen. */
export function assertBound<Name extends string>(options: { readonly [name in Name]?: unknown }, name: Name): void {
  const tag = options[name];
  if (name in options && (typeof tag !== "string" || tag === ""))
    throw new TypeError(`${name}: must be an etag; leave it out to change whatever is there`);
}

export const KEY_HEADER = "Idempotency-Key";

/** The header that makes a write safe to repeat, by a key of the caller's or by a random one. One key serves all attempts. */
export function keyHeader({ idempotencyKey = randomText() }: WriteOptions): { [KEY_HEADER]: string } {
  if (typeof idempotencyKey !== "string" || !/^[!-~]{1,64}$/.test(idempotencyKey))
    throw new TypeError("idempotencyKey: must be 1 to 64 visible characters of ASCII");
  // A string of a structured field (RFC 8941) is written like one of JSON.
  return { [KEY_HEADER]: JSON.stringify(idempotencyKey) };
}

/** What makes a call send a value as JSON, once however often it is sent. */
export const writeOf = (value: unknown, options: WriteOptions & Partial<IfMatch>, type = "application/json") => ({
  headers: { "Content-Type": type, ...condition(options), ...keyHeader(options) },
  body: JSON.stringify(value),
  signal: options.signal,
});

/** Values are parsed, not copied key by key: a key such as `__proto__` is one like any other. */
export const assetOf = (record: AssetRecord): Asset => ({
  ...record,
  metadata: JSON.parse(record.metadata) as Record<string, unknown>,
  tags: JSON.parse(record.tags) as string[],
});

export const stored = (record: object, { headers }: Response): StoredAsset => ({
  ...assetOf(record as AssetRecord),
  etag: headers.get("ETag") ?? "",
  durability: headers.get("Strongroom-Durability") === "queued" ? "queued" : "recorded",
});

/** 128 random bits. Browsers have `randomUUID` on secure pages alone. */
export const randomText = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
