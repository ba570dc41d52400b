/**
 * The key or token that one is signed in with. It stays in this tab: sessionStorage is neither shared with other tabs nor
 * kept when the tab is closed. It is in no URL.
 */

import { type Signal, signal } from "@preact/signals";
import { Strongroom, StrongroomAdmin, StrongroomError } from "../client/index.ts";

/** A key opens its vault, and the admin token opens the administration of all vaults, but no file. */
export type Session =
  | {
      readonly kind: "key";
      readonly keyType: "secret" | "public";
      readonly vaultId: string;
      readonly vault: Strongroom;
    }
  | { readonly kind: "admin"; readonly admin: StrongroomAdmin };

const STORED = "strongroom.credential";

/** Where the delivery key is kept that URLs are made with. */
export const DELIVERY_KEY = "strongroom.delivery-key";

/** The API is where this page is. */
const url = new URL("./", location.href).href;

export const session: Signal<Session | undefined> = signal(restored());

/** Whether whoever is signed in may write: everything that writes is hidden from others. */
export const canWrite = (): boolean => session.value?.kind === "key" && session.value.keyType === "secret";

/** Why a credential is no good, in words for people. */
export class SignInError extends Error {
  override name = "SignInError";
}

/** Opens a credential. Nothing is asked of the server. */
function opened(credential: string): Session {
  const prefix = /^[a-z](?=k_)/.exec(credential)?.[0] ?? "";
  switch (prefix) {
    case "s":
    case "p": {
      const vault = new Strongroom({ url, key: credential });
      return { kind: "key", keyType: prefix === "s" ? "secret" : "public", vaultId: vault.vaultId, vault };
    }
    case "d":
      throw new SignInError(
        "This is a delivery key: it only opens files by their URL. Sign in with a secret or a public key.",
      );
    case "u":
      throw new SignInError(
        "This is an upload key: it cannot see what is stored. Sign in with a secret or a public key.",
      );
    default:
      return { kind: "admin", admin: new StrongroomAdmin({ url, token: credential }) };
  }
}

/** The session of this tab from before it was reloaded. */
function restored(): Session | undefined {
  const credential = sessionStorage.getItem(STORED);
  try {
    return credential === null ? undefined : opened(credential);
  } catch {
    return undefined;
  }
}

/** Signs in with a key or the admin token, once the server has taken it. Throws an error with words for people. */
export async function signIn(credential: string): Promise<void> {
  const text = credential.trim().replace(/^Bearer\s+/i, "");
  if (text === "") throw new SignInError("Paste a key or the admin token.");
  // No more of it than a header may hold.
  if (!/^[!-~]+$/.test(text)) throw new SignInError("A key or token is one word. Paste nothing else with it.");
  let next: Session;
  try {
    next = opened(text);
  } catch (error) {
    if (error instanceof SignInError) throw error;
    throw new SignInError("This is not a whole key. Copy all of it: a key has 98 characters.");
  }
  try {
    await (next.kind === "key" ? next.vault.folders.list({ limit: 1 }) : next.admin.vaults.list({ limit: 1 }));
  } catch (error) {
    throw new SignInError(refused(next, error));
  }
  sessionStorage.setItem(STORED, text);
  session.value = next;
}

function refused({ kind }: Session, error: unknown): string {
  if (!(error instanceof StrongroomError)) return String(error);
  if (error.status === 401) {
    return kind === "key"
      ? "This key is not accepted. It may have been revoked, have expired, or belong to another server."
      : "This is neither a key (sk_… or pk_…) nor this server's admin token.";
  }
  if (error.code === "NETWORK_ERROR" || error.code === "TIMEOUT") return "The server does not answer. Is it running?";
  return error.message;
}

/** Forgets the key. */
export function signOut(): void {
  for (const name of [STORED, DELIVERY_KEY]) sessionStorage.removeItem(name);
  session.value = undefined;
}
