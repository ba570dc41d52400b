/**
 * The files that a run uploads, ready to be sent. They are made once, so that what is measured is not the load
 * generator's randomness.
 */

import { createHash, randomBytes } from "node:crypto";

/** The largest file that the API takes. Bytes. */
const LARGE = 100 * 1024 * 1024;

/**
 * How many small files there are. They are enough that a file would show that was taken for another. Each has a path of
 * its own.
 */
const SMALL_FILES = 8;

const BOUNDARY = "----strongroom-bench";
export const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;
export const RAW_TYPE = "application/octet-stream";

/** A file to upload, ready to be sent in either way. */
export interface File {
  readonly path: { readonly partition: string; readonly collection: string; readonly channel: string };
  readonly form: Buffer;
  readonly raw: Buffer;
  /** The SHA-256 of the file, in lower-case hex. */
  readonly sha256: string;
}

/** The files of a run. */
export class Files {
  readonly size: number;
  readonly small: readonly File[];
  #large: File | undefined;

  /** @param size bytes of a small file */
  constructor(size: number) {
    this.size = size;
    this.small = Array.from({ length: SMALL_FILES }, (_, i) => makeFile(size, i));
  }

  /** The large file. It is made when it is first asked for, because that takes a second. */
  get large(): File {
    this.#large ??= makeFile(LARGE, 0);
    return this.#large;
  }

  /** The bytes of one of the small files. */
  get body(): Buffer {
    const [file] = this.small;
    if (!file) throw new Error("there are no small files");
    return file.raw;
  }

  get label(): string {
    return this.size % 1_024 === 0 ? `${this.size / 1_024} KB` : `${this.size} B`;
  }

  /** A kilobyte from the middle of a small file, or less if the file has less behind its middle. */
  get smallRange(): { from: number; to: number } {
    const from = this.size >> 1;
    return { from, to: Math.min(this.size - 1, from + 1_023) };
  }

  /** The middle half of the large file. */
  readonly largeRange: { from: number; to: number } = { from: LARGE / 4, to: (LARGE / 4) * 3 - 1 };
}

/** The path of the file of this number. The paths are spread so that every combination of filters matches many. */
export const pathOf = (i: number): File["path"] => ({
  partition: `p${i % 2}`,
  collection: `c${Math.floor(i / 2) % 2}`,
  channel: `h${Math.floor(i / 4) % 2}`,
});

/** Makes a file. The raw file is the very bytes inside the form, so a large one stands in memory once. */
function makeFile(size: number, i: number): File {
  const path = pathOf(i);
  const fields = Object.entries(path).map(
    ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const head = `${fields.join("")}--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="f.bin"\r\nContent-Type: ${RAW_TYPE}\r\n\r\n`;
  const form = Buffer.concat([Buffer.from(head), randomBytes(size), Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
  const raw = form.subarray(head.length, head.length + size);
  return { path, form, raw, sha256: createHash("sha256").update(raw).digest("hex") };
}
