import * as v from "valibot";
import { PATH_COMPONENT, PATH_COMPONENTS } from "../model/asset.ts";
import { hasControl } from "../model/filename.ts";
import {
  DEFAULT_LINK_SECONDS,
  DEFAULT_PAGE,
  MAX_COMPONENT_LENGTH,
  MAX_CURSOR_LENGTH,
  MAX_LINK_SECONDS,
  MAX_NAME_LENGTH,
  MAX_PAGE,
  MAX_YEAR,
} from "../model/limits.ts";
import { EXAMPLE, isJsonObject, type JsonObject } from "../model/metadata.ts";
import { decodeCursor } from "../model/cursor.ts";
import { unknownName } from "../model/names.ts";
import { invalid, type Result } from "../model/refusal.ts";
import { parseTimestamp, timestamp } from "../model/time.ts";

/** Runs a schema over unknown input; the refusal names the field and the rule of the first thing that is wrong. */
export function parse<const S extends v.GenericSchema>(schema: S, input: unknown): Result<{ value: v.InferOutput<S> }> {
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (result.success) return { ok: true, value: result.output };
  const issue = result.issues[0];
  const path = v.getDotPath(issue);
  if (issue.type === "object" && path) return invalid(`${path}: is required`);
  return invalid(path ? `${path}: ${issue.message}` : issue.message);
}

/** The one name that every query may have beside its own: many clients add it to get past a cache. */
export const CACHE_BUSTER = "_";

/** The seed's rule for partition, collection and channel. */
export const PathComponent = v.pipe(
  v.string("must be a string"),
  v.regex(
    PATH_COMPONENT,
    `must be 1 to ${MAX_COMPONENT_LENGTH} lowercase letters, digits and hyphens, starting and ending with a letter or digit`,
  ),
);

const Limit = v.pipe(
  v.optional(v.string(), String(DEFAULT_PAGE)),
  v.regex(/^[0-9]{1,9}$/, `must be a number from 1 to ${MAX_PAGE}`),
  v.transform(Number),
  v.minValue(1, `must be a number from 1 to ${MAX_PAGE}`),
  v.maxValue(MAX_PAGE, `must be a number from 1 to ${MAX_PAGE}`),
);

/** A cursor whose content has the given shape, decoded. */
const cursorOf = <const S extends v.GenericSchema>(shape: S) =>
  v.optional(
    v.pipe(
      v.string(),
      v.maxLength(MAX_CURSOR_LENGTH, "is not a cursor of this list"),
      v.transform(decodeCursor),
      v.custom<v.InferOutput<S>>((value) => v.is(shape, value), "is not a cursor of this list"),
    ),
  );

const Filter = v.entriesFromList(PATH_COMPONENTS, v.optional(PathComponent));

/** Asks of a whole object what is wrong with it; the answer is the whole message. */
const sound = (complaint: (value: JsonObject) => string | undefined) =>
  v.rawCheck<JsonObject>(({ dataset, addIssue }) => {
    const message = dataset.typed ? complaint(dataset.value) : undefined;
    if (message !== undefined) addIssue({ message });
  });

/** The query of a list: every name is known, and stands there once. */
const query = <const E extends v.ObjectEntries>(entries: E) =>
  v.pipe(
    v.custom<JsonObject>(() => true),
    sound((given) => {
      const names = Object.keys(given).filter((name) => name !== CACHE_BUSTER);
      const repeated = names.find((name) => Array.isArray(given[name]));
      const wrong = unknownName(Object.keys(entries), names);
      return wrong ?? (repeated === undefined ? undefined : `${repeated}: must be given only once`);
    }),
    v.object(entries),
  );

/** Query of the asset list. The cursor carries the filters it was made with. */
export const AssetListQuery = query({
  ...Filter,
  limit: Limit,
  cursor: cursorOf(
    v.strictObject({ created_at: v.string(), seq: v.pipe(v.number(), v.safeInteger(), v.minValue(0)), ...Filter }),
  ),
});

/** Query of a list in the order of ids: vaults and keys. */
export const IdListQuery = query({
  limit: Limit,
  cursor: cursorOf(
    v.strictObject({ created_at: v.string(), id: v.pipe(v.string(), v.regex(/^(?:vault|key)_[0-9a-z]{26}$/)) }),
  ),
});

const Name = v.pipe(
  v.string("must be a string"),
  v.minLength(1, "must not be empty"),
  v.maxLength(MAX_NAME_LENGTH, `must be at most ${MAX_NAME_LENGTH} characters`),
  v.check((text) => text.isWellFormed() && !hasControl(text), "must be valid Unicode without control characters"),
);

const body = <const E extends v.ObjectEntries>(entries: E) =>
  v.pipe(
    v.custom<JsonObject>(isJsonObject, "the body must be a JSON object"),
    // Not by a strict object: valibot's overlook names such as `__proto__`.
    sound((given) => unknownName(Object.keys(entries), Object.keys(given))),
    v.object(entries),
  );

export const VaultBody = body({ name: Name });

export const KeyBody = body({
  label: v.nullish(Name, null),
  type: v.optional(v.picklist(["secret", "public"], 'must be "secret" or "public"'), "secret"),
  expires_at: v.nullish(
    v.pipe(
      v.string("must be a string"),
      v.transform((text) => parseTimestamp(text) ?? Number.NaN),
      v.check((ms) => !Number.isNaN(ms), "must be an RFC 3339 time of a day that exists, such as 2027-01-15T10:30:00Z"),
      v.check((ms) => ms > Date.now() && ms < Date.UTC(MAX_YEAR + 1, 0), "must be a time in the future"),
      v.transform(timestamp),
    ),
    null,
  ),
});

const LINK_SECONDS = `must be a whole number of seconds from 1 to ${MAX_LINK_SECONDS}`;

export const LinkBody = body({
  expires_in: v.optional(
    v.pipe(
      v.number(LINK_SECONDS),
      v.integer(LINK_SECONDS),
      v.minValue(1, LINK_SECONDS),
      v.maxValue(MAX_LINK_SECONDS, LINK_SECONDS),
    ),
    DEFAULT_LINK_SECONDS,
  ),
  disposition: v.optional(v.picklist(["inline", "attachment"], 'must be "inline" or "attachment"'), "inline"),
});

const Metadata = v.custom<JsonObject>(isJsonObject, `must be a JSON object, such as ${EXAMPLE.metadata}`);

const Tags = v.array(
  v.string(`must be a string, as in ${EXAMPLE.tags}`),
  `must be an array of strings, such as ${EXAMPLE.tags}`,
);

/** Values of metadata and tags are checked by model/metadata: valibot's records lose keys such as `__proto__`. */
const patchOf = <const T extends v.GenericSchema<unknown, string[]>>(tags: T) =>
  v.pipe(
    body({ metadata: v.optional(Metadata), tags: v.optional(tags) }),
    v.check(
      (patch) => patch.metadata !== undefined || patch.tags !== undefined,
      "at least one of metadata and tags must be given",
    ),
  );

export const PatchBody = patchOf(Tags);

/** In a merge patch (RFC 7396) a null stands for "remove": tags are then none. Metadata cannot be absent. */
export const MergePatchBody = patchOf(
  v.pipe(
    v.nullable(Tags),
    v.transform((tags) => tags ?? []),
  ),
);
