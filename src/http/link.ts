/** Signed links: URLs that open the content of one asset without a key, for a time. */

import type { Env } from "../env.ts";
import { isAssetId, isKeyId } from "../model/id.ts";
import { refuse, type Result } from "../model/refusal.ts";
import type { Principal } from "../model/vault.ts";
import { sign, verify } from "./signature.ts";
import type { Query } from "./query.ts";
import { keySecretProblem, misconfigured } from "./settings.ts";
import type { Disposition } from "./disposition.ts";

/**
 * What a signed link states: it opens this asset's content until `expires`, on the authority of the key that made it.
 */
export interface Link {
  vaultId: string;
  assetId: string;
  keyId: string;
  /** Epoch seconds. */
  expires: number;
  disposition: Disposition;
}

const statement = (link: Link) => (kid: string) =>
  `link:v1:${kid}:${link.vaultId}:${link.assetId}:${link.keyId}:${link.expires}:${link.disposition}`;

/** The path and query of a signed link. The link needs no key, and lives no longer than the key that made it. */
export async function signedPath(env: Env, link: Link): Promise<string> {
  const { mac } = await sign(env, statement(link));
  const query = new URLSearchParams({
    expires: String(link.expires),
    key: link.keyId,
    ...(link.disposition === "attachment" ? { disposition: link.disposition } : {}),
    signature: mac,
  });
  return `/api/v1/vaults/${link.vaultId}/assets/${link.assetId}/content?${query.toString()}`;
}

/**
 * Tells whom a signed link speaks for: the key that made it. The link is verified here, before any vault hears of it.
 * One that was tampered with or has expired gets 403.
 */
export async function verifyLink(
  env: Env,
  place: { vaultId: string; assetId: string },
  query: Query,
): Promise<Result<{ principal: Principal }>> {
  const { expires = "", key = "", signature = "", disposition = "inline" } = query;
  const problem = keySecretProblem(env);
  if (problem !== undefined) return misconfigured(problem);
  const invalidLink = refuse("FORBIDDEN", "this link is not valid");
  if (typeof expires !== "string" || typeof key !== "string" || typeof signature !== "string") return invalidLink;
  if (disposition !== "inline" && disposition !== "attachment") return invalidLink;
  if (!/^[1-9]\d{0,11}$/.test(expires) || !isKeyId(key) || !isAssetId(place.assetId)) return invalidLink;
  const link: Link = { ...place, keyId: key, expires: Number(expires), disposition };
  if (!(await verify(env, statement(link), signature))) return invalidLink;
  if (link.expires * 1000 <= Date.now()) return refuse("FORBIDDEN", "this link has expired");
  return { ok: true, principal: { kind: "key", type: "secret", vaultId: place.vaultId, keyId: key } };
}
