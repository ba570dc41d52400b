/** Signatures of what the server hands out and takes back: the tokens of keys, and links. */

import type { Env } from "../env.ts";
import { MIN_SECRET_LENGTH } from "../model/limits.ts";

const encoder = new TextEncoder();

interface Secret {
  /** Names the secret in the rows of the keys that it signed: the first characters of its digest. */
  readonly kid: string;
  readonly key: CryptoKey;
}

/** The imported secrets, for the life of the isolate. There are two at most. */
const secrets = new Map<string, Promise<Secret>>();

function importSecret(secret: string): Promise<Secret> {
  // The callers have checked this already. Here it makes sure that nothing is ever signed with less.
  if (secret.length < MIN_SECRET_LENGTH) throw new Error("the secret is too short");
  let imported = secrets.get(secret);
  if (!imported) {
    imported = (async () => {
      const bytes = encoder.encode(secret);
      const digest = Buffer.from(await crypto.subtle.digest("SHA-256", bytes));
      const algorithm = { name: "HMAC", hash: "SHA-256" };
      const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign", "verify"]);
      return { kid: digest.toString("hex").slice(0, 8), key };
    })();
    secrets.set(secret, imported);
  }
  return imported;
}

/**
 * Signs a statement under the current secret, by an HMAC-SHA-256 in base64url. The statement names the secret and the
 * purpose, so that what was signed for one purpose never passes for another.
 */
export async function sign(env: Env, statement: (kid: string) => string): Promise<{ mac: string; kid: string }> {
  const { kid, key } = await importSecret(env.KEY_SECRET);
  const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(statement(kid)));
  return { mac: Buffer.from(mac).toString("base64url"), kid };
}

/** Whether `mac` is what {@link sign} returned for this statement, under the current secret or the one before. */
export async function verify(env: Env, statement: (kid: string) => string, mac: string): Promise<boolean> {
  const bytes = Buffer.from(mac, "base64url");
  // base64url has spare bits at the end: only the one canonical spelling counts.
  if (bytes.toString("base64url") !== mac) return false;
  for (const secret of [env.KEY_SECRET, env.KEY_SECRET_PREVIOUS]) {
    if (!secret) continue;
    const { kid, key } = await importSecret(secret);
    // Compares in constant time.
    if (await crypto.subtle.verify("HMAC", key, bytes, encoder.encode(statement(kid)))) return true;
  }
  return false;
}
