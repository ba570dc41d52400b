/**
 * How a file is shown. Anybody may have uploaded it, so nothing of it is ever a document of this page's: what is shown is an
 * image, a player or text, and its type is one of those below, whatever its record says.
 */

import type { Asset } from "../../client/index.ts";
import { essenceOf } from "../../model/essence.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** The images that are drawn from a `blob:` URL. */
const IMAGES: ReadonlySet<string> = new Set([
  "image/png",
  "image/apng",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "image/avif",
  "image/bmp",
  "image/x-icon",
  "image/vnd.microsoft.icon",
]);

/** What players are given, when that is a `blob:` URL. */
const MEDIA: ReadonlySet<string> = new Set([
  "video/mp4",
  "video/webm",
  "video/ogg",
  "video/quicktime",
  "audio/mpeg",
  "audio/mp4",
  "audio/aac",
  "audio/ogg",
  "audio/wav",
  "audio/x-wav",
  "audio/webm",
  "audio/flac",
  "audio/x-m4a",
]);

const SVG = "image/svg+xml";

/** Text is shown as text: of HTML, its source. */
const TEXT =
  /^(?:text\/.*|application\/(?:json|ld\+json|ndjson|x-ndjson|xml|javascript|x-javascript|yaml|x-yaml|toml|sql|x-sh|graphql)|[\w.-]+\/[\w.-]+\+(?:json|xml|yaml))$/;

/** Of text, so much is fetched and shown: some 5,000 lines, which any device lays out at once. */
export const TEXT_BYTES = 256 * KIB;

/** An SVG goes into the page as a `data:` URL, in one piece. */
const SVG_BYTES = 1 * MIB;

/** Up to here a file is fetched as soon as its panel opens, and above it when one asks for it. */
export const UNASKED_BYTES = 8 * MIB;

/**
 * How long a link for a player is good. A film is played by it in pieces and from anywhere in it, where a `blob:` URL begins
 * to play when all of it has come. Seconds.
 */
export const PLAYER_LINK_SECONDS = 4 * 60 * 60;

export type Preview =
  | { readonly shows: "image" | "svg" | "video" | "audio"; readonly type: string }
  | { readonly shows: "text"; readonly charset: string | undefined }
  | { readonly shows: "nothing"; readonly because: string };

/** What can be shown of an asset. */
export function previewOf({ mime_type, size }: Pick<Asset, "mime_type" | "size">): Preview {
  const essence = essenceOf(mime_type);
  if (size === 0) return { shows: "nothing", because: "The file is empty." };
  if (IMAGES.has(essence)) return { shows: "image", type: essence };
  if (essence === SVG) {
    if (size <= SVG_BYTES) return { shows: "svg", type: SVG };
    return { shows: "nothing", because: "A drawing of this size is not shown here." };
  }
  if (MEDIA.has(essence)) return { shows: essence.startsWith("video/") ? "video" : "audio", type: essence };
  if (TEXT.test(essence)) {
    const parameters = mime_type.split(";").map((part) => part.trim().toLowerCase());
    const charset = parameters.find((each) => each.startsWith("charset="))?.slice("charset=".length);
    return { shows: "text", charset: charset?.replaceAll('"', "") };
  }
  return { shows: "nothing", because: "There is no preview of this type." };
}

/**
 * Reads text: by the mark at its beginning, by the charset that its record says, as UTF-8, or as Windows writes it in the
 * west. Undefined when the bytes are something else.
 */
export function textOf(bytes: Uint8Array<ArrayBuffer>, charset: string | undefined): string | undefined {
  const text = decoded(bytes, markedAs(bytes) ?? charset) ?? guessed(bytes) ?? "";
  // What is printed in colours is text.
  const odd = text.replaceAll("\x1b", "").match(UNWRITTEN)?.length ?? 0;
  return odd > text.length / 100 ? undefined : text;
}

/** What nobody writes: what could not be read, and control characters other than those between words and lines. */
const UNWRITTEN = /(?![\t\n\f\r])[\p{Cc}\ufffd]/gu;

/** The encoding that a byte order mark tells. */
function markedAs([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  return first === 0xef && second === 0xbb && third === 0xbf ? "utf-8" : undefined;
}

/** Undefined without a charset that this browser knows. What is cut off in the middle of a character is left out. */
function decoded(bytes: Uint8Array<ArrayBuffer>, charset: string | undefined): string | undefined {
  if (charset === undefined) return undefined;
  try {
    return new TextDecoder(charset).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}

/** Other encodings are hardly ever good UTF-8 by chance; UTF-8 that is broken in places has more that is good. */
function guessed(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  const text = new TextDecoder().decode(bytes);
  const broken = text.match(/\ufffd/g)?.length ?? 0;
  const good = (text.match(/[^\p{ASCII}]/gu)?.length ?? 0) - broken;
  return decoded(bytes, broken > good ? "windows-1252" : "utf-8");
}

/**
 * An SVG as an `<img>` takes it. There it runs no script and loads nothing. It is no `blob:` URL, since that would belong to
 * this page's origin, and whoever opens the image in a tab of its own would open a document of this origin.
 */
export function svgUrl(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `data:${SVG};base64,${btoa(binary)}`;
}
