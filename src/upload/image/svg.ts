import { Markup, type RootTag, TOO_LONG } from "./markup.ts";
import { type Dimensions, type Source, type Steps, dimensions, text } from "./source.ts";

const NAMESPACE = "http://www.w3.org/2000/svg";

/** How much of a file's end must show that the root element ends there: its end tag, or a comment behind it. Bytes. */
export const TAIL_BYTES = 256;

/** Pixels of CSS in each of its absolute units. */
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
 * SVG: a document whose root element is svg and which ends with it. HTML, Markdown and the like that merely contain or begin
 * with one are none, and neither is what was cut off.
 *
 * The size is that of `width` and `height`; where one is missing, `viewBox` gives the ratio; where both are, the size.
 * Rounded to whole pixels, halves up, as browsers do; what rounds to 0 has no size. A namespace may be missing.
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
  // An HTML document may hold nothing but a drawing; a document type of XML names the root element.
  if (doctype !== undefined && doctype !== name) return false;
  const namespace = attributes.get(namespaceOf(name));
  // Drawing programs write an entity there, which stands for it.
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
  // Without a ratio to keep, the missing side is not the drawing's to say.
  if (/^\s*none/.test(attributes.get("preserveAspectRatio") ?? "")) return null;
  return width === undefined
    ? rounded(((height ?? 0) * box.width) / box.height, height ?? 0)
    : rounded(width, (width * box.height) / box.width);
}

/** In pixels. Undefined when there is none: absent, a percentage, "auto", no length at all. Null when it cannot be told
 * without knowing a font, a window or more: such units, functions, entities. */
function lengthOf(value: string | undefined): number | null | undefined {
  if (value === undefined) return undefined;
  if (value === TOO_LONG || /[&(]/.test(value)) return null;
  const [, number, unit] = /^[ \t\r\n]*([+-]?(?:\d*\.\d+|\d+)(?:e[+-]?\d+)?)([a-z]*|%)[ \t\r\n]*$/i.exec(value) ?? [];
  if (number === undefined || unit === undefined || unit === "%") return undefined;
  const pixels = UNITS.get(unit.toLowerCase());
  return pixels === undefined ? null : Number(number) * pixels;
}

/** Four numbers between white space, commas or nothing at all, the last two positive. */
function viewBoxOf(value = ""): Dimensions | null {
  const number = /[+-]?(?:\d*\.\d+|\d+\.?)(?:e[+-]?\d+)?/gi;
  const [, , width, height, ...more] = (value.match(number) ?? []).map(Number);
  if (width === undefined || height === undefined || more.length > 0) return null;
  return width > 0 && height > 0 && /^[ \t\r\n,]*$/.test(value.replace(number, "")) ? { width, height } : null;
}

const rounded = (width: number, height: number): Dimensions | null => dimensions(Math.round(width), Math.round(height));

/** Whether the file ends with its root element, but for comments and white space. */
function* endsHere(source: Source, first: Uint8Array, root: RootTag): Steps<boolean> {
  let tail = text(first.subarray(-TAIL_BYTES));
  for (let chunk = yield* source.chunk(); chunk; chunk = yield* source.chunk()) {
    tail = (tail + text(chunk.subarray(-TAIL_BYTES))).slice(-TAIL_BYTES);
  }
  tail = tail.trimEnd();
  if (/(?:--|\?)>$/.test(tail)) return true;
  return root.empty ? tail === "" : /<\/([^<>\s]+)\s*>$/.exec(tail)?.[1] === root.name;
}
