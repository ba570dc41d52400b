/** What the queries of lists may be. */

import * as v from "valibot";
import { TYPE_PATTERN } from "../model/type-pattern.ts";
import { PATH_COMPONENTS } from "../model/asset.ts";
import { decodeCursor, NOW } from "../model/cursor.ts";
import { ASSET_PATTERN } from "../model/id.ts";
import {
  DEFAULT_CHANGES,
  DEFAULT_PAGE,
  MAX_CHANGES,
  MAX_CURSOR_LENGTH,
  MAX_FILTER_LENGTH,
  MAX_ID_FILTERS,
  MAX_METADATA_FILTERS,
  MAX_MIME_TYPE_LENGTH,
  MAX_PAGE,
  MAX_TAG_FILTERS,
  MAX_WAIT_SECONDS,
  MIN_SEARCH_LENGTH,
} from "../model/limits.ts";
import { roundUp } from "../model/time.ts";
import { PathComponent } from "./schemas.ts";

/** In the query a number is text; whoever reads the document is told of the number. */
export const numberFrom = (least: number, most: number, unless: number, description: string) =>
  v.pipe(
    v.optional(v.string(), String(unless)),
    v.regex(/^[0-9]{1,9}$/, `must be a number from ${least} to ${most}`),
    v.metadata({ description, type: "integer", pattern: undefined, default: unless, minimum: least, maximum: most }),
    v.transform(Number),
    v.minValue(least, `must be a number from ${least} to ${most}`),
    v.maxValue(most, `must be a number from ${least} to ${most}`),
  );

const Limit = numberFrom(1, MAX_PAGE, DEFAULT_PAGE, "Of a page.");

/** A cursor whose content has the given shape, decoded. */
const cursorOf = <const S extends v.GenericSchema>(
  shape: S,
  of = "list",
  description = "The `cursor` of the page before.",
) =>
  v.optional(
    v.pipe(
      v.string(),
      v.maxLength(MAX_CURSOR_LENGTH, `is not a cursor of this ${of}`),
      v.metadata({ description }),
      v.transform(decodeCursor),
      v.custom<v.InferOutput<S>>((value) => v.is(shape, value), `is not a cursor of this ${of}`),
    ),
  );

const Filter = v.entriesFromList(PATH_COMPONENTS, v.optional(PathComponent));

const FILTER_TEXT = `must be 1 to ${MAX_FILTER_LENGTH} characters`;

/** Text that a list is narrowed to. */
const FilterText = v.pipe(
  v.string(),
  v.minLength(1, FILTER_TEXT),
  v.maxLength(MAX_FILTER_LENGTH, FILTER_TEXT),
  v.metadata({ minLength: 1, maxLength: MAX_FILTER_LENGTH }),
);

/** A time to compare with, rounded up: all times of assets are whole seconds. */
const Since = (description: string) =>
  v.optional(
    v.pipe(
      v.string(),
      v.metadata({ description, format: "date-time", examples: ["2026-01-15T10:30:00Z"] }),
      v.transform((text) => roundUp(text) ?? ""),
      v.check(
        (time) => time !== "",
        "must be an RFC 3339 time of a day that exists, such as 2027-01-15T10:30:00Z, with + as %2B",
      ),
    ),
  );

/** What the list of assets can be narrowed by beside the path, and its order. */
const Search = {
  tag: v.optional(
    v.pipe(
      v.array(FilterText),
      v.maxLength(MAX_TAG_FILTERS, `must be given at most ${MAX_TAG_FILTERS} times`),
      v.metadata({ description: "An asset has all of these tags." }),
    ),
  ),
  filename_prefix: v.optional(v.pipe(FilterText, v.metadata({ description: "What filenames begin with." }))),
  mime_type: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(MAX_MIME_TYPE_LENGTH, `must be at most ${MAX_MIME_TYPE_LENGTH} characters`),
      v.regex(TYPE_PATTERN, "must be a media type without parameters, such as image/png or image/*"),
      v.metadata({
        description: "A media type, or `image/*` for all of its kind. Parameters of an asset's do not count.",
        examples: ["image/*"],
      }),
      v.transform((text) => text.toLowerCase()),
    ),
  ),
  created_since: Since("RFC 3339. Assets that were created then or later."),
  created_before: Since("RFC 3339. Assets that were created earlier."),
  "metadata.{key}": v.optional(
    v.pipe(
      v.array(v.strictTuple([FilterText, FilterText])),
      v.maxLength(MAX_METADATA_FILTERS, `must be at most ${MAX_METADATA_FILTERS} keys`),
      v.metadata({
        description:
          "The value of a key at the top of the metadata, as JSON without quotes: `metadata.alt=A cat`, " +
          "`metadata.year=2026`. Everything behind the first dot is the key. Several keys may be given.",
        type: "string",
        items: undefined,
        prefixItems: undefined,
        minItems: undefined,
        maxItems: undefined,
        minLength: 1,
        maxLength: MAX_FILTER_LENGTH,
      }),
    ),
  ),
  q: v.optional(
    v.pipe(
      v.string(),
      v.minLength(MIN_SEARCH_LENGTH, `must be at least ${MIN_SEARCH_LENGTH} characters`),
      v.maxLength(MAX_FILTER_LENGTH, `must be at most ${MAX_FILTER_LENGTH} characters`),
      v.metadata({ description: "Part of the filename or of a tag. Case does not matter in ASCII." }),
    ),
  ),
  order: v.optional(
    v.pipe(
      v.picklist(["newest", "oldest"], "must be newest or oldest"),
      v.metadata({ description: "What comes first.", default: "newest" }),
    ),
  ),
  id: v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.regex(ASSET_PATTERN, "must be ids of assets, asset_…"))),
      v.maxLength(MAX_ID_FILTERS, `must be given at most ${MAX_ID_FILTERS} times`),
      v.metadata({ description: "These assets, as far as there are any." }),
    ),
  ),
};

/** What binds a cursor to keys with a scope: its path. The vault compares it. */
const Scope = v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9/-]+$/)));

/** Query of the asset list. The cursor carries the filters it was made with, those beside the path as a digest. */
export const AssetListQuery = v.object({
  ...Filter,
  ...Search,
  limit: Limit,
  cursor: cursorOf(
    v.strictObject({
      created_at: v.string(),
      seq: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
      ...Filter,
      digest: v.optional(v.pipe(v.string(), v.regex(/^[\w-]{22}$/))),
      scope: Scope,
    }),
  ),
});

/** Query of the list of folders. The cursor carries the folder that it was made for. */
export const FolderListQuery = v.pipe(
  v.object({
    partition: v.optional(
      v.pipe(PathComponent, v.metadata({ description: "The folder whose collections are listed." })),
    ),
    collection: v.optional(
      v.pipe(PathComponent, v.metadata({ description: "Of the partition: the folder whose channels are listed." })),
    ),
    limit: Limit,
    cursor: cursorOf(
      v.strictObject({
        name: PathComponent,
        partition: v.optional(PathComponent),
        collection: v.optional(PathComponent),
        scope: Scope,
      }),
    ),
  }),
  v.check(
    ({ partition, collection }) => collection === undefined || partition !== undefined,
    "collection: needs the partition that it is in",
  ),
);

const Revision = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Query of the feed of changes. */
export const ChangesQuery = v.object({
  cursor: cursorOf(
    v.union([
      v.literal(NOW),
      v.strictObject({
        generation: v.pipe(v.string(), v.regex(/^[0-9a-f-]{1,36}$/)),
        writer: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f-]{0,36}$/))),
        after: Revision,
        began: v.optional(Revision),
        scope: Scope,
      }),
    ]),
    "feed",
    "The `cursor` of the page before; without one the feed begins at the beginning. `now`: it begins with what changes from now on.",
  ),
  limit: numberFrom(1, MAX_CHANGES, DEFAULT_CHANGES, "Of a page."),
  wait: numberFrom(0, MAX_WAIT_SECONDS, 0, "Seconds to wait when there is nothing yet."),
  full: v.pipe(
    v.optional(v.picklist(["true", "false"], "must be true or false"), "false"),
    v.metadata({
      description: "Whether an asset comes with its `seq` and the `sha256` of its file, as an import wants it.",
    }),
    v.transform((text) => text === "true"),
  ),
});

/** Query of a list in the order of ids: vaults and keys. */
export const IdListQuery = v.object({
  limit: Limit,
  cursor: cursorOf(
    v.strictObject({ created_at: v.string(), id: v.pipe(v.string(), v.regex(/^(?:vault|key)_[0-9a-z]{26}$/)) }),
  ),
});
