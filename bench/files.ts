import { createHash, randomBytes } from "node:crypto";

/** Bytes of the largest file that the API takes. */
const LARGE = 100 * 1024 * 1024;

/** How many small files there are: enough that one that was taken for another would show. Each has a path of its own. */
const SMALL_FILES = 8;

const BOUNDARY = "----strongroom-bench";
export const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;
export const RAW_TYPE = "application/octet-stream";

/** A file that is uploaded, ready to be sent in either way. */
export interface File {
  readonly path: { readonly partition: string; readonly collection: string; readonly channel: string };
  readonly form: Buffer;
  readonly raw: Buffer;
  /** Of the file, lower-case hex. */
  readonly sha256: string;
}

/** The bodies of a run, made once: what is measured is not the load generator's randomness. */
export class Files {
  readonly size: number;
  readonly small: readonly File[];
  #large: File | undefined;

  constructor(size: number) {
    this.size = size;
    this.small = Array.from({ length: SMALL_FILES }, (_, i) => makeFile(size, i));
  }

  /** Made when it is first asked for: it takes a second. */
  get large(): File {
    this.#large ??= makeFile(LARGE, 0);
    return this.#large;
  }

  /** One of the small files. */
  get body(): Buffer {
    const [file] = this.small;
    if (!file) throw new Error("there are no small files");
    return file.raw;
  }

  get label(): string {
    return this.size % 1_024 === 0 ? `${this.size / 1_024} KB` : `${this.size} B`;
  }

  /** A kilobyte from the middle of a small file, or what there is. */
  get smallRange(): { from: number; to: number } {
    const from = this.size >> 1;
    return { from, to: Math.min(this.size - 1, from + 1_023) };
  }

  /** The middle half of the large file. */
  readonly largeRange: { from: number; to: number } = { from: LARGE / 4, to: (LARGE / 4) * 3 - 1 };
}

/** The paths spread so that every combination of filters matches many. */
export const pathOf = (i: number): File["path"] => ({
  partition: `p${i % 2}`,
  collection: `c${Math.floor(i / 2) % 2}`,
  channel: `h${Math.floor(i / 4) % 2}`,
});

/** The file that is sent raw is the very bytes inside the form: a large one stands in memory once. */
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
