import { MAX_KEPT_PROPERTIES, avif } from "./avif.ts";
import { gif } from "./gif.ts";
import { jpeg } from "./jpeg.ts";
import { png } from "./png.ts";
import { type Dimensions, type Reader, Feed, text } from "./source.ts";
import { svg } from "./svg.ts";
import { webp } from "./webp.ts";

export type { Dimensions } from "./source.ts";

/** The most that is kept of a file while its size is looked for: an AVIF's properties, at some 200 bytes each, and a list
 * of which item has which. Bytes. */
export const IMAGE_BYTES = MAX_KEPT_PROPERTIES * 200 + 12 * 1024;

/** The same for the other formats. */
const SMALL_IMAGE_BYTES = 4 * 1024;

/** So many bytes tell the format. */
const SNIFF_BYTES = 12;

/** By the first bytes, as browsers do: names and declared types may be wrong. */
function readerOf(start: string): Reader | null {
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return png;
  if (start.startsWith("\xff\xd8\xff")) return jpeg;
  if (/^GIF8[79]a/.test(start)) return gif;
  if (/^RIFF.{4}WEBP/s.test(start)) return webp;
  if (start.startsWith("ftyp", 4)) return avif;
  return /^(?:\xef\xbb\xbf)?[ \t\r\n]*(?:<|$)/.test(start) ? svg : null;
}

/** Looks at a file's bytes as they pass and tells how large the image is shown that it holds, if it holds one. */
export class ImageReader {
  /** The first bytes, until there are enough of them. */
  #first: Uint8Array = new Uint8Array(0);
  /** Null when the file is no image. */
  #feed: Feed | null | undefined;
  #isLarge = false;

  write(bytes: Uint8Array): void {
    if (this.#feed === null) return;
    if (this.#feed) {
      this.#feed.write(bytes);
      return;
    }
    const first = new Uint8Array(Math.min(SNIFF_BYTES, this.#first.length + bytes.length));
    first.set(this.#first);
    const taken = bytes.subarray(0, first.length - this.#first.length);
    first.set(taken, this.#first.length);
    this.#first = first;
    if (first.length < SNIFF_BYTES) return;
    const reader = readerOf(text(first));
    this.#feed = reader ? new Feed(reader) : null;
    this.#isLarge = reader === avif;
    this.#feed?.write(first);
    this.#feed?.write(bytes.subarray(taken.length));
  }

  /** As the image is shown, in pixels; null when the file is no image, or damaged, or there is nothing certain to tell. */
  end(): Dimensions | null {
    this.#feed?.end();
    return this.#feed?.result ?? null;
  }

  /** What is kept of the file now, at most, in bytes. */
  get held(): number {
    if (!this.#feed) return 0;
    return this.#isLarge ? IMAGE_BYTES : SMALL_IMAGE_BYTES;
  }

  /** What that cost: how often the reader asked for a box, segment or field, and how many bytes it looked at. */
  get work(): { requests: number; bytes: number } {
    const { requests, looked } = this.#feed?.source ?? { requests: 0, looked: 0 };
    return { requests, bytes: looked };
  }
}
