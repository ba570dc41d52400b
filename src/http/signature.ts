/** Signatures of what the server hands out and takes back: tokens of keys, and links. */

import type { Env } from "../env.ts";
import { MIN_SECRET_LENGTH } from "../model/limits.ts";

const encoder = new TextEncoder();

interface Secret {
  /** Names the secret in the rows of the keys that it signed: the first characters of its digest. */
  readonly kid: string;
  readonly key: CryptoKey;
}

/** Imported secrets, for the life of the isolate: two at most. */
const secrets = new Map<string, Promise<Secret>>();

function importSecret(secret: string): Promise<Secret> {
  // Whoever calls has looked; but nothing is ever signed with less.
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
 * An HMAC-SHA-256 in base64url, under the current secret, over a statement that names the secret and the purpose: what
 * was signed as one thing can never pass for another.
 */
export async function sign(env: Env, statement: (kid: string) => string): Promise<{ mac: string; kid: string }> {
  const { kid, key } = await importSecret(env.KEY_SECRET);
  const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(statement(kid)));
  return { mac: Buffer.from(mac).toString("base64url"), kid };
}

/** Whether `mac` is what {@link sign} gave for this statement, under the current secret or the one before. */
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
