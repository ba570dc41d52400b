import * as v from "valibot";
import { PATH_COMPONENT, PATH_COMPONENT_RULE } from "../model/asset.ts";
import { hasControl } from "../model/control.ts";
import { DEFAULT_LINK_SECONDS, MAX_FILENAME_BYTES, MAX_LINK_SECONDS, MAX_NAME_LENGTH } from "../model/limits.ts";
import { EXAMPLE } from "../model/metadata.ts";

/** What partition, collection and channel may be. */
export const PathComponent = v.pipe(v.string("must be a string"), v.regex(PATH_COMPONENT, PATH_COMPONENT_RULE));

/** A name of a vault, or the label of a key. */
export const Name = v.pipe(
  v.string("must be a string"),
  v.minLength(1, "must not be empty"),
  v.maxLength(MAX_NAME_LENGTH, `must be at most ${MAX_NAME_LENGTH} characters`),
  v.check((text) => text.isWellFormed() && !hasControl(text), "must be valid Unicode without control characters"),
);

/** A whole number. `rule` says which ones are taken. */
export const wholeNumber = (rule: string, least: number, most: number) =>
  v.pipe(v.number(rule), v.integer(rule), v.minValue(least, rule), v.maxValue(most, rule));

export const VaultBody = v.object({ name: Name });

const LINK_SECONDS = `must be a whole number of seconds from 1 to ${MAX_LINK_SECONDS}`;

export const LinkBody = v.object({
  expires_in: v.optional(wholeNumber(LINK_SECONDS, 1, MAX_LINK_SECONDS), DEFAULT_LINK_SECONDS),
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

/** The ticket of an upload. */
export const Ticket = v.optional(
  v.pipe(
    v.string(),
    v.metadata({
      description:
        "A ticket, instead of a key. What it says need not be said again. Not beside `Authorization`, `token` or `signature`.",
    }),
  ),
);

/** What the query of a resumable upload means. */
export const TicketQuery = v.object({ ticket: Ticket });

/** The same fields as query parameters, beside a body that is the file. Required then, with the filename. */
export const RawUploadQuery = v.object({ ...v.partial(v.object(UploadFields)).entries, ticket: Ticket });

const Download = v.optional(
  v.pipe(v.string(), v.metadata({ description: "Present, with any value: the file is sent as an attachment." })),
);

/** What a download by path looks at, beside a delivery key as `token`; other parameters are ignored. */
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
