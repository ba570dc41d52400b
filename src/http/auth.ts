/**
 * Credentials: makes the tokens of keys, verifies the credential of a request, and says what each kind of credential
 * may do. A request without a good credential is refused here, before any vault hears of it.
 */

import { timingSafeEqual } from "node:crypto";
import { type Access, type Credential, OPENS } from "../api/access.ts";
import type { Env } from "../env.ts";
import { isUlid } from "../model/id.ts";
import { refuse, type Refusal, type Result } from "../model/refusal.ts";
import { KEY_TYPES, type KeyType, type Principal } from "../model/vault.ts";
import { adminTokenProblem, keySecretProblem, misconfigured } from "./settings.ts";
import { sign, verify } from "./signature.ts";

/**
 * A token is `sk_`, `pk_`, `dk_` or `uk_`, the vault's ULID, the key's ULID and 43 characters of base64url. Each part has a fixed
 * length, and a token is cut by position. The last part is an HMAC-SHA-256 over the rest. So nobody can forge a token,
 * move it to another vault or give it another type.
 */
const TOKEN_LENGTH = 98;
const PREFIX = {
  secret: "sk_",
  public: "pk_",
  delivery: "dk_",
  upload: "uk_",
} as const satisfies Readonly<Record<KeyType, string>>;

const encoder = new TextEncoder();

const tokenStatement = (type: KeyType, vaultId: string, keyId: string) => (kid: string) =>
  `token:v1:${kid}:${type}:${vaultId}:${keyId}`;

/** The token of a key, and the kid of the secret that signs it. */
export async function mintToken(
  env: Env,
  key: { type: KeyType; vaultId: string; keyId: string },
): Promise<{ token: string; kid: string }> {
  const { mac, kid } = await sign(env, tokenStatement(key.type, key.vaultId, key.keyId));
  const ulids = key.vaultId.slice("vault_".length) + key.keyId.slice("key_".length);
  return { token: PREFIX[key.type] + ulids + mac, kid };
}

/**
 * Tokens whose signature this isolate has verified, the oldest first. A signature stays good, so it need not be
 * verified again. Whether the key still acts is asked of its vault with every request. An entry takes some 400 bytes,
 * so all of them take 4 MB at most. All are dropped when the secrets change.
 */
const verified = new Map<string, Principal>();
const MAX_VERIFIED = 10_000;
let verifiedUnder: readonly (string | undefined)[] = [];

async function verifyToken(env: Env, token: string): Promise<Principal | undefined> {
  if (token.length !== TOKEN_LENGTH) return undefined;
  const [current, previous] = verifiedUnder;
  if (env.KEY_SECRET !== current || env.KEY_SECRET_PREVIOUS !== previous) {
    verified.clear();
    verifiedUnder = [env.KEY_SECRET, env.KEY_SECRET_PREVIOUS];
  }
  const known = verified.get(token);
  if (known) return known;
  const principal = await verifySignature(env, token);
  if (principal) {
    if (verified.size >= MAX_VERIFIED) verified.delete(verified.keys().next().value ?? "");
    verified.set(token, principal);
  }
  return principal;
}

async function verifySignature(env: Env, token: string): Promise<Principal | undefined> {
  const type = KEY_TYPES.find((each) => token.startsWith(PREFIX[each]));
  const vault = token.slice(3, 29);
  const key = token.slice(29, 55);
  if (!type || !isUlid(vault) || !isUlid(key)) return undefined;
  const principal = { kind: "key", type, vaultId: `vault_${vault}`, keyId: `key_${key}` } as const;
  const good = await verify(env, tokenStatement(type, principal.vaultId, principal.keyId), token.slice(55));
  return good ? principal : undefined;
}

async function isAdmin(env: Env, token: string): Promise<boolean> {
  // Digests have one length, whatever was sent. So comparing them tells nothing about the length of the token.
  const [given, expected] = await Promise.all(
    [token, env.ADMIN_TOKEN].map((text) => crypto.subtle.digest("SHA-256", encoder.encode(text))),
  );
  return given !== undefined && expected !== undefined && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}

/** Tells who sends this request, by the signature alone. Whether a key still acts is for its vault to say. */
export async function authenticate(request: Request, env: Env): Promise<Result<{ principal: Principal }>> {
  const secretProblem = keySecretProblem(env);
  if (secretProblem !== undefined) return misconfigured(secretProblem);
  const header = request.headers.get("Authorization");
  // RFC 6750 3.1: whoever sent no token is told of no error.
  if (!header)
    return refuse("UNAUTHORIZED", "send a key as Authorization: Bearer …", {
      "WWW-Authenticate": 'Bearer realm="strongroom"',
    });
  const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  if (!token) return refuse("UNAUTHORIZED", "Authorization: must be Bearer and a key");
  const principal = await verifyToken(env, token);
  if (principal) return { ok: true, principal };
  const tokenProblem = adminTokenProblem(env);
  if (tokenProblem !== undefined) return misconfigured(tokenProblem);
  if (await isAdmin(env, token)) return { ok: true, principal: { kind: "admin" } };
  return refuse("UNAUTHORIZED", "this key is not valid");
}

/**
 * Tells who sends this request by the `token` in its URL. A URL is shown, kept and passed on by whatever handles it, so only
 * a delivery key is taken from one.
 */
export async function authenticateByUrl(env: Env, token: string): Promise<Result<{ principal: Principal }>> {
  const problem = keySecretProblem(env);
  if (problem !== undefined) return misconfigured(problem);
  if (!token.startsWith(PREFIX.delivery)) {
    const rule = "token: must be a delivery key, dk_…: no other key is taken from a URL";
    const isKey = Object.values(PREFIX).some((prefix) => token.startsWith(prefix));
    return refuse(isKey ? "FORBIDDEN" : "UNAUTHORIZED", rule);
  }
  const principal = await verifyToken(env, token);
  return principal ? { ok: true, principal } : refuse("UNAUTHORIZED", "token: this key is not valid");
}

/** What each type of key is refused with where it may not go. */
const ONLY: Readonly<Record<KeyType, string>> = {
  secret: "a secret key manages one vault",
  public: "a public key can only read",
  delivery: "a delivery key can only download files",
  upload: "an upload key can only upload files",
};

/**
 * Refuses a principal whose kind or type does not give it this access, by the table {@link OPENS}; undefined when it may
 * pass.
 *
 * @param vaultId the vault of the request's path; undefined when the endpoint concerns no vault in particular
 */
export function authorize(
  principal: Principal,
  access: Exclude<Access, "anyone">,
  vaultId: string | undefined,
): Refusal | undefined {
  const openers: readonly Credential[] = OPENS[access];
  const forbidden = (message: string): Refusal => refuse("FORBIDDEN", message);
  if (principal.kind === "admin") {
    if (openers.includes("admin")) return undefined;
    return forbidden("the admin token opens no assets: use a key of the vault");
  }
  if (access === "admin") return forbidden("this needs the admin token");
  if (principal.vaultId !== vaultId) return forbidden("this key belongs to another vault");
  if (openers.includes(principal.type)) return undefined;
  const others = openers.filter((opener) => opener !== "admin");
  return forbidden(`${ONLY[principal.type]}: use a ${others.join(" or ")} key`);
}
