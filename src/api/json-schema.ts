/** The schemas of the contract as JSON Schema, as the document has them. */

import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import * as answers from "./answers.ts";
import * as changes from "./change-schemas.ts";
import * as keys from "./key-schemas.ts";
import * as schemas from "./schemas.ts";
import { TicketBody } from "./ticket-schemas.ts";
import { VaultPatchBody } from "./vault-schemas.ts";

/** JSON, as far as anybody here looks into it. */
export type Json = Readonly<Record<string, unknown>>;

/** The schemas that have a name of their own in the document. */
export const NAMED: ReadonlyMap<v.GenericSchema, string> = new Map(
  Object.entries({
    Asset: answers.AssetRecord,
    AssetPage: answers.AssetPage,
    Upload: answers.UploadInfo,
    Change: answers.Change,
    ChangesPage: answers.ChangesPage,
    Folder: answers.Folder,
    FolderPage: answers.FolderPage,
    Vault: answers.VaultInfo,
    CreatedVault: answers.CreatedVault,
    VaultReport: answers.VaultReport,
    VaultSettings: answers.VaultSettings,
    VaultPage: answers.VaultPage,
    ReconcileFindings: answers.ReconcileFindings,
    Key: answers.KeyInfo,
    CreatedKey: answers.CreatedKey,
    KeyPage: answers.KeyPage,
    Link: answers.Link,
    Ticket: answers.Ticket,
    TicketInfo: answers.TicketInfo,
    Health: answers.Health,
    OpenApiDocument: answers.OpenApiDocument,
    Error: answers.ErrorBody,
    BatchAnswer: answers.BatchAnswer,
    FolderDeletion: answers.FolderDeletion,
    UploadForm: schemas.UploadForm,
    NewVault: schemas.VaultBody,
    NewKey: keys.KeyBody,
    KeyChange: keys.KeyPatchBody,
    KeyScope: keys.KeyScope,
    NewLink: schemas.LinkBody,
    NewTicket: TicketBody,
    VaultChange: VaultPatchBody,
    AssetChange: changes.PatchBody,
    AssetMergePatch: changes.MergePatchBody,
    Batch: changes.BatchBody,
  }).map(([name, schema]) => [schema, name]),
);

export const reference = (kind: string, name: string): Json => ({ $ref: `#/components/${kind}/${name}` });

/** Throws when some part of a schema says nothing: the document would promise that anything goes. */
function assertSays(schema: unknown, path: string): void {
  if (typeof schema !== "object" || schema === null) return;
  const { properties, items, anyOf, ...rest } = schema as Json;
  if (!["type", "$ref", "enum", "const"].some((word) => word in rest) && !anyOf)
    throw new Error(`${path}: says nothing`);
  for (const [name, property] of Object.entries(properties ?? {})) assertSays(property, `${path}.${name}`);
  if (items) assertSays(items, `${path}[]`);
  for (const [i, one] of (Array.isArray(anyOf) ? (anyOf as unknown[]) : []).entries()) assertSays(one, `${path}|${i}`);
}

/** A valibot schema as JSON Schema: what a client sends, or what it gets. Named ones are referred to, but for `itself`. */
export function jsonSchema(schema: v.GenericSchema, path: string, itself = false): Json {
  const name = NAMED.get(schema);
  if (name !== undefined && !itself) return reference("schemas", name);
  const { $schema: _, ...converted } = toJsonSchema(schema, {
    target: "draft-2020-12",
    typeMode: "input",
    // Transformations, and checks that JSON Schema has no word for: the descriptions tell of them.
    errorMode: "ignore",
    overrideSchema: ({ valibotSchema }) => {
      const other = valibotSchema === schema ? undefined : NAMED.get(valibotSchema);
      return other === undefined ? undefined : reference("schemas", other);
    },
  });
  assertSays(converted, path);
  return converted;
}
