/**
 * Tells how large an image is shown, by the bytes of its file as they pass. Why the readers of the formats are our own
 * stands in docs/decisions/009-own-image-readers.md.
 */

import { MAX_KEPT_PROPERTIES, avif } from "./avif.ts";
import { gif } from "./gif.ts";
import { jpeg } from "./jpeg.ts";
import { png } from "./png.ts";
import { type Dimensions, type Reader, Feed, text } from "./source.ts";
import { svg } from "./svg.ts";
import { webp } from "./webp.ts";

export type { Dimensions } from "./source.ts";

/**
 * The most bytes that are kept of a file while its size is looked for: an AVIF's properties, at some 200 bytes each,
 * and a list of which item has which.
 */
export const IMAGE_BYTES = MAX_KEPT_PROPERTIES * 200 + 12 * 1024;

/** The most bytes that are kept of a file of any other format. */
const SMALL_IMAGE_BYTES = 4 * 1024;

/** How many bytes it takes to tell the format. */
const SNIFF_BYTES = 12;

/** Chooses the reader by the first bytes, as browsers do: names and declared types may be wrong. */
function readerOf(start: string): Reader | null {
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return png;
  if (start.startsWith("\xff\xd8\xff")) return jpeg;
  if (/^GIF8[79]a/.test(start)) return gif;
  if (/^RIFF.{4}WEBP/s.test(start)) return webp;
  if (start.startsWith("ftyp", 4)) return avif;
  return /^(?:\xef\xbb\xbf)?[ \t\r\n]*(?:<|$)/.test(start) ? svg : null;
}

/** Looks at the bytes of a file as they pass. If the file holds an image, tells how large that image is shown. */
export class ImageReader {
  /** The first bytes, until there are enough of them. */
  #first: Uint8Array = new Uint8Array(0);
  /**
   * The reader of the file's format, fed with the bytes. Null when the file is no image; undefined until that is known.
   */
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

  /**
   * The size of the image as it is shown, in pixels. Null when the file is no image, or is damaged, or when there is
   * nothing certain to tell.
   */
  end(): Dimensions | null {
    this.#feed?.end();
    return this.#feed?.result ?? null;
  }

  /** Whether no further byte can change what {@link end} will say. */
  get isDecided(): boolean {
    return this.#feed === null || this.#feed?.isDone === true;
  }

  /** The most bytes that are kept of the file now. */
  get held(): number {
    if (!this.#feed) return 0;
    return this.#isLarge ? IMAGE_BYTES : SMALL_IMAGE_BYTES;
  }

  /**
   * What the reading has cost so far: how often the reader asked for a box, segment or field, and how many bytes it
   * looked at.
   */
  get work(): { requests: number; bytes: number } {
    const { requests, looked } = this.#feed?.source ?? { requests: 0, looked: 0 };
    return { requests, bytes: looked };
  }
}
