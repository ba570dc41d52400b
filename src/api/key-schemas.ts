/** What the bodies of requests about keys may be. */

import * as v from "valibot";
import { MAX_YEAR } from "../model/limits.ts";
import { parseTimestamp, timestamp } from "../model/time.ts";
import { KEY_TYPES } from "../model/vault.ts";
import { Name, PathComponent } from "./schemas.ts";

const Expiry = v.pipe(
  v.string("must be a string"),
  v.metadata({ description: "RFC 3339, in the future.", format: "date-time", examples: ["2099-01-01T00:00:00Z"] }),
  v.transform((text) => parseTimestamp(text) ?? Number.NaN),
  v.check((ms) => !Number.isNaN(ms), "must be an RFC 3339 time of a day that exists, such as 2027-01-15T10:30:00Z"),
  v.check((ms) => ms > Date.now() && ms < Date.UTC(MAX_YEAR + 1, 0), "must be a time in the future"),
  v.transform(timestamp),
);

/** What is wrong with a scope that is no object, or has too few or other members. */
const scopeRule = ({ expected }: v.StrictObjectIssue): string => {
  if (expected === "never") return "is none of partition, collection, channel";
  return expected === "Object" ? "must be an object of partition, collection and channel" : "is required";
};

/** The folder that a key is narrowed to. */
export const KeyScope = v.pipe(
  v.strictObject(
    {
      partition: PathComponent,
      collection: v.exactOptional(PathComponent),
      channel: v.exactOptional(PathComponent),
    },
    scopeRule,
  ),
  v.metadata({
    description: "A folder. Its channel needs its collection.",
    dependentRequired: { channel: ["collection"] },
  }),
  v.check(
    ({ collection, channel }) => channel === undefined || collection !== undefined,
    "channel needs the collection that it is in",
  ),
);

const TYPE_RULE = `must be ${KEY_TYPES.map((type) => `"${type}"`)
  .join(", ")
  .replace(/, (?=[^,]*$)/, " or ")}`;

export const KeyBody = v.object({
  label: v.nullish(Name, null),
  type: v.optional(v.picklist(KEY_TYPES, TYPE_RULE), "secret"),
  scope: v.nullish(KeyScope, null),
  expires_at: v.nullish(Expiry, null),
});

/** A change of a key. */
export const KeyPatchBody = v.pipe(
  v.object({
    label: v.optional(v.nullable(Name)),
    expires_at: v.optional(
      v.pipe(Expiry, v.metadata({ description: "RFC 3339, in the future, and not later than it is." })),
    ),
  }),
  v.check(
    ({ label, expires_at }) => label !== undefined || expires_at !== undefined,
    "at least one of label, expires_at must be given",
  ),
  v.metadata({ minProperties: 1 }),
);
