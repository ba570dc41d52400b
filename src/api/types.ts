/**
 * What goes over the wire, as plain types: for the server, for clients in TypeScript, and for whoever reads. The schemas of
 * this folder are checked against them. A field, once here, stays and keeps its meaning.
 */

import type { AssetRecord, FolderPath } from "../model/asset.ts";
import type { ErrorCode } from "../model/refusal.ts";
import type { VaultChange, VaultSettings } from "../model/settings.ts";
import type { KeyScope } from "../model/key-scope.ts";
import type { TicketInfo } from "../model/ticket.ts";
import type { KeyType, ReconcileFindings, VaultInfo, VaultReport } from "../model/vault.ts";

export type { ImportAnswer, ImportedLine, ImportPage } from "../model/import.ts";
export type {
  AssetRecord,
  ErrorCode,
  KeyScope,
  KeyType,
  ReconcileFindings,
  TicketInfo,
  VaultChange,
  VaultInfo,
  VaultReport,
  VaultSettings,
};

/** How a resumable upload stands. */
export interface UploadInfo {
  id: string;
  /** `completing`: all bytes are safe, and the asset is still to be made. */
  state: "open" | "completing" | "done";
  /** How many bytes are safe: the next ones begin here. */
  offset: number;
  length: number;
  /** When it ends unless bytes come. When it is done: when it is forgotten. */
  expires_at: string;
  /** The asset that came of it. */
  asset_id: string | null;
}

/** A page of a list. */
export interface Page<T> {
  data: T[];
  /** What asks for the next page; null on the last. */
  cursor: string | null;
  has_more: boolean;
}

/** Which assets a list holds: those that match all of it. */
export interface AssetListParameters {
  partition?: string;
  collection?: string;
  channel?: string;
  /** An asset has all of these, at most 5. */
  tags?: readonly string[];
  /** What filenames begin with. */
  filename_prefix?: string;
  /** `image/png`, or `image/*` for all of its kind. */
  mime_type?: string;
  /** RFC 3339: created then or later. */
  created_since?: string;
  /** RFC 3339: created earlier. */
  created_before?: string;
  /** Values of keys at the top of the metadata. Text matches what reads like it as JSON: `"100"` also the number 100. */
  metadata?: Readonly<Record<string, string | number | boolean | null>>;
  /** Part of the filename or of a tag, at least 3 characters. Case does not matter in ASCII. */
  q?: string;
  /** `newest` first unless said. */
  order?: "newest" | "oldest";
  /** These assets, at most 100. */
  ids?: readonly string[];
  /** Of a page: 1 to 200; 50 unless said. */
  limit?: number;
  /** Of the page before, with the same filters. */
  cursor?: string;
}

/** Which part of the feed of changes is asked for. */
export interface ChangesParameters {
  /** Of the page before; without one the feed begins at the beginning. `now`: with what changes from now on. */
  cursor?: string;
  /** Of a page: 1 to 1,000; 200 unless said. */
  limit?: number;
  /** Seconds to wait when there is nothing yet: 0 to 30; 0 unless said. */
  wait?: number;
  /** Whether an asset comes with its `seq` and its file's `sha256`. */
  full?: boolean;
}

/** An asset that was created or has changed, as it is now. */
export interface ChangedAsset {
  type: "asset";
  asset: AssetRecord;
  etag: string;
  /** The asset's place in every list: the revision at which it was created. With `full`. */
  seq?: number;
  /** Of its file, in lower-case hex. With `full`. */
  sha256?: string;
}

/** An asset that was deleted. */
export interface DeletedAsset {
  type: "deleted";
  id: string;
  deleted_at: string;
}

/** A page of the feed of changes. */
export interface ChangesPage {
  data: (ChangedAsset | DeletedAsset)[];
  /** What asks for what comes next, now or later. */
  cursor: string;
  /** Whether there is more already. */
  has_more: boolean;
}

/** Which folders a list holds: partitions, or the collections of a partition, or the channels of a collection. */
export interface FolderListParameters {
  partition?: string;
  /** Of the partition, which must be given too. */
  collection?: string;
  limit?: number;
  cursor?: string;
}

/** A folder that is not empty, with what is in it and below. */
export interface Folder {
  name: string;
  assets: number;
  bytes: number;
}

/** A page in the order of ids, newest first. */
export interface IdListParameters {
  limit?: number;
  cursor?: string;
}

/** Where an asset belongs. */
export type AssetPathFields = FolderPath;

/** What an upload says of its file. `metadata` and `tags` are JSON in strings. */
export interface UploadFields extends AssetPathFields {
  /** Overrides the name that the file comes with. */
  filename?: string;
  metadata?: string;
  tags?: string;
}

/**
 * A change of an asset: at least one of these. Metadata is merged. Tags are replaced, or else taken away and added. The
 * other fields move and rename the asset, whose file stays where it is.
 */
export interface AssetChange extends Partial<AssetPathFields> {
  metadata?: Record<string, unknown>;
  /** All of its tags. */
  tags?: string[];
  /** Tags that are appended, unless the asset has them. Not together with `tags`. */
  add_tags?: string[];
  /** Tags that are taken away before others are added. Not together with `tags`. */
  remove_tags?: string[];
  filename?: string;
}

/** The same as a merge patch (RFC 7396). */
export interface AssetMergePatch extends Omit<AssetChange, "tags"> {
  tags?: string[] | null;
}

/** One operation of a batch. `if_match` is an `etag`: without it the operation is unconditional. */
export type BatchOperation =
  | ({ op: "update"; id: string; if_match?: string } & AssetChange)
  | { op: "delete"; id: string; if_match?: string };

/** What became of one operation: an update has the asset's new `etag`, and a refused operation its error. */
export type BatchResult =
  | { status: 200; id: string; etag: string }
  | { status: 204; id: string }
  | { status: number; id: string; error: ErrorBody["error"] };

export interface BatchAnswer {
  /** In the order of the operations. */
  data: BatchResult[];
  /** `queued`: the vault's own storage has it, and the others will get it as soon as they answer. */
  durability: "recorded" | "queued";
}

/** A folder: all that a partition holds, or what also has a collection, a channel or both. */
export interface FolderFields {
  partition: string;
  collection?: string;
  channel?: string;
}

export interface FolderDeletion {
  deleted: number;
  has_more: boolean;
}

export interface NewVault {
  name: string;
}

/** A vault with the keys that it was made with. The tokens are shown this once. */
export interface CreatedVault extends VaultInfo {
  secret_key: string;
  public_key: string;
}

export interface NewKeyFields {
  label?: string | null;
  /** `secret` unless said. */
  type?: KeyType;
  /** The folder that it is good for; the whole vault unless said. */
  scope?: KeyScope | null;
  /** RFC 3339, in the future. */
  expires_at?: string | null;
}

/** A change of a key: at least one of these. */
export interface KeyChangeFields {
  label?: string | null;
  /** RFC 3339, in the future, and not later than it is. */
  expires_at?: string;
}

/** A key as it is listed. Its token is not stored anywhere. */
export interface KeyInfo {
  id: string;
  vault_id: string;
  label: string | null;
  type: KeyType;
  /** The folder that it is good for; null when that is the whole vault. */
  scope: KeyScope | null;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  /** The day (YYYY-MM-DD, UTC) on which it was last used, as far as is known. */
  last_used_on: string | null;
}

/** A new key. The token is shown this once. */
export interface CreatedKey extends KeyInfo {
  token: string;
}

export interface NewLink {
  /** Seconds: 1 to 604,800; 3,600 unless said. */
  expires_in?: number;
  /** `inline` unless said. */
  disposition?: "inline" | "attachment";
}

/** A URL that opens one asset's content to whoever has it. */
export interface Link {
  url: string;
  expires_at: string;
}

/** What a ticket is to be for: one file, at a path. What else it names cannot be changed by whoever uploads. */
export interface NewTicket extends AssetPathFields {
  filename?: string;
  /** The most bytes of the file. */
  max_file_bytes?: number;
  /** The media types of the file: `image/png`, or `image/*` for all of that kind. */
  allowed_types?: string[];
  metadata?: Record<string, unknown>;
  tags?: string[];
  /** Seconds in which an upload must begin: 1 to 604,800; 3,600 unless said. */
  expires_in?: number;
}

/** A URL by which whoever has it uploads one file. */
export interface Ticket {
  url: string;
  /** What asks what came of it. */
  ticket_id: string;
  expires_at: string;
}

export interface Health {
  status: "ok";
  version: string;
}

/** What every refusal is. */
export interface ErrorBody {
  error: {
    /** Open: a later version may have more. */
    code: ErrorCode;
    /** Names the field and the rule that it broke. */
    message: string;
    status: number;
  };
}
