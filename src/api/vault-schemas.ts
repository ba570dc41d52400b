/** What an operator may change of a vault. */

import * as v from "valibot";
import {
  DEFAULT_CACHE_SECONDS,
  MAX_ALLOWED_TYPES,
  MAX_CACHE_SECONDS,
  MAX_SESSION_BYTES,
  MAX_MIME_TYPE_LENGTH,
  MAX_QUOTA_ASSETS,
  MAX_QUOTA_BYTES,
  MAX_REQUESTS_PER_SECOND,
} from "../model/limits.ts";
import { SETTINGS } from "../model/settings.ts";
import { TYPE_PATTERN } from "../model/type-pattern.ts";
import { Name, wholeNumber } from "./schemas.ts";

/** A setting that is a whole number; null takes it away. */
function numberSetting(description: string, least: number, most: number) {
  const rule = `must be a whole number from ${least} to ${most}, or null`;
  return v.optional(v.pipe(v.nullable(wholeNumber(rule, least, most)), v.metadata({ description })));
}

const TYPE_RULE = "must be a media type such as image/png, or a kind of them such as image/*, without parameters";
export const TYPES_RULE = `must be a list of 1 to ${MAX_ALLOWED_TYPES} media types`;

/** Media types that files may have. */
export const allowedTypes = (rule: string) =>
  v.pipe(
    v.array(
      v.pipe(
        v.string(TYPE_RULE),
        v.metadata({ examples: ["image/png", "image/*"] }),
        v.maxLength(MAX_MIME_TYPE_LENGTH, TYPE_RULE),
        v.regex(TYPE_PATTERN, TYPE_RULE),
        v.toLowerCase(),
      ),
      rule,
    ),
    v.minLength(1, rule),
    v.maxLength(MAX_ALLOWED_TYPES, rule),
    v.transform((types) => [...new Set(types)]),
  );

const AllowedTypes = v.nullable(allowedTypes(`${TYPES_RULE}, or null`));

const PATCHED = ["name", ...SETTINGS] as const;

/** A change of a vault. */
export const VaultPatchBody = v.pipe(
  v.object({
    name: v.optional(Name),
    quota_assets: numberSetting("The most assets.", 0, MAX_QUOTA_ASSETS),
    quota_bytes: numberSetting("The most bytes of all files together.", 0, MAX_QUOTA_BYTES),
    max_file_bytes: numberSetting("The most bytes of one file.", 1, MAX_SESSION_BYTES),
    allowed_types: v.optional(v.pipe(AllowedTypes, v.metadata({ description: "The media types of files." }))),
    requests_per_second: numberSetting("The most requests a second.", 1, MAX_REQUESTS_PER_SECOND),
    cache_seconds: numberSetting(
      `For how many seconds caches keep what a delivery key was given; 0 for not at all. Null: ${DEFAULT_CACHE_SECONDS}.`,
      0,
      MAX_CACHE_SECONDS,
    ),
  }),
  v.check(
    (change) => PATCHED.some((name) => change[name] !== undefined),
    `at least one of ${PATCHED.join(", ")} must be given`,
  ),
  v.metadata({ minProperties: 1 }),
);
