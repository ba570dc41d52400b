/** Assets: as an upload hands them to the vault, as the vault and D1 hold them, and as the API shows them. */

import { MAX_COMPONENT_LENGTH } from "./limits.ts";

/**
 * What an asset's path consists of before its filename: the three components that the API began with, in their order.
 */
export const PATH_COMPONENTS = ["partition", "collection", "channel"] as const;

/** The rule for each of them, which is the one that the API began with. */
export const PATH_COMPONENT = new RegExp(`^[a-z0-9](?:[a-z0-9-]{0,${MAX_COMPONENT_LENGTH - 2}}[a-z0-9])?$`);

/** What that asks for, as a message says it behind the component. */
export const PATH_COMPONENT_RULE = `must be 1 to ${MAX_COMPONENT_LENGTH} lowercase letters, digits and hyphens, starting and ending with a letter or digit`;

/** The path of a folder that holds assets: the three components. */
export interface FolderPath {
  partition: string;
  collection: string;
  channel: string;
}

/** What distinguishes one asset's place from another's: its folder and a name. */
export interface AssetPath extends FolderPath {
  filename: string;
}

/** A body that is in R2 and waits for its record: what an upload hands to the vault. */
export interface NewAsset extends AssetPath {
  id: string;
  r2_key: string;
  size: number;
  mime_type: string;
  width: number | null;
  height: number | null;
  /** A JSON object, serialised. */
  metadata: string;
  /** A JSON array of strings, serialised. */
  tags: string;
  /** The SHA-256 of the body, in lower-case hex. */
  sha256: string;
}

/** What is known of a file before all of it has come. */
export interface KnownFile {
  /** Its bytes or, while it is on its way, the least that they can be. */
  readonly size: number;
  /** Undefined while it is not certain. */
  readonly mimeType: string | undefined;
}

/** An asset as the vault's index and D1 hold it. */
export interface Asset extends NewAsset {
  /** The vault's revision at which the asset was created. It is the asset's place in every list, for ever. */
  seq: number;
  /** The vault's revision at which the asset last changed. */
  rev: number;
  created_at: string;
  updated_at: string;
}

/** The columns of an asset, in the vault's index as in D1. */
export const ASSET_FIELDS = [
  "seq",
  "rev",
  "id",
  "partition",
  "collection",
  "channel",
  "filename",
  "r2_key",
  "size",
  "mime_type",
  "width",
  "height",
  "metadata",
  "tags",
  "sha256",
  "created_at",
  "updated_at",
] as const satisfies readonly (keyof Asset)[];

/** What says where an asset is. */
export const PATH_FIELDS = [...PATH_COMPONENTS, "filename"] as const satisfies readonly (keyof AssetPath)[];

/**
 * The columns that a change of an asset can set. D1 is told all of them with every change, so that a rebuild brings an
 * asset back as it was last.
 */
export const CHANGEABLE_FIELDS = [
  "rev",
  ...PATH_FIELDS,
  "metadata",
  "tags",
  "updated_at",
] as const satisfies readonly (keyof Asset)[];

/** What it takes to serve an asset's body. */
export type BodyLocation = Pick<Asset, "id" | "r2_key" | "filename" | "size" | "mime_type" | "sha256" | "created_at">;

/** Where an asset's body is, as a vault answers. */
export interface LocatedContent {
  readonly body: BodyLocation;
  /** For how many seconds caches may use the answer. For delivery keys alone. */
  readonly cacheSeconds?: number;
}

/**
 * A record as the API shows it: the 15 fields that the API began with, in their order. They are frozen, and anything
 * more travels in headers.
 */
export interface AssetRecord {
  id: string;
  vault_id: string;
  partition: string;
  collection: string;
  channel: string;
  filename: string;
  r2_key: string;
  size: number;
  mime_type: string;
  width: number | null;
  height: number | null;
  metadata: string;
  tags: string;
  created_at: string;
  updated_at: string;
}

/** The fields in the order of the wire. The type sees to it that none is missing. */
export const RECORD_FIELDS = Object.keys({
  id: true,
  vault_id: true,
  partition: true,
  collection: true,
  channel: true,
  filename: true,
  r2_key: true,
  size: true,
  mime_type: true,
  width: true,
  height: true,
  metadata: true,
  tags: true,
  created_at: true,
  updated_at: true,
} satisfies Record<keyof AssetRecord, true>) as (keyof AssetRecord)[];

export function toRecord(vaultId: string, asset: Asset): AssetRecord {
  return {
    id: asset.id,
    vault_id: vaultId,
    partition: asset.partition,
    collection: asset.collection,
    channel: asset.channel,
    filename: asset.filename,
    r2_key: asset.r2_key,
    size: asset.size,
    mime_type: asset.mime_type,
    width: asset.width,
    height: asset.height,
    metadata: asset.metadata,
    tags: asset.tags,
    created_at: asset.created_at,
    updated_at: asset.updated_at,
  };
}

/** The filters of a list. An absent filter matches everything. */
export interface AssetFilter {
  partition?: string | undefined;
  collection?: string | undefined;
  channel?: string | undefined;
}

/** A folder: all that a partition holds, or what also has a collection, a channel or both. */
export type FolderFilter = AssetFilter & { partition: string };

/** A record as JSON text, ready to be sent, with its entity tag. */
export interface RecordBody {
  body: string;
  etag: string;
}

/** The same of an asset that was written, with its id. */
export interface StoredRecord extends RecordBody {
  id: string;
}
