/** What the answers hold, as schemas: the document is made of them, and the tests hold every answer to the document. */

import * as v from "valibot";
import { ASSET_PATTERN, KEY_PATTERN, SESSION_PATTERN, TICKET_PATTERN, VAULT_PATTERN } from "../model/id.ts";
import { KEY_TYPES } from "../model/vault.ts";
import { STATUS } from "../model/refusal.ts";
import type {
  AssetRecord as AssetRecordType,
  BatchAnswer as BatchAnswerType,
  BatchResult as BatchResultType,
  ChangesPage as ChangesPageType,
  CreatedKey as CreatedKeyType,
  CreatedVault as CreatedVaultType,
  ErrorBody as ErrorBodyType,
  ErrorCode,
  Folder as FolderType,
  FolderDeletion as FolderDeletionType,
  Health as HealthType,
  ImportAnswer as ImportAnswerType,
  KeyInfo as KeyInfoType,
  Link as LinkType,
  Page,
  ReconcileFindings as ReconcileFindingsType,
  Ticket as TicketType,
  TicketInfo as TicketInfoType,
  UploadInfo as UploadInfoType,
  VaultInfo as VaultInfoType,
  VaultReport as VaultReportType,
  VaultSettings as VaultSettingsType,
} from "./types.ts";
import { PathComponent } from "./schemas.ts";

/** A schema whose values are exactly of a type of the wire. */
type SchemaOf<T> = v.GenericSchema<T, T>;

const matching = (pattern: RegExp) => v.pipe(v.string(), v.regex(pattern));
const Time = matching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/);
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Dimension = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1)));

export const VaultId = matching(VAULT_PATTERN);
export const AssetId = matching(ASSET_PATTERN);
export const KeyId = matching(KEY_PATTERN);

export const UploadId = matching(SESSION_PATTERN);

export const UploadInfo = v.strictObject({
  id: UploadId,
  state: v.picklist(["open", "completing", "done"]),
  offset: Count,
  length: Count,
  expires_at: Time,
  asset_id: v.nullable(AssetId),
}) satisfies SchemaOf<UploadInfoType>;

export const AssetRecord = v.strictObject({
  id: AssetId,
  vault_id: VaultId,
  partition: PathComponent,
  collection: PathComponent,
  channel: PathComponent,
  filename: v.pipe(v.string(), v.minLength(1)),
  r2_key: v.string(),
  size: Count,
  mime_type: v.string(),
  width: Dimension,
  height: Dimension,
  metadata: v.string(),
  tags: v.string(),
  created_at: Time,
  updated_at: Time,
}) satisfies SchemaOf<AssetRecordType>;

const pageOf = <T>(item: SchemaOf<T>) =>
  v.strictObject({
    data: v.array(item),
    cursor: v.nullable(v.string()),
    has_more: v.boolean(),
  }) satisfies SchemaOf<Page<T>>;

export const Folder = v.strictObject({
  name: PathComponent,
  assets: Count,
  bytes: Count,
}) satisfies SchemaOf<FolderType>;

const vaultInfo = {
  id: VaultId,
  name: v.string(),
  created_at: Time,
  status: v.picklist(["active", "deleting"]),
} as const;

export const VaultInfo = v.strictObject(vaultInfo) satisfies SchemaOf<VaultInfoType>;

export const CreatedVault = v.strictObject({
  ...vaultInfo,
  secret_key: v.string(),
  public_key: v.string(),
}) satisfies SchemaOf<CreatedVaultType>;

export const ReconcileFindings = v.strictObject({
  started_at: Time,
  finished_at: v.nullable(Time),
  restored: Count,
  removed: Count,
  recounted: Count,
  orphans_deleted: Count,
  orphans_waiting: Count,
  orphans_kept: Count,
  foreign: Count,
  missing: Count,
  missing_ids: v.array(AssetId),
}) satisfies SchemaOf<ReconcileFindingsType>;

export const VaultSettings = v.strictObject({
  quota_assets: v.nullable(Count),
  quota_bytes: v.nullable(Count),
  max_file_bytes: v.nullable(Count),
  allowed_types: v.nullable(v.array(v.string())),
  requests_per_second: v.nullable(Count),
  cache_seconds: v.nullable(Count),
}) satisfies SchemaOf<VaultSettingsType>;

export const VaultReport = v.strictObject({
  ...vaultInfo,
  assets: Count,
  bytes: Count,
  partitions: v.array(Folder),
  rev: Count,
  recorded_rev: Count,
  outbox: Count,
  parked: v.array(v.strictObject({ id: AssetId, error: v.string() })),
  lost_windows: v.array(v.strictObject({ since: Time, until: Time })),
  lost_since: v.nullable(Time),
  lost_until: v.nullable(Time),
  reconcile: v.nullable(ReconcileFindings),
  import: v.nullable(v.strictObject({ started_at: Time, assets: Count, bytes: Count })),
  usage: v.strictObject({ assets: Count, bytes: Count }),
  settings: VaultSettings,
}) satisfies SchemaOf<VaultReportType>;

const keyInfo = {
  id: KeyId,
  vault_id: VaultId,
  label: v.nullable(v.string()),
  type: v.picklist(KEY_TYPES),
  scope: v.nullable(
    v.strictObject({
      partition: v.string(),
      collection: v.exactOptional(v.string()),
      channel: v.exactOptional(v.string()),
    }),
  ),
  created_at: Time,
  expires_at: v.nullable(Time),
  revoked_at: v.nullable(Time),
  last_used_on: v.nullable(matching(/^\d{4}-\d\d-\d\d$/)),
} as const;

export const KeyInfo = v.strictObject(keyInfo) satisfies SchemaOf<KeyInfoType>;

export const CreatedKey = v.strictObject({ ...keyInfo, token: v.string() }) satisfies SchemaOf<CreatedKeyType>;

export const Link = v.strictObject({
  url: v.pipe(v.string(), v.url()),
  expires_at: Time,
}) satisfies SchemaOf<LinkType>;

export const TicketId = matching(TICKET_PATTERN);

export const Ticket = v.strictObject({
  url: v.pipe(v.string(), v.url()),
  ticket_id: TicketId,
  expires_at: Time,
}) satisfies SchemaOf<TicketType>;

export const TicketInfo = v.strictObject({
  ticket_id: TicketId,
  status: v.picklist(["open", "used", "expired"]),
  expires_at: Time,
  asset: v.nullable(AssetRecord),
}) satisfies SchemaOf<TicketInfoType>;

export const Health = v.strictObject({ status: v.literal("ok"), version: v.string() }) satisfies SchemaOf<HealthType>;

const codes = Object.keys(STATUS) as ErrorCode[];

export const ErrorBody = v.strictObject({
  error: v.strictObject({
    code: v.picklist(codes),
    message: v.pipe(v.string(), v.minLength(1)),
    status: v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)),
  }),
}) satisfies SchemaOf<ErrorBodyType>;

/** What became of one operation of a batch. */
export const BatchResult = v.union([
  v.strictObject({ status: v.literal(200), id: v.string(), etag: v.string() }),
  v.strictObject({ status: v.literal(204), id: v.string() }),
  v.strictObject({
    status: v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)),
    id: v.string(),
    error: ErrorBody.entries.error,
  }),
]) satisfies SchemaOf<BatchResultType>;

export const BatchAnswer = v.strictObject({
  data: v.array(BatchResult),
  durability: v.picklist(["recorded", "queued"]),
}) satisfies SchemaOf<BatchAnswerType>;

export const FolderDeletion = v.strictObject({
  deleted: Count,
  has_more: v.boolean(),
}) satisfies SchemaOf<FolderDeletionType>;

export const ImportAnswer = v.strictObject({
  imported: Count,
  present: Count,
  missing: v.array(AssetId),
  done: v.boolean(),
}) satisfies SchemaOf<ImportAnswerType>;

export const Change = v.union([
  v.strictObject({
    type: v.literal("asset"),
    asset: AssetRecord,
    etag: matching(/^"\d+"$/),
    seq: v.exactOptional(Count),
    sha256: v.exactOptional(matching(/^[0-9a-f]{64}$/)),
  }),
  v.strictObject({ type: v.literal("deleted"), id: AssetId, deleted_at: Time }),
]);

export const ChangesPage = v.strictObject({
  data: v.array(Change),
  cursor: v.string(),
  has_more: v.boolean(),
}) satisfies SchemaOf<ChangesPageType>;

export const AssetPage = pageOf(AssetRecord);
export const FolderPage = pageOf(Folder);
export const VaultPage = pageOf(VaultInfo);
export const KeyPage = pageOf(KeyInfo);

/** What a reader of the document may rely on; the rest of it is OpenAPI's to say. */
export const OpenApiDocument = v.looseObject({
  openapi: v.literal("3.1.0"),
  info: v.looseObject({ title: v.string(), version: v.string() }),
  paths: v.looseObject({}),
});
