/** The kinds of access that endpoints ask for, and the credentials that have each of them. */

import type { KeyType } from "../model/vault.ts";

/** What an endpoint asks of its caller. */
export type Access =
  /** Nothing: no credential is looked at. */
  | "anyone"
  /** To run the server. */
  | "admin"
  /** To manage a vault and its keys. */
  | "manage"
  /** To see records, lists and changes. */
  | "read"
  /** To download files. */
  | "content"
  /** To upload files. */
  | "upload"
  /** To change and delete assets, and to let others in. */
  | "write";

/** What a request may identify itself with in its `Authorization`. */
export type Credential = "admin" | KeyType;

/**
 * Which credentials have which access. A key has it in its own vault, and one that is narrowed has it in its folder: there
 * is no folder to manage in, so a narrowed key has none of `manage`. The vault sees to that, since it alone knows the
 * scope. A signed link has `content` of one asset.
 */
export const OPENS = {
  admin: ["admin"],
  manage: ["admin", "secret"],
  read: ["secret", "public"],
  content: ["secret", "public", "delivery"],
  upload: ["secret", "upload"],
  write: ["secret"],
} as const satisfies Readonly<Record<Exclude<Access, "anyone">, readonly Credential[]>>;
