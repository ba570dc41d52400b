/** What the bodies and parameters of requests about tickets may be. */

import * as v from "valibot";
import { checkFilename } from "../model/filename.ts";
import { DEFAULT_TICKET_SECONDS, MAX_SESSION_BYTES, MAX_TICKET_SECONDS } from "../model/limits.ts";
import { Metadata, Tags } from "./change-schemas.ts";
import { FILENAME, PathComponent, wholeNumber } from "./schemas.ts";
import { allowedTypes, TYPES_RULE } from "./vault-schemas.ts";

const SECONDS = `must be a whole number of seconds from 1 to ${MAX_TICKET_SECONDS}`;
const BYTES = `must be a whole number from 1 to ${MAX_SESSION_BYTES}`;

const Filename = v.pipe(
  v.string("must be a string"),
  v.metadata({ ...FILENAME, description: `The uploader gives it unless it stands here. ${FILENAME.description}` }),
  v.rawTransform(({ dataset, addIssue }) => {
    const checked = checkFilename(dataset.value);
    if (!checked.ok) addIssue({ message: checked.message.replace(/^filename: /, "") });
    return dataset.value;
  }),
);

/** What a ticket is to be for. What it names of the file is fixed. */
export const TicketBody = v.object({
  partition: PathComponent,
  collection: PathComponent,
  channel: PathComponent,
  filename: v.optional(Filename),
  max_file_bytes: v.optional(
    v.pipe(wholeNumber(BYTES, 1, MAX_SESSION_BYTES), v.metadata({ description: "The most bytes of the file." })),
  ),
  allowed_types: v.optional(
    v.pipe(allowedTypes(TYPES_RULE), v.metadata({ description: "The media types of the file." })),
  ),
  metadata: v.optional(v.pipe(Metadata, v.metadata({ description: "The uploader gives it unless it stands here." }))),
  tags: v.optional(v.pipe(Tags, v.metadata({ description: "The uploader gives them unless they stand here." }))),
  expires_in: v.optional(
    v.pipe(
      wholeNumber(SECONDS, 1, MAX_TICKET_SECONDS),
      v.metadata({ description: "Seconds, in which an upload must begin." }),
    ),
    DEFAULT_TICKET_SECONDS,
  ),
});
