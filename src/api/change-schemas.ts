/** What changes of assets may be: of one, of many in a batch, and the deletion of a folder. */

import * as v from "valibot";
import { PATH_COMPONENTS } from "../model/asset.ts";
import { PATCH_FIELDS } from "../model/asset-patch.ts";
import {
  MAX_BATCH_OPERATIONS,
  MAX_FOLDER_DELETION,
  MAX_JSON_FIELD_BYTES,
  MAX_METADATA_DEPTH,
  MAX_TAGS,
} from "../model/limits.ts";
import { EXAMPLE, isJsonObject, type JsonObject } from "../model/metadata.ts";
import { numberFrom } from "./queries.ts";
import { FILENAME, PathComponent } from "./schemas.ts";

export const Metadata = v.pipe(
  v.custom<JsonObject>(isJsonObject, `must be a JSON object, such as ${EXAMPLE.metadata}`),
  v.metadata({
    description: `At most ${MAX_JSON_FIELD_BYTES} bytes of JSON and ${MAX_METADATA_DEPTH} levels, after the merge.`,
    type: "object",
    examples: [JSON.parse(EXAMPLE.metadata) as unknown],
  }),
);

export const Tags = v.pipe(
  v.array(v.string(`must be a string, as in ${EXAMPLE.tags}`), `must be an array of strings, such as ${EXAMPLE.tags}`),
  v.metadata({
    description: `At most ${MAX_JSON_FIELD_BYTES} bytes of JSON.`,
    maxItems: MAX_TAGS,
    examples: [JSON.parse(EXAMPLE.tags) as unknown],
  }),
);

const NewFilename = v.pipe(v.string("must be a string"), v.metadata(FILENAME));

/** What a change may name. Values of metadata and tags are checked by model/metadata: valibot's records lose some keys. */
const patchFields = <const T extends v.GenericSchema<unknown, string[]>>(tags: T) => ({
  metadata: v.optional(Metadata),
  tags: v.optional(tags),
  add_tags: v.optional(Tags),
  remove_tags: v.optional(Tags),
  ...v.entriesFromList(PATH_COMPONENTS, v.optional(PathComponent)),
  filename: v.optional(NewFilename),
});

const AND = new Intl.ListFormat("en-GB", { type: "conjunction" });

const isGiven = (patch: object, name: string): boolean => (patch as Record<string, unknown>)[name] !== undefined;

const isSomething = (patch: object): boolean => PATCH_FIELDS.some((name) => isGiven(patch, name));
const SOMETHING = `at least one of ${AND.format(PATCH_FIELDS)} must be given`;

/** Whether tags are not both replaced and changed one by one. */
const isOneWay = (patch: object): boolean =>
  !isGiven(patch, "tags") || !(isGiven(patch, "add_tags") || isGiven(patch, "remove_tags"));
const ONE_WAY = "tags: cannot be given together with add_tags or remove_tags";

/** The same as JSON Schema. */
const NOT_BOTH = [{ required: ["tags", "add_tags"] }, { required: ["tags", "remove_tags"] }];

const patchOf = <const T extends v.GenericSchema<unknown, string[]>>(tags: T) =>
  v.pipe(
    v.object(patchFields(tags)),
    v.check((patch) => isSomething(patch), SOMETHING),
    v.check((patch) => isOneWay(patch), ONE_WAY),
    v.metadata({ minProperties: 1, not: { anyOf: NOT_BOTH } }),
  );

export const PatchBody = patchOf(Tags);

/** In a merge patch (RFC 7396) a null stands for "remove": tags are then none. Nothing else can be absent. */
export const MergePatchBody = patchOf(
  v.pipe(
    v.nullable(Tags),
    v.transform((tags) => tags ?? []),
  ),
);

const operationOn = {
  id: v.pipe(v.string("must be a string"), v.metadata({ description: "Of the asset." })),
  if_match: v.optional(
    v.pipe(v.string("must be a string"), v.metadata({ description: "What the header `If-Match` would be." })),
  ),
};

/** The operations of a batch by their `op`. */
export const BATCH_OPERATIONS = {
  update: v.pipe(
    v.object({ op: v.literal("update"), ...operationOn, ...patchFields(Tags) }),
    v.check((patch) => isSomething(patch), SOMETHING),
    v.check((patch) => isOneWay(patch), ONE_WAY),
    v.metadata({ not: { anyOf: [...NOT_BOTH, { maxProperties: 2 }, { required: ["if_match"], maxProperties: 3 }] } }),
  ),
  delete: v.object({ op: v.literal("delete"), ...operationOn }),
};

const Atomic = v.pipe(
  v.optional(v.boolean("must be true or false"), false),
  v.metadata({ description: "Whether all operations happen or none.", default: false }),
);

/** A batch, as the document describes it. */
export const BatchBody = v.object({
  operations: v.pipe(
    v.array(v.union([BATCH_OPERATIONS.update, BATCH_OPERATIONS.delete])),
    v.minLength(1),
    v.maxLength(MAX_BATCH_OPERATIONS),
  ),
  atomic: Atomic,
});

const OPERATIONS = `must be an array of 1 to ${MAX_BATCH_OPERATIONS} operations`;

/**
 * A batch whose operations are still to be checked, one by one and each by the schema of its `op`. So a refusal says
 * which operation it is about, which that of a union could not.
 */
export const BatchEnvelope = v.object({
  operations: v.pipe(
    v.array(v.unknown(), OPERATIONS),
    v.minLength(1, OPERATIONS),
    v.maxLength(MAX_BATCH_OPERATIONS, OPERATIONS),
  ),
  atomic: Atomic,
});

/** Query of the deletion of a folder. A parameter that was ignored would delete what was not meant. */
export const FolderDeletionQuery = v.object({
  partition: PathComponent,
  collection: v.optional(PathComponent),
  channel: v.optional(PathComponent),
  limit: numberFrom(1, MAX_FOLDER_DELETION, MAX_FOLDER_DELETION, "The most assets that are deleted."),
});
