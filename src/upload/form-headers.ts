/**
 * The headers of a form's part, and parameters of headers. They are parsed strictly: what parsers disagree on is
 * refused.
 */

import { MAX_PART_HEADER_LINES } from "../model/limits.ts";
import { essenceOf } from "../model/essence.ts";
import { invalid, Refused } from "../model/refusal.ts";

/** What a part says of itself. */
export interface PartHeaders {
  readonly name: string;
  /** Only files have one, perhaps an empty one. */
  readonly filename: string | undefined;
  readonly contentType: string | undefined;
  /** RFC 9530: a digest of the part's bytes. */
  readonly contentDigest: string | undefined;
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const bad = (message: string): Refused => new Refused(invalid(message));

/**
 * Parses a part's header lines, each of which ends with CR LF. RFC 7578 4.8 knows Content-Disposition, Content-Type
 * and, as obsolete, Content-Transfer-Encoding. Of other headers, only Content-Digest is not ignored. Throws Refused.
 */
export function parsePartHeaders(block: Uint8Array): PartHeaders {
  let text: string;
  try {
    text = utf8.decode(block);
  } catch {
    throw bad("a part's headers must be valid UTF-8");
  }
  const lines = text.split("\r\n").slice(0, -1);
  if (lines.length > MAX_PART_HEADER_LINES) throw bad(`a part must have at most ${MAX_PART_HEADER_LINES} header lines`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    // A line that begins with white space would continue the one before (obs-fold). Parsers disagree on that, so it is
    // refused.
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    if (!TOKEN.test(name)) throw bad("a part's header line must be a name, a colon and a value");
    const value = line.slice(colon + 1).trim();
    // eslint-disable-next-line no-control-regex -- control characters are what it looks for
    if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value))
      throw bad("a part's headers must not contain control characters");
    const key = name.toLowerCase();
    if (headers.has(key) && key.startsWith("content-")) throw bad(`a part must not repeat ${name}`);
    headers.set(key, value);
  }
  const encoding = headers.get("content-transfer-encoding")?.toLowerCase() ?? "binary";
  if (!["binary", "8bit", "7bit"].includes(encoding)) {
    throw bad("Content-Transfer-Encoding: only binary is supported (RFC 7578 4.7)");
  }
  const contentType = headers.get("content-type") || undefined;
  if (contentType && essenceOf(contentType).startsWith("multipart/")) throw bad("a part must not be multipart itself");
  const contentDigest = headers.get("content-digest");
  return { ...parseDisposition(headers.get("content-disposition")), contentType, contentDigest };
}

function parseDisposition(header: string | undefined): { name: string; filename: string | undefined } {
  if (header === undefined) throw bad("a part must have a Content-Disposition");
  const { value, parameters } = parseParameters(header, "Content-Disposition");
  if (value !== "form-data") throw bad("Content-Disposition: must be form-data");
  const name = parameters.get("name");
  if (!name) throw bad("Content-Disposition: name must not be empty");
  const extended = parameters.get("filename*");
  return { name, filename: extended === undefined ? parameters.get("filename") : decodeExtended(extended) };
}

/**
 * Parses a header of the form `value; name=value; name="value"`, in time that is linear in its length. In a quoted
 * value a backslash escapes a quote or a backslash and nothing else, because browsers send backslashes as they are.
 * Throws Refused.
 *
 * @param field the header's name, for messages
 */
export function parseParameters(header: string, field: string): { value: string; parameters: Map<string, string> } {
  const semicolon = header.indexOf(";");
  const value = (semicolon < 0 ? header : header.slice(0, semicolon)).trim().toLowerCase();
  const parameters = new Map<string, string>();
  let at = semicolon < 0 ? header.length : semicolon;
  const skipSpace = (): void => {
    while (header[at] === " " || header[at] === "\t") at++;
  };
  while (at < header.length) {
    at++; // the semicolon
    skipSpace();
    if (at >= header.length || header[at] === ";") continue; // an empty parameter
    const equals = header.indexOf("=", at);
    const name = equals < 0 ? "" : header.slice(at, equals).trimEnd().toLowerCase();
    if (!TOKEN.test(name)) throw bad(`${field}: must be a value and parameters of the form name="value"`);
    at = equals + 1;
    skipSpace();
    let text = "";
    if (header[at] === '"') {
      for (at++; header[at] !== '"'; at++) {
        if (at >= header.length) throw bad(`${field}: ${name} has no closing quote`);
        if (header[at] === "\\" && (header[at + 1] === '"' || header[at + 1] === "\\")) at++;
        text += header[at];
      }
      at++;
    } else {
      const end = header.indexOf(";", at);
      text = header.slice(at, end < 0 ? header.length : end).trimEnd();
      at = end < 0 ? header.length : end;
    }
    skipSpace();
    if (at < header.length && header[at] !== ";") throw bad(`${field}: unexpected text after ${name}`);
    if (parameters.has(name)) throw bad(`${field}: must not repeat ${name}`);
    parameters.set(name, text);
  }
  return { value, parameters };
}

/** RFC 8187: `UTF-8'language'percent-encoded`. RFC 7578 does not want it in forms, but some clients send it. */
function decodeExtended(text: string): string {
  const match = /^utf-8'[\w-]*'((?:[\w!#$&+.^`|~-]|%[0-9a-f]{2})*)$/i.exec(text);
  try {
    if (match?.[1] !== undefined) return decodeURIComponent(match[1]);
  } catch {
    // It is not UTF-8, and is refused below.
  }
  throw bad("Content-Disposition: filename* must be UTF-8''percent-encoded");
}
