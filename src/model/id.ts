/**
 * Ids of vaults, assets, keys, resumable uploads and tickets: a ULID with a prefix that says what it names. A ULID begins
 * with the time at which it was made, and that of a ticket with the time at which it ends.
 */

import { decodeTime, ulid } from "ulid";

/** A ULID in Crockford base 32, in lower case. The first character holds only three bits. */
const ULID = "[0-7][0-9a-hjkmnp-tv-z]{25}";
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const ULID_LENGTH = 26;

const ULID_PATTERN = new RegExp(`^${ULID}$`);
export const ASSET_PATTERN = new RegExp(`^asset_${ULID}$`);
export const VAULT_PATTERN = new RegExp(`^vault_${ULID}$`);
export const KEY_PATTERN = new RegExp(`^key_${ULID}$`);
export const SESSION_PATTERN = new RegExp(`^upload_${ULID}$`);
/** The id of a ticket as clients have it: with a signature behind it, which http/ticket.ts makes. */
export const TICKET_PATTERN = new RegExp(`^ticket_${ULID}[\\w-]{43}$`);

export const isUlid = (text: string): boolean => ULID_PATTERN.test(text);
export const isAssetId = (text: string): boolean => ASSET_PATTERN.test(text);
export const isVaultId = (text: string): boolean => VAULT_PATTERN.test(text);
export const isSessionId = (text: string): boolean => SESSION_PATTERN.test(text);
export const isKeyId = (text: string): boolean => KEY_PATTERN.test(text);

/** Random bytes that are fetched ahead. An id takes 16 of them, and each call for some leaves the script. */
const pool = new Uint8Array(1_024);
let left = 0;

/** A random multiple of 1/256 below 1, from the system's secure source. */
function random(): number {
  if (left === 0) left = crypto.getRandomValues(pool).length;
  return (pool[--left] ?? 0) / 256;
}

const newUlid = (time?: number): string => ulid(time, random).toLowerCase();

/**
 * A new asset id.
 *
 * @param time what its first part says, in epoch milliseconds; now when it is not given
 */
export const newAssetId = (time?: number): string => `asset_${newUlid(time)}`;
export const newSessionId = (): string => `upload_${newUlid()}`;
/** @param ends when the ticket ends, in epoch milliseconds */
export const newTicketId = (ends: number): string => `ticket_${newUlid(ends)}`;
export const newKeyId = (): string => `key_${newUlid()}`;

/** A new vault id whose last character names `shard` (0–31). So no lookup is ever needed to find its database. */
export function newVaultId(shard: number): string {
  return `vault_${newUlid().slice(0, -1)}${ALPHABET.charAt(shard)}`;
}

/** The shard number that {@link newVaultId} put into a vault id. */
export const shardNumber = (vaultId: string): number => ALPHABET.indexOf(vaultId.slice(-1));

/** The time at which an id was made, in epoch milliseconds. The id must be well-formed. */
export const idTime = (id: string): number => decodeTime(id.slice(-ULID_LENGTH).toUpperCase());
