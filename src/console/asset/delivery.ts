/** The delivery key that URLs are made with. It may stand in a page for all to see, so the tab may keep it, too. */

import { type Signal, signal } from "@preact/signals";
import { Strongroom, StrongroomError, type Asset, type KeyScope } from "../../client/index.ts";
import { DELIVERY_KEY } from "../session.ts";

/** Only keys of the session's vault are taken, so one is enough. It ends with the session. */
export const deliveryToken: Signal<string | undefined> = signal(sessionStorage.getItem(DELIVERY_KEY) ?? undefined);

export function keepToken(token: string | undefined): void {
  if (token === undefined) sessionStorage.removeItem(DELIVERY_KEY);
  else sessionStorage.setItem(DELIVERY_KEY, token);
  deliveryToken.value = token;
}

/** The folders of an asset that a key may be good for, from the narrowest to the whole vault. */
export const scopesOf = ({
  partition,
  collection,
  channel,
}: Asset): readonly (readonly [string, KeyScope | null])[] => [
  [`${partition}/${collection}/${channel}`, { partition, collection, channel }],
  [`${partition}/${collection}`, { partition, collection }],
  [partition, { partition }],
  ["the whole vault", null],
];

/** Makes a delivery key. */
export async function makeToken(vault: Strongroom, scope: KeyScope | null): Promise<string> {
  const { token } = await vault.keys.create({ type: "delivery", label: "made in the console", scope });
  return token;
}

/** An id that no asset has: a ULID of the year 1970. */
const NO_ASSET = `asset_${"0".repeat(26)}`;

/**
 * What is wrong with a delivery key for an asset; undefined when it opens the file. Caches go on for a while to answer what
 * the key has opened. So it is asked first for what no cache has, which a key that has ended is told before; and then for one
 * byte by the asset's path, so that what was opened before it was moved says nothing.
 */
export async function objection(vault: Strongroom, token: string, asset: Asset): Promise<string | undefined> {
  if (!token.startsWith("dk_")) return "Paste a delivery key: it begins with dk_.";
  let opened: Strongroom;
  try {
    opened = new Strongroom({ url: new URL("./", location.href).href, key: token });
  } catch {
    return "This is not a whole key. Copy all of it.";
  }
  if (opened.vaultId !== vault.vaultId) return "This is a key of another vault.";
  try {
    await opened.assets.download(NO_ASSET);
  } catch (error) {
    if (isStatus(error, 401)) return "This key is no longer accepted: it was revoked or has expired.";
    if (!isStatus(error, 404)) throw error;
  }
  try {
    const response = await opened.assets.downloadAt(asset, { range: { offset: 0, length: 1 } });
    await response.body?.cancel();
    return undefined;
  } catch (error) {
    // The file is empty, which only a key that opens it is told.
    if (error instanceof StrongroomError && error.code === "RANGE_NOT_SATISFIABLE") return undefined;
    if (isStatus(error, 404)) return "This key is for another folder.";
    throw error;
  }
}

const isStatus = (error: unknown, status: number): boolean =>
  error instanceof StrongroomError && error.status === status;
