/**
 * Looks through the text of a JSON body before it is parsed. Why stands in docs/decisions/014-json-looked-through.md.
 */

import { isKept } from "./number.ts";

/** How large a JSON value may be. */
export interface JsonLimits {
  /** UTF-8 bytes of the value, serialised. */
  readonly bytes: number;
  /** Elements, if it is an array. */
  readonly items?: number;
}

/**
 * The first thing in a JSON text that is against a rule, and where it stands: the names of members and the indices of
 * elements that lead to it.
 */
export interface Objection {
  readonly path: readonly string[];
  readonly rule: "object" | "bytes" | "depth" | "items" | "number";
  /** The number that cannot be kept, as it was sent. */
  readonly number?: string;
}

/** A container that is open. */
interface Level {
  readonly isArray: boolean;
  /** The name of the member that is being read, in quotes and with its escapes; empty before the first. */
  name: string;
  index: number;
}

/** The text's object, the array in it, and an element of the array. */
const EACH_LEVELS = 3;

const BACKSLASH = 0x5c;

const BLANK = /[ \t\r\n:]+/y;
/** Any other value: a number, true, false, null. */
const SCALAR = /[-+.\w]+/y;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;

/** The longest escape has six bytes, and it may stand for as little as one. */
const MAX_ESCAPE_BYTES = 6;

/**
 * Looks through a JSON text before anything is made of it. JSON.parse changes numbers without a word, and takes a
 * quarter of a second for a large text that is refused in the end. This is one pass, which ends at the first objection.
 * It keeps nothing but the containers that are open, which are few. The text need not be valid: what is not valid is
 * left to JSON.parse.
 *
 * Bytes are counted so that no value is refused that could fit: white space and commas do not count, and a number or a
 * string with escapes counts as the least that it can come to. Only a name that is given twice counts twice.
 *
 * @param limitsOf how large the value of a member of the text's object may be; undefined for a member that is not
 *   looked at
 * @param options `depth`: how many levels of objects and arrays a member's value may have. `root`: the text is not an
 *   object with members but the value of this name itself. `nullRemoves`: a member that is null will not be kept (RFC
 *   7396). `each`: the members are not those of the text's object, but of each object in the array that is its member
 *   `of`, which has at most so many elements.
 */
export function inspectJson(
  text: string,
  limitsOf: (name: string) => JsonLimits | undefined,
  options: { depth: number; root?: string; nullRemoves?: boolean; each?: { of: string; most: number } },
): Objection | undefined {
  const { depth, root, nullRemoves = false, each } = options;
  /** How many containers are open where the names of the members stand. */
  const outer = root === undefined ? (each ? EACH_LEVELS : 1) : 0;
  const levels: Level[] = [];
  let limits = root === undefined ? undefined : limitsOf(root);
  let bytes = 0;
  let nameBytes = 0;
  let expectsName = false;

  const object = (rule: Objection["rule"], number?: string): Objection => ({
    path: [...(root === undefined ? [] : [root]), ...levels.map(step)],
    rule,
    ...(number === undefined ? {} : { number }),
  });
  /** Counts a value, and the name before it. */
  const count = (size: number): boolean => {
    bytes += size + nameBytes;
    nameBytes = 0;
    return limits !== undefined && bytes > limits.bytes;
  };

  for (let at = 0; at < text.length;) {
    const char = text[at];
    const level = levels.at(-1);
    if (char === '"') {
      const end = endOfString(text, at);
      const token = text.slice(at, end);
      at = end;
      if (!expectsName || !level) {
        if (count(leastBytes(token))) return object("bytes");
        continue;
      }
      expectsName = false;
      level.name = token;
      if (levels.length === outer) {
        limits = limitsOf(unquote(token));
        bytes = 0;
        nameBytes = 0;
      } else nameBytes = leastBytes(token) + 1;
    } else if (char === "{" || char === "[") {
      if (levels.length === 0 && outer > 0 && char === "[") return object("object");
      if (levels.length - outer >= depth) return object("depth");
      if (count(2)) return object("bytes");
      levels.push({ isArray: char === "[", name: "", index: 0 });
      expectsName = char === "{";
      at++;
    } else if (char === "}" || char === "]") {
      levels.pop();
      if (levels.length < outer) limits = undefined;
      expectsName = false;
      at++;
    } else if (char === ",") {
      expectsName = level?.isArray === false;
      if (level) level.index++;
      const isOver = level?.isArray && levels.length === outer + 1 && level.index >= (limits?.items ?? Infinity);
      if (isOver) return object("items");
      if (each && levels.length === 2 && level?.isArray && level.index >= each.most) {
        if (unquote(levels[0]?.name ?? "") === each.of) return { path: [each.of], rule: "items" };
      }
      at++;
    } else if (char === " " || char === "\n" || char === ":" || char === "\t" || char === "\r") {
      BLANK.lastIndex = at + 1;
      BLANK.test(text);
      at = Math.max(BLANK.lastIndex, at + 1);
    } else {
      SCALAR.lastIndex = at;
      const token = SCALAR.exec(text)?.[0];
      at += token?.length ?? 1;
      if (token === undefined) continue;
      if (limits && NUMBER.test(token) && !isKept(token)) return object("number", token);
      if (nullRemoves && token === "null" && level?.isArray === false) nameBytes = 0;
      else if (count(1)) return object("bytes");
    }
  }
  return undefined;
}

const step = ({ isArray, name, index }: Level): string => (isArray ? String(index) : unquote(name));

/** A member's name without its quotes and escapes. */
function unquote(token: string): string {
  if (!token.includes("\\")) return token.slice(1, -1);
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}

/** Where the string that begins at `start` ends: the index behind its closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    at = text.indexOf('"', at);
    if (at < 0) return text.length;
    let escapes = at;
    while (text.charCodeAt(escapes - 1) === BACKSLASH && escapes - 1 > start) escapes--;
    // An even number of backslashes escape each other and not the quote.
    if ((at - escapes) % 2 === 0) return at + 1;
  }
}

/** The least bytes that a string comes to when it is serialised again. */
function leastBytes(token: string): number {
  if (!token.includes("\\")) return Buffer.byteLength(token);
  return 2 + Math.ceil((Buffer.byteLength(token) - 2) / MAX_ESCAPE_BYTES);
}
