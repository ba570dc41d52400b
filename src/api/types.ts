/**
 * What goes over the wire, as plain types: for the server, for clients in TypeScript, and for whoever reads. The schemas of
 * this folder are checked against them. A field, once here, stays and keeps its meaning.
 */

export type { AssetRecord } from "../model/asset.ts";
export type { KeyScope } from "../model/key-scope.ts";
export type { ErrorCode } from "../model/refusal.ts";
export type { VaultChange, VaultSettings } from "../model/settings.ts";
export type { TicketInfo } from "../model/ticket.ts";
export type { KeyType, ReconcileFindings, VaultInfo, VaultReport } from "../model/vault.ts";
export type * from "./types/answers.ts";
export type * from "./types/assets.ts";
export type * from "./types/feed.ts";
export type * from "./types/import.ts";
export type * from "./types/uploads.ts";
export type * from "./types/vaults.ts";
