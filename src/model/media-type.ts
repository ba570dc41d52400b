/**
 * Media types (RFC 9110 8.3.1): how one is parsed and written again, and which one a file gets. What does not parse is
 * refused, because readers would take it for different types.
 */

import { essenceOf } from "./essence.ts";
import { extensionOf, typeOfExtension } from "./extensions.ts";
import { MAX_MIME_TYPE_LENGTH } from "./limits.ts";
import { invalid, type Result } from "./refusal.ts";

/** The type of bytes of which nothing is known. */
export const UNKNOWN_TYPE = "application/octet-stream";

/** A media type that was parsed, so that every reader takes it for the same. */
export interface MediaType {
  /** Type and subtype, in lower case. */
  readonly essence: string;
  /** All of it, serialised: what is stored and sent. */
  readonly text: string;
}

/** RFC 9110 5.6.2. */
const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const TYPE = new RegExp(`(${TOKEN}/${TOKEN})[ \\t]*`, "y");

/**
 * RFC 9110 5.6.6: a semicolon and perhaps a parameter. No white space stands around the equals sign. A quoted value
 * (5.6.4) holds anything printable. obs-text is left out, since readers disagree on what it means.
 */
const PARAMETER = new RegExp(
  `;([ \\t]*)(?:(${TOKEN})=(?:(${TOKEN})|"((?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\[\\t \\x21-\\x7e])*)"))?[ \\t]*`,
  "y",
);

/**
 * Parses a Content-Type by the grammar; undefined when it does not follow the grammar or names a parameter twice.
 *
 * What the grammar leaves open is written in one way: names are in lower case, nothing but one space before it stands
 * around a parameter, there is no empty parameter, and no escape where none is needed. What a client wrote in that way
 * already (with the space or without it, with quotes or without them) comes back as it was sent.
 */
export function parseMediaType(contentType: string): MediaType | undefined {
  const given = contentType.replace(/^[ \t]+/, "");
  TYPE.lastIndex = 0;
  const type = TYPE.exec(given);
  if (!type?.[1]) return undefined;
  const essence = type[1].toLowerCase();
  let text = essence;
  const seen = new Set<string>();
  for (let at = TYPE.lastIndex; at < given.length; at = PARAMETER.lastIndex) {
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(given);
    if (!match) return undefined;
    const [, space, sentName, token, quoted = ""] = match;
    if (sentName === undefined) continue;
    const name = sentName.toLowerCase();
    if (seen.has(name)) return undefined;
    seen.add(name);
    const value = token ?? `"${quoted.replace(/\\(.)/g, unescaped)}"`;
    text += `;${space === "" ? "" : " "}${name}=${value}`;
  }
  return { essence, text };
}

/** What an escape inside a quoted value comes to. Only a quote and a backslash need one. */
const unescaped = (escape: string, char: string): string => (char === '"' || char === "\\" ? escape : char);

/**
 * Whether a declaration tells nothing of the file: it names unknown bytes, or a range such as `image/*` (RFC 9110
 * 12.5.1).
 */
const saysNothing = ({ essence }: MediaType): boolean => essence === UNKNOWN_TYPE || essence.includes("*");

/** Whether a declaration is what decides the type of a file, whatever its name is. */
export function saysType(declared: string | undefined): boolean {
  const parsed = parseMediaType(declared ?? "");
  return parsed !== undefined && !saysNothing(parsed);
}

/**
 * A file's media type: the declared one with its parameters or, when that says nothing, the one of the filename's
 * extension.
 */
export function mediaType(declared: string | undefined, filename: string): Result<{ mediaType: string }> {
  const given = declared?.trim() ?? "";
  const parsed = given.length > MAX_MIME_TYPE_LENGTH ? undefined : parseMediaType(given);
  if (given !== "" && !parsed) {
    return invalid(
      `file: its Content-Type must be a media type of at most ${MAX_MIME_TYPE_LENGTH} characters, such as image/png, ` +
        `with parameters such as ; charset="utf-8", each once`,
    );
  }
  if (parsed && !saysNothing(parsed)) return { ok: true, mediaType: parsed.text };
  return { ok: true, mediaType: typeOfExtension(extensionOf(filename)) ?? UNKNOWN_TYPE };
}

const UNKNOWN: MediaType = { essence: UNKNOWN_TYPE, text: UNKNOWN_TYPE };

/**
 * The type that is sent with a body whose record has this type. A record from before types were parsed may hold
 * anything.
 */
export function servedType(stored: string): MediaType {
  const parsed = parseMediaType(stored);
  return parsed && !saysNothing(parsed) ? parsed : UNKNOWN;
}

/** Whether a media type is one of those that patterns in lower case stand for (model/type-pattern.ts). */
export function matchesType(patterns: readonly string[], type: string): boolean {
  const essence = essenceOf(type);
  return patterns.includes(essence) || patterns.includes(essence.replace(/\/.*/, "/*"));
}
