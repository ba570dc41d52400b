/** The endpoints by which vaults and their keys are managed. The table of all endpoints (endpoints.ts) takes them up. */

import { CreatedKey, CreatedVault, KeyInfo, KeyPage, VaultPage, VaultReport } from "./answers.ts";
import { type Endpoint, VAULT } from "./endpoint.ts";
import { IdListQuery } from "./queries.ts";
import { KeyBody, KeyPatchBody } from "./key-schemas.ts";
import { VaultBody } from "./schemas.ts";
import { VaultPatchBody } from "./vault-schemas.ts";

export const VAULT_ENDPOINTS = {
  "vaults.create": {
    method: "POST",
    path: "/api/v1/vaults",
    access: "admin",
    does: "Make a vault",
    body: { json: { "application/json": VaultBody }, example: { name: "marketing" } },
    answers: {
      201: {
        is: "The vault and its first two keys, whose tokens are shown this once.",
        body: CreatedVault,
        headers: ["Location", "Cache-Control"],
      },
    },
    refusals: ["UNAVAILABLE"],
  },
  "vaults.list": {
    method: "GET",
    path: "/api/v1/vaults",
    access: "admin",
    does: "List vaults, newest first",
    query: IdListQuery,
    answers: { 200: { is: "A page of vaults.", body: VaultPage, headers: ["Cache-Control"] } },
    refusals: ["UNAVAILABLE"],
  },
  "vaults.get": {
    method: "GET",
    path: VAULT,
    access: "manage",
    does: "See how a vault is",
    answers: { 200: { is: "The vault as an operator sees it.", body: VaultReport, headers: ["Cache-Control"] } },
    refusals: ["NOT_FOUND"],
  },
  "vaults.update": {
    method: "PATCH",
    path: VAULT,
    access: "admin",
    does: "Rename a vault, and change its settings",
    notes:
      "What is not named stays as it is, and null takes a setting away. The settings act at once, even if this gets a 503 because " +
      "they could not be recorded yet: then repeat it. Quotas hold exactly. A lower quota deletes nothing. The rate is that of " +
      "all keys together: the operator, and revoking a key, are never refused for it.",
    body: {
      json: { "application/json": VaultPatchBody },
      example: { quota_bytes: 10_000_000_000, allowed_types: ["image/*"] },
    },
    answers: { 200: { is: "The vault as it is now.", body: VaultReport, headers: ["Cache-Control"] } },
    refusals: ["NOT_FOUND", "CONFLICT"],
  },
  "vaults.delete": {
    method: "DELETE",
    path: VAULT,
    access: "admin",
    does: "Delete a vault with everything in it",
    notes:
      "Its keys get 401 from then on, and the operator gets 409 for whatever would change the vault, but for revoking a key. " +
      "Everything else follows in the background.",
    answers: {
      202: {
        is: "The vault, which is being deleted.",
        body: VaultReport,
        headers: ["Cache-Control"],
        mayHave: ["Strongroom-Durability"],
      },
    },
    refusals: ["NOT_FOUND"],
  },
  "vaults.reconcile": {
    method: "POST",
    path: `${VAULT}/reconcile`,
    access: "manage",
    does: "Compare a vault's stores now",
    notes: "In the background. `reconcile` of the vault says how far it is and what it found.",
    answers: { 202: { is: "The vault.", body: VaultReport, headers: ["Cache-Control"] } },
    refusals: ["NOT_FOUND", "CONFLICT"],
  },
  "vaults.clearLostWindows": {
    method: "DELETE",
    path: `${VAULT}/lost-windows`,
    access: "admin",
    does: "Say that nothing more is to be found of what a vault lost",
    notes: "Bodies that no asset names are deleted again from then on.",
    answers: { 204: { is: "The vault has no lost windows.", mayHave: ["Strongroom-Durability"] } },
    refusals: ["NOT_FOUND", "CONFLICT"],
  },
  "keys.create": {
    method: "POST",
    path: `${VAULT}/keys`,
    access: "manage",
    does: "Make a key",
    notes:
      "A `secret` key does everything in its vault, a `public` one reads, a `delivery` one downloads files and an `upload` one " +
      "uploads files. With `scope` it does so in one folder alone: outside of it every asset is as one that does not exist, " +
      "and lists, folders and changes leave it out. A key with a scope manages nothing. The scope never changes.",
    body: {
      json: { "application/json": KeyBody },
      optional: true,
      example: {
        type: "public",
        label: "website",
        scope: { partition: "marketing", collection: "blog" },
        expires_at: "2099-01-01T00:00:00Z",
      },
    },
    answers: {
      201: { is: "The key and its token, which is shown this once.", body: CreatedKey, headers: ["Cache-Control"] },
    },
    refusals: ["NOT_FOUND", "CONFLICT"],
  },
  "keys.list": {
    method: "GET",
    path: `${VAULT}/keys`,
    access: "manage",
    does: "List a vault's keys, newest first",
    query: IdListQuery,
    answers: { 200: { is: "A page of keys, revoked ones among them.", body: KeyPage, headers: ["Cache-Control"] } },
    refusals: ["NOT_FOUND"],
  },
  "keys.update": {
    method: "PATCH",
    path: `${VAULT}/keys/:keyId`,
    access: "manage",
    does: "Change a key's label, and have it expire earlier",
    notes:
      "It acts on the very next request, even if this gets a 503 because it could not be recorded yet: then repeat it. So a key " +
      "that is in use can be replaced: make another, and give this one some days.",
    body: {
      json: { "application/json": KeyPatchBody },
      example: { label: "website, until May", expires_at: "2099-01-01T00:00:00Z" },
    },
    answers: { 200: { is: "The key as it is now.", body: KeyInfo, headers: ["Cache-Control"] } },
    refusals: ["NOT_FOUND", "CONFLICT"],
  },
  "keys.revoke": {
    method: "DELETE",
    path: `${VAULT}/keys/:keyId`,
    access: "manage",
    does: "Revoke a key",
    notes: "It acts on the very next request. Links that the key made end with it.",
    answers: { 204: { is: "The key is revoked." } },
    refusals: ["NOT_FOUND"],
  },
} as const satisfies Readonly<Record<string, Endpoint>>;
