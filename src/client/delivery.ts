import { inVault, queryOf, type Transport } from "./transport.ts";
import type { AssetPathFields, DeliveryOptions } from "./types.ts";

/** `dk_`, the vault's ULID, the key's ULID, and a signature: cut by position. */
const DELIVERY_KEY = /^dk_([0-9a-z]{26})[0-9a-z]{26}[\w-]{43}$/;

type FilePath = AssetPathFields & { filename: string };

/** An asset by its id, or by its path and name. */
export type Delivered = string | { readonly id: string } | FilePath;

/** The URL by which a delivery key opens a file. Throws TypeError. */
export function deliveryUrl(
  transport: Transport,
  vaultId: string,
  asset: Delivered,
  { token = transport.token, download, by = "id" }: DeliveryOptions & { by?: "id" | "path" | undefined },
): string {
  // Not the token itself: messages end up in logs, and this one may be a secret key.
  const ulid = typeof token === "string" ? DELIVERY_KEY.exec(token)?.[1] : undefined;
  if (ulid === undefined) throw new TypeError("token: must be a delivery key, dk_…: no other key is taken from a URL");
  if (`vault_${ulid}` !== vaultId) throw new TypeError("token: must be a key of this vault");
  const query = queryOf({ token, download: download ? "1" : undefined });
  // A quote is allowed in a URL. In an attribute of HTML that was put together by hand it would end the URL.
  return transport.url({ path: inVault(vaultId, ...placeOf(asset, by)), query }).replaceAll("'", "%27");
}

const placeOf = (asset: Delivered, by: "id" | "path"): string[] =>
  by === "path"
    ? filePath(asset as FilePath)
    : ["assets", typeof asset === "string" ? asset : (asset as { id: string }).id, "content"];

/** Where the newest file of a path and name is, in its vault. */
export const filePath = ({ partition, collection, channel, filename }: FilePath): string[] => [
  "files",
  partition,
  collection,
  channel,
  filename,
];
