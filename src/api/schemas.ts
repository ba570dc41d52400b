import * as v from "valibot";
import { PATH_COMPONENT, PATH_COMPONENT_RULE, PATH_COMPONENTS } from "../model/asset.ts";
import { hasControl } from "../model/filename.ts";
import {
  DEFAULT_CHANGES,
  DEFAULT_LINK_SECONDS,
  DEFAULT_PAGE,
  MAX_CHANGES,
  MAX_CURSOR_LENGTH,
  MAX_FILENAME_BYTES,
  MAX_LINK_SECONDS,
  MAX_NAME_LENGTH,
  MAX_PAGE,
  MAX_WAIT_SECONDS,
  MAX_YEAR,
} from "../model/limits.ts";
import { EXAMPLE } from "../model/metadata.ts";
import { decodeCursor, NOW } from "../model/cursor.ts";
import { parseTimestamp, timestamp } from "../model/time.ts";

/** What partition, collection and channel may be. */
export const PathComponent = v.pipe(v.string("must be a string"), v.regex(PATH_COMPONENT, PATH_COMPONENT_RULE));

/** In the query a number is text; whoever reads the document is told of the number. */
const numberFrom = (least: number, most: number, unless: number, description: string) =>
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

/** Query of the asset list. The cursor carries the filters it was made with. */
export const AssetListQuery = v.object({
  ...Filter,
  limit: Limit,
  cursor: cursorOf(
    v.strictObject({ created_at: v.string(), seq: v.pipe(v.number(), v.safeInteger(), v.minValue(0)), ...Filter }),
  ),
});

const Revision = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Query of the feed of changes. */
export const ChangesQuery = v.object({
  cursor: cursorOf(
    v.union([
      v.literal(NOW),
      v.strictObject({
        generation: v.pipe(v.string(), v.regex(/^[0-9a-f-]{1,36}$/)),
        after: Revision,
        began: v.optional(Revision),
      }),
    ]),
    "feed",
    "The `cursor` of the page before; without one the feed begins at the beginning. `now`: it begins with what changes from now on.",
  ),
  limit: numberFrom(1, MAX_CHANGES, DEFAULT_CHANGES, "Of a page."),
  wait: numberFrom(0, MAX_WAIT_SECONDS, 0, "Seconds to wait when there is nothing yet."),
});

/** Query of a list in the order of ids: vaults and keys. */
export const IdListQuery = v.object({
  limit: Limit,
  cursor: cursorOf(
    v.strictObject({ created_at: v.string(), id: v.pipe(v.string(), v.regex(/^(?:vault|key)_[0-9a-z]{26}$/)) }),
  ),
});

/** A name of a vault, or the label of a key. */
export const Name = v.pipe(
  v.string("must be a string"),
  v.minLength(1, "must not be empty"),
  v.maxLength(MAX_NAME_LENGTH, `must be at most ${MAX_NAME_LENGTH} characters`),
  v.check((text) => text.isWellFormed() && !hasControl(text), "must be valid Unicode without control characters"),
);

export const VaultBody = v.object({ name: Name });

export const KeyBody = v.object({
  label: v.nullish(Name, null),
  type: v.optional(v.picklist(["secret", "public"], 'must be "secret" or "public"'), "secret"),
  expires_at: v.nullish(
    v.pipe(
      v.string("must be a string"),
      v.metadata({ description: "RFC 3339, in the future.", format: "date-time", examples: ["2099-01-01T00:00:00Z"] }),
      v.transform((text) => parseTimestamp(text) ?? Number.NaN),
      v.check((ms) => !Number.isNaN(ms), "must be an RFC 3339 time of a day that exists, such as 2027-01-15T10:30:00Z"),
      v.check((ms) => ms > Date.now() && ms < Date.UTC(MAX_YEAR + 1, 0), "must be a time in the future"),
      v.transform(timestamp),
    ),
    null,
  ),
});

const LINK_SECONDS = `must be a whole number of seconds from 1 to ${MAX_LINK_SECONDS}`;

export const LinkBody = v.object({
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

/** Text that is JSON; model/metadata says what it may hold. */
const jsonText = (description: string, example: string) =>
  v.pipe(v.string(), v.metadata({ description, examples: [example], contentMediaType: "application/json" }));

/** What a filename may be, for whoever reads the document. model/filename.ts checks it. */
export const FILENAME = {
  description: `A name without a path: at most ${MAX_FILENAME_BYTES} bytes of UTF-8, no \`/\`, \`\\\`, control characters, \`.\` or \`..\`.`,
  minLength: 1,
  examples: ["cat.jpg"],
};

export const Filename = v.pipe(v.string(), v.metadata(FILENAME));

const UploadFields = {
  partition: PathComponent,
  collection: PathComponent,
  channel: PathComponent,
  filename: v.optional(Filename),
  metadata: v.optional(jsonText("A JSON object.", EXAMPLE.metadata)),
  tags: v.optional(jsonText("A JSON array of strings.", EXAMPLE.tags)),
};

/** The fields of an upload form. upload/fields.ts takes them one by one, as they come. */
export const UploadForm = v.object({
  ...UploadFields,
  file: v.pipe(
    v.string(),
    v.metadata({
      description: "The file, with its name and its media type.",
      contentMediaType: "application/octet-stream",
    }),
  ),
});

/** The same fields as query parameters, beside a body that is the file. Required then, with the filename. */
export const RawUploadQuery = v.partial(v.object(UploadFields));

const Download = v.optional(
  v.pipe(v.string(), v.metadata({ description: "Present, with any value: the file is sent as an attachment." })),
);

/** What a download by path looks at; other parameters are ignored. */
export const FileQuery = v.object({ download: Download });

/** The same of a download by id, with what a signed link consists of. http/link.ts judges that. */
export const ContentQuery = v.object({
  download: Download,
  disposition: v.optional(v.picklist(["inline", "attachment"])),
  expires: v.optional(
    v.pipe(v.string(), v.metadata({ description: "Of a signed link: when it ends, in epoch seconds." })),
  ),
  key: v.optional(v.pipe(v.string(), v.metadata({ description: "Of a signed link: the key that made it." }))),
  signature: v.optional(
    v.pipe(v.string(), v.metadata({ description: "Of a signed link. With `Authorization`, ignored." })),
  ),
});
