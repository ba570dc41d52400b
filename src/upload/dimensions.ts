import { imageSize } from "image-size";

export interface Dimensions {
  readonly width: number;
  readonly height: number;
}

/** How much of a raster image is looked at: a JPEG's size may stand behind a large profile and thumbnail. Bytes. */
export const RASTER_HEAD_BYTES = 256 * 1024;

/** SVG is searched with regular expressions: keep their worst case small. Bytes. */
const SVG_HEAD_BYTES = 4 * 1024;

/** Enough to tell what a file is. */
const SNIFF_BYTES = 16;

/** EXIF orientations 5 to 8 turn the image by a quarter: shown, its sides are swapped. */
const QUARTER_TURNS = [5, 6, 7, 8];

/** Looks at a file's first bytes as they pass and tells how large the image is that they begin, if they begin one. */
export class ImageHead {
  #chunks: Uint8Array[] = [];
  #size = 0;
  /** Bytes still wanted; none once the file is known to be no image, or has been measured. */
  #wanted = RASTER_HEAD_BYTES;
  #dimensions: Dimensions | null = null;

  write(bytes: Uint8Array): void {
    if (this.#size >= this.#wanted) return;
    // Most files are no image, and their first bytes say so: nothing of them is kept.
    if (this.#size === 0 && bytes.length >= SNIFF_BYTES) this.#wanted = wantedOf(bytes);
    if (this.#wanted === 0) return;
    const taken = Uint8Array.from(bytes.subarray(0, this.#wanted - this.#size));
    this.#chunks.push(taken);
    this.#size += taken.length;
    if (this.#size >= SNIFF_BYTES && this.#wanted === RASTER_HEAD_BYTES) this.#wanted = wantedOf(this.#head());
    if (this.#size >= this.#wanted) this.#measure();
  }

  /** As the image is shown, in pixels; null when it is none, or damaged. */
  end(): Dimensions | null {
    if (this.#chunks.length > 0) this.#measure();
    return this.#dimensions;
  }

  #measure(): void {
    if (this.#wanted > 0) {
      const head = this.#head();
      // A copy of its own: the library looks at the whole memory behind what it is given.
      this.#dimensions = measure(head.slice(0, wantedOf(head)));
    }
    this.#chunks = [];
    this.#wanted = 0;
  }

  #head(): Uint8Array {
    const [first, ...more] = this.#chunks;
    if (first && more.length === 0) return first;
    const head = new Uint8Array(this.#size);
    let at = 0;
    for (const chunk of this.#chunks) {
      head.set(chunk, at);
      at += chunk.length;
    }
    this.#chunks = [head];
    return head;
  }
}

/** How many bytes of a file it takes to measure it, by its first ones; 0 when it is no image that we know. */
function wantedOf(head: Uint8Array): number {
  const text = Buffer.from(head.subarray(0, SNIFF_BYTES)).toString("latin1");
  if (/^(?:\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|....ftyp(?:avif|avis|mif1|msf1))/s.test(text)) {
    return RASTER_HEAD_BYTES;
  }
  return /^(?:\xef\xbb\xbf)?\s*</.test(text) ? SVG_HEAD_BYTES : 0;
}

function measure(head: Uint8Array): Dimensions | null {
  if (head.length === 0) return null;
  try {
    const { width, height, orientation } = imageSize(head);
    if (![width, height].every((side) => Number.isSafeInteger(side) && side > 0)) return null;
    return orientation !== undefined && QUARTER_TURNS.includes(orientation)
      ? { width: height, height: width }
      : { width, height };
  } catch {
    return null; // Damaged, cut off, or not an image after all.
  }
}
