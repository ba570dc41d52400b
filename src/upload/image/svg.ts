/** How large an SVG image is shown. */

import { Markup, type RootTag, TOO_LONG } from "./markup.ts";
import { type Dimensions, type Source, type Steps, dimensions, text } from "./source.ts";

const NAMESPACE = "http://www.w3.org/2000/svg";

/** How many bytes of a file's end must show that the root element ends there: its end tag, or a comment behind it. */
export const TAIL_BYTES = 256;

/** How many pixels of CSS each of its absolute units has. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["px", 1],
  ["pt", 96 / 72],
  ["pc", 16],
  ["in", 96],
  ["cm", 96 / 2.54],
  ["mm", 96 / 25.4],
  ["q", 96 / 101.6],
]);

const ATTRIBUTES = ["width", "height", "viewBox", "preserveAspectRatio", "xmlns"];

/**
 * SVG: a document whose root element is svg and which ends with that element. HTML, Markdown and the like that merely
 * contain such an element or begin with one are no SVG, and neither is a file that was cut off. The namespace may be
 * missing.
 *
 * The size is that of `width` and `height`. Where one of them is missing, `viewBox` gives the ratio. Where both are, it
 * gives the size. The size is rounded to whole pixels, halves up, as browsers do. What rounds to 0 has no size.
 */
export function* svg(source: Source): Steps<Dimensions | null> {
  const markup = new Markup(source);
  const root = yield* markup.rootTag((element, name) => ATTRIBUTES.includes(name) || name === namespaceOf(element));
  if (!root || !isSvg(root)) return null;
  const size = sizeOf(root.attributes);
  return size && (yield* endsHere(source, markup.release(), root)) ? size : null;
}

/** The attribute that declares the namespace of an element of that name. */
function namespaceOf(element: string): string {
  const colon = element.indexOf(":");
  return colon < 0 ? "xmlns" : `xmlns:${element.slice(0, colon)}`;
}

function isSvg({ name, attributes, doctype }: RootTag): boolean {
  if (name !== "svg" && !/^[^:]+:svg$/.test(name)) return false;
  // An HTML document may hold nothing but a drawing. A document type of XML names the root element, and that of HTML
  // does not.
  if (doctype !== undefined && doctype !== name) return false;
  const namespace = attributes.get(namespaceOf(name));
  // Drawing programs write an entity there, which stands for the namespace.
  return namespace === undefined ? name === "svg" : namespace === NAMESPACE || /^&\w+;$/.test(namespace);
}

function sizeOf(attributes: ReadonlyMap<string, string>): Dimensions | null {
  const width = lengthOf(attributes.get("width"));
  const height = lengthOf(attributes.get("height"));
  if (width === null || height === null) return null;
  if (width !== undefined && height !== undefined) return rounded(width, height);
  const box = viewBoxOf(attributes.get("viewBox"));
  if (!box) return null;
  if (width === undefined && height === undefined) return rounded(box.width, box.height);
  // A drawing that keeps no ratio does not say how long the missing side is.
  if (/^\s*none/.test(attributes.get("preserveAspectRatio") ?? "")) return null;
  return width === undefined
    ? rounded(((height ?? 0) * box.width) / box.height, height ?? 0)
    : rounded(width, (width * box.height) / box.width);
}

/**
 * A length in pixels. Undefined when there is none: the attribute is absent, or it is a percentage, "auto" or no length
 * at all. Null when the length cannot be told without knowing a font, a window or more: such units, functions and
 * entities.
 */
function lengthOf(value: string | undefined): number | null | undefined {
  if (value === undefined) return undefined;
  if (value === TOO_LONG || /[&(]/.test(value)) return null;
  const [, number, unit] = /^[ \t\r\n]*([+-]?(?:\d*\.\d+|\d+)(?:e[+-]?\d+)?)([a-z]*|%)[ \t\r\n]*$/i.exec(value) ?? [];
  if (number === undefined || unit === undefined || unit === "%") return undefined;
  const pixels = UNITS.get(unit.toLowerCase());
  return pixels === undefined ? null : Number(number) * pixels;
}

/**
 * The size that a viewBox gives: it has four numbers between white space, commas or nothing at all, and the last two
 * are positive. Null when it is otherwise.
 */
function viewBoxOf(value = ""): Dimensions | null {
  const number = /[+-]?(?:\d*\.\d+|\d+\.?)(?:e[+-]?\d+)?/gi;
  const [, , width, height, ...more] = (value.match(number) ?? []).map(Number);
  if (width === undefined || height === undefined || more.length > 0) return null;
  return width > 0 && height > 0 && /^[ \t\r\n,]*$/.test(value.replace(number, "")) ? { width, height } : null;
}

const rounded = (width: number, height: number): Dimensions | null => dimensions(Math.round(width), Math.round(height));

/** Whether the file ends with its root element. Comments and white space may follow. */
function* endsHere(source: Source, first: Uint8Array, root: RootTag): Steps<boolean> {
  let tail = text(first.subarray(-TAIL_BYTES));
  for (let chunk = yield* source.chunk(); chunk; chunk = yield* source.chunk()) {
    tail = (tail + text(chunk.subarray(-TAIL_BYTES))).slice(-TAIL_BYTES);
  }
  tail = tail.trimEnd();
  if (/(?:--|\?)>$/.test(tail)) return true;
  return root.empty ? tail === "" : /<\/([^<>\s]+)\s*>$/.exec(tail)?.[1] === root.name;
}
