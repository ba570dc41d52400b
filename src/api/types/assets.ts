/** Assets and folders, and links to assets. */

import type { FolderPath } from "../../model/asset.ts";
import type { ErrorBody } from "./answers.ts";

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
