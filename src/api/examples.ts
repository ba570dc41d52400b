/** An example of each answer, for whoever reads the document. */

import type * as v from "valibot";
import { encodeCursor } from "../model/cursor.ts";
import * as answers from "./answers.ts";
import type {
  AssetRecord,
  BatchAnswer,
  ChangesPage,
  CreatedKey,
  CreatedVault,
  Folder,
  FolderDeletion,
  Health,
  ImportAnswer,
  ImportPage,
  KeyInfo,
  Link,
  Page,
  Ticket,
  TicketInfo,
  UploadInfo,
  VaultInfo,
  VaultReport,
} from "./types.ts";

const VAULT_ID = "vault_01k2m8z4v9c7r5t3n1w6x0y8qa";
const ASSET_ID = "asset_01k2m8z4v9c7r5t3n1w6x0y8qb";
const DELETED_ID = "asset_01k2m8z4v9c7r5t3n1w6x0y8qd";
const KEY_ID = "key_01k2m8z4v9c7r5t3n1w6x0y8qc";
const UPLOAD_ID = "upload_01k2m8z4v9c7r5t3n1w6x0y8qe";
/** The form of an id. Its signature is none. */
const TICKET_ID = `ticket_01k2m8z4v9c7r5t3n1w6x0y8qf${"A".repeat(43)}`;
const TIME = "2026-01-15T10:30:00Z";

/** What stands in the paths of the examples. */
export const PATH_EXAMPLES: Readonly<Record<string, string>> = {
  vaultId: VAULT_ID,
  assetId: ASSET_ID,
  keyId: KEY_ID,
  uploadId: UPLOAD_ID,
  ticketId: TICKET_ID,
  partition: "marketing",
  collection: "blog",
  channel: "hero-images",
  filename: "cat.jpg",
};

const asset: AssetRecord = {
  id: ASSET_ID,
  vault_id: VAULT_ID,
  partition: "marketing",
  collection: "blog",
  channel: "hero-images",
  filename: "cat.jpg",
  r2_key: `${VAULT_ID}/marketing/blog/hero-images/${ASSET_ID}_cat.jpg`,
  size: 48_211,
  mime_type: "image/jpeg",
  width: 1_200,
  height: 800,
  metadata: '{"alt":"A cat"}',
  tags: '["hero","cats"]',
  created_at: TIME,
  updated_at: TIME,
};

const vault: VaultInfo = { id: VAULT_ID, name: "marketing", created_at: TIME, status: "active" };

const key: KeyInfo = {
  id: KEY_ID,
  vault_id: VAULT_ID,
  label: "website",
  type: "public",
  scope: { partition: "marketing", collection: "blog" },
  created_at: TIME,
  expires_at: null,
  revoked_at: null,
  last_used_on: "2026-01-15",
};

const upload: UploadInfo = {
  id: UPLOAD_ID,
  state: "open",
  offset: 10_485_760,
  length: 734_003_200,
  expires_at: TIME,
  asset_id: null,
};

/** The form of a token. It opens nothing: its signature is none. */
const token = (prefix: "sk" | "pk"): string =>
  `${prefix}_${VAULT_ID.slice("vault_".length)}${KEY_ID.slice("key_".length)}${"A".repeat(43)}`;

const lastPage = <T>(...data: T[]): Page<T> => ({ data, cursor: null, has_more: false });

const createdVault: CreatedVault = { ...vault, secret_key: token("sk"), public_key: token("pk") };
const createdKey: CreatedKey = { ...key, last_used_on: null, token: token("pk") };
const changes: ChangesPage = {
  data: [
    { type: "asset", asset, etag: '"7"' },
    { type: "deleted", id: DELETED_ID, deleted_at: TIME },
  ],
  cursor: encodeCursor({ generation: "7d1f0c52e9a84b36", after: 8 }),
  has_more: false,
};
const link: Link = {
  url: `https://assets.example.com/api/v1/vaults/${VAULT_ID}/assets/${ASSET_ID}/content?expires=1768473060&key=${KEY_ID}&signature=${"A".repeat(43)}`,
  expires_at: "2026-01-15T10:31:00Z",
};
const ticket: Ticket = {
  url: `https://assets.example.com/api/v1/vaults/${VAULT_ID}/assets?ticket=eyJ9.${"A".repeat(43)}`,
  ticket_id: TICKET_ID,
  expires_at: "2026-01-15T11:30:00Z",
};
const ticketInfo: TicketInfo = {
  ticket_id: TICKET_ID,
  status: "used",
  expires_at: "2026-01-15T11:30:00Z",
  asset,
};
const health: Health = { status: "ok", version: "0.1.0" };
const report: VaultReport = {
  ...vault,
  assets: 1,
  bytes: asset.size,
  partitions: [{ name: "marketing", assets: 1, bytes: asset.size }],
  rev: 7,
  recorded_rev: 7,
  outbox: 0,
  parked: [],
  lost_windows: [],
  lost_since: null,
  lost_until: null,
  reconcile: null,
  import: null,
  usage: { assets: 1, bytes: asset.size },
  settings: {
    quota_assets: 10_000,
    quota_bytes: null,
    max_file_bytes: 10_485_760,
    allowed_types: ["image/*", "application/pdf"],
    requests_per_second: 50,
    cache_seconds: 3600,
  },
};

const batch: BatchAnswer = {
  data: [
    { status: 200, id: ASSET_ID, etag: '"8"' },
    {
      status: 412,
      id: ASSET_ID,
      error: { code: "PRECONDITION_FAILED", message: "if_match: the asset has changed since", status: 412 },
    },
  ],
  durability: "recorded",
};
/** What a request of an import sends. */
export const importExample = {
  top: 7,
  assets: 1,
  bytes: asset.size,
  records: [
    {
      type: "asset",
      asset,
      etag: '"7"',
      seq: 5,
      sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    },
  ],
} as const satisfies ImportPage;
const importAnswer: ImportAnswer = { imported: 0, present: 0, missing: [ASSET_ID], done: false };

const folderDeletion: FolderDeletion = { deleted: 1_000, has_more: true };

export const EXAMPLES: ReadonlyMap<v.GenericSchema, unknown> = new Map<v.GenericSchema, unknown>([
  [answers.UploadInfo, upload],
  [answers.AssetRecord, asset],
  [answers.AssetPage, lastPage(asset)],
  [answers.BatchAnswer, batch],
  [answers.FolderDeletion, folderDeletion],
  [answers.ImportAnswer, importAnswer],
  [answers.ChangesPage, changes],
  [answers.FolderPage, lastPage({ name: "marketing", assets: 1, bytes: asset.size } satisfies Folder)],
  [answers.CreatedVault, createdVault],
  [answers.VaultPage, lastPage(vault)],
  [answers.VaultReport, report],
  [answers.CreatedKey, createdKey],
  [answers.KeyInfo, key],
  [answers.KeyPage, lastPage(key)],
  [answers.Link, link],
  [answers.Ticket, ticket],
  [answers.TicketInfo, ticketInfo],
  [answers.Health, health],
  [answers.OpenApiDocument, { openapi: "3.1.0", info: { title: "Strongroom", version: health.version }, paths: {} }],
]);
