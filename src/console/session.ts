/**
 * The key or token that one is signed in with. It stays in this tab: sessionStorage is neither shared with other tabs nor
 * kept when the tab is closed. It is in no URL.
 *
 * A page has one session in its life. Whoever signs in after another gets a page that is loaded anew, so that nothing that
 * any module holds of the one before (edits, uploads, what they chose) is there for the next.
 */

import { type Signal, signal } from "@preact/signals";
import { Strongroom, StrongroomAdmin, StrongroomError } from "../client/index.ts";
import { confirm, dismissQuestion } from "./ui/confirm.ts";
import { dismissToasts } from "./ui/toast.tsx";

/** A key opens its vault, and the admin token opens the administration of all vaults, but no file. */
export type Session =
  | {
      readonly kind: "key";
      readonly keyType: "secret" | "public";
      readonly vaultId: string;
      readonly vault: Strongroom;
      /** Whether it manages the vault: a secret key does, unless it is good for one folder alone. */
      readonly manages: boolean;
    }
  | { readonly kind: "admin"; readonly admin: StrongroomAdmin };

const STORED = "strongroom.credential";

/** Stands behind a secret key that is good for one folder alone, which the key itself does not tell. */
const NARROWED = " narrowed";

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
function opened(stored: string): Session {
  const credential = stored.replace(NARROWED, "");
  const prefix = /^[a-z](?=k_)/.exec(credential)?.[0] ?? "";
  switch (prefix) {
    case "s":
    case "p": {
      const vault = new Strongroom({ url, key: credential });
      const isSecret = prefix === "s";
      const keyType = isSecret ? "secret" : "public";
      return { kind: "key", keyType, vaultId: vault.vaultId, vault, manages: isSecret && stored === credential };
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

/** Whether somebody was signed in since the page was loaded. */
let isUsed = session.value !== undefined;

/**
 * Signs in with a key or the admin token, once the server has taken it. Throws an error with words for people.
 *
 * @param taken called then, before anything is shown
 */
export async function signIn(credential: string, taken = () => {}): Promise<void> {
  let text = credential.trim().replace(/^Bearer\s+/i, "");
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
    if (next.kind === "admin") await next.admin.vaults.list({ limit: 1 });
    else if (next.manages) await next.vault.vaults.get(next.vaultId);
    else await next.vault.folders.list({ limit: 1 });
  } catch (error) {
    // A key that is not accepted is told so before.
    if (!(error instanceof StrongroomError && error.code === "FORBIDDEN")) throw new SignInError(refused(next, error));
    text += NARROWED;
    next = opened(text);
  }
  forget();
  sessionStorage.setItem(STORED, text);
  taken();
  if (isUsed) location.reload();
  else session.value = next;
  isUsed = true;
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

function forget(): void {
  for (const name of [STORED, DELIVERY_KEY]) sessionStorage.removeItem(name);
}

/** Forgets the key, and what is said and asked of what it opened. */
export function signOut(): void {
  forget();
  dismissQuestion();
  dismissToasts();
  session.value = undefined;
}

/** Whether nothing is lost with the session. What would be lost with the page is: so whoever would ask there is asked here. */
export const isFree = (): boolean => dispatchEvent(new Event("beforeunload", { cancelable: true }));

/** Signs out, once one has said yes where something is lost. */
export async function leave(): Promise<void> {
  const question = {
    title: "Sign out?",
    body: "What is not saved or not uploaded yet is lost.",
    verb: "Sign out",
    danger: true,
  };
  if (isFree() || (await confirm(question))) signOut();
}
