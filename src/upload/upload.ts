import type { BodyReader } from "../http/reader.ts";
import { type NewAsset, r2Key, stagingKey } from "../model/asset.ts";
import { newAssetId } from "../model/id.ts";
import { mimeType } from "../model/mime.ts";
import { invalid, must, Refused, type Result } from "../model/refusal.ts";
import { BodySink } from "./body.ts";
import { Budget } from "./budget.ts";
import { UploadFields } from "./fields.ts";
import { FormParser } from "./form.ts";
import { type PartHeaders, parseParameters } from "./headers.ts";
import { MAX_FIELD_BYTES, MAX_FIELDS_BYTES } from "./limits.ts";

/** One for the isolate: all its uploads share the memory. */
export const budget = new Budget();

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A body that is in R2 and may be committed, or removed if the commit is refused. */
export interface Stored {
  readonly upload: NewAsset;
  readonly discard: () => Promise<void>;
}

/** The boundary of a multipart/form-data Content-Type. */
export function boundaryOf(contentType: string): Result<{ boundary: string }> {
  try {
    const boundary = parseParameters(contentType, "Content-Type").parameters.get("boundary") ?? "";
    // RFC 2046 bcharsnospace, generously: anything printable, not ending in a space.
    if (boundary === "") return invalid("Content-Type: multipart/form-data needs a boundary");
    if (!/^[\x20-\x7e]*[\x21-\x7e]$/.test(boundary)) return invalid("Content-Type: boundary must be printable ASCII");
    return { ok: true, boundary };
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

/**
 * Receives an upload form: streams its file to R2 while it arrives and checks its fields, which may come before or after
 * the file. On a refusal nothing is left in R2.
 *
 * @param admit asked before a large file is streamed; throws Refused when the upload is doomed
 */
export async function receiveForm(options: {
  boundary: string;
  reader: BodyReader;
  bucket: R2Bucket;
  vaultId: string;
  admit: () => Promise<void>;
}): Promise<Result<{ stored: Stored }>> {
  const form = new FormReceiver(options);
  try {
    return { ok: true, stored: await form.receive() };
  } catch (error) {
    await form.abort();
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

class FormReceiver {
  readonly #id = newAssetId();
  readonly #fields = new UploadFields();
  readonly #options: Parameters<typeof receiveForm>[0];
  #file: { part: PartHeaders; filename: string; sink: BodySink } | undefined;
  /** The text field that is arriving. */
  #field: { name: string; chunks: Uint8Array[]; size: number } | undefined;
  #fieldBytes = 0;

  constructor(options: Parameters<typeof receiveForm>[0]) {
    this.#options = options;
  }

  async receive(): Promise<Stored> {
    const { reader, boundary } = this.#options;
    const parser = new FormParser(boundary);
    for (let chunk = await reader.read(); chunk; chunk = await reader.read()) {
      for (const event of parser.push(chunk)) {
        if (event.type === "part") this.#begin(event.part);
        else if (event.type === "end") this.#end();
        else if (this.#field) this.#collect(this.#field, event.bytes);
        else await this.#file?.sink.write(event.bytes);
      }
    }
    parser.end();
    return this.#finish();
  }

  async abort(): Promise<void> {
    await this.#file?.sink.abort();
  }

  #begin(part: PartHeaders): void {
    if (part.filename === undefined) {
      this.#field = { name: part.name, chunks: [], size: 0 };
      return;
    }
    if (part.name !== "file")
      throw new Refused(invalid(`${part.name.slice(0, 64)}: unexpected file; the file's field is "file"`));
    if (this.#file) throw new Refused(invalid("file: must be given only once"));
    if (part.filename === "") throw new Refused(invalid("file: must come with a filename"));
    const { reader, bucket, vaultId, admit } = this.#options;
    const filename = part.filename;
    const place = () => this.#fields.path(filename);
    const sink = new BodySink(bucket, budget, {
      key: () => {
        const path = place();
        return path ? r2Key(vaultId, path, this.#id) : stagingKey(vaultId, this.#id);
      },
      mimeType: () => this.#mimeType(part, place()?.filename ?? filename),
      remaining: () => (reader.declared === undefined ? undefined : reader.declared - reader.bytesRead),
      admit,
    });
    this.#file = { part, filename, sink };
  }

  #collect(field: { chunks: Uint8Array[]; size: number; name: string }, bytes: Uint8Array): void {
    field.size += bytes.length;
    this.#fieldBytes += bytes.length;
    const name = field.name.slice(0, 64);
    if (field.size > MAX_FIELD_BYTES) throw new Refused(invalid(`${name}: must be at most ${MAX_FIELD_BYTES} bytes`));
    if (this.#fieldBytes > MAX_FIELDS_BYTES) {
      throw new Refused(invalid(`all fields together must be at most ${MAX_FIELDS_BYTES} bytes`));
    }
    field.chunks.push(Uint8Array.from(bytes));
  }

  #end(): void {
    const field = this.#field;
    if (!field) return;
    this.#field = undefined;
    let text: string;
    try {
      text = utf8.decode(Buffer.concat(field.chunks));
    } catch {
      throw new Refused(invalid(`${field.name.slice(0, 64)}: must be valid UTF-8`));
    }
    this.#fields.set(field.name, text);
  }

  async #finish(): Promise<Stored> {
    const missing = [...(this.#file ? [] : ["file"]), ...this.#fields.missing];
    if (missing.length > 0) throw new Refused(invalid(`missing required fields: ${missing.join(", ")}`));
    const file = this.#file;
    const path = file && this.#fields.path(file.filename);
    if (!file || !path) throw new Error("a complete form has a file and a path");
    const key = r2Key(this.#options.vaultId, path, this.#id);
    const mime_type = this.#mimeType(file.part, path.filename);
    const sha256 = await file.sink.finish(key, mime_type);
    const { metadata, tags } = this.#fields;
    const upload = {
      id: this.#id,
      ...path,
      r2_key: key,
      size: file.sink.size,
      mime_type,
      width: null,
      height: null,
      metadata,
      tags,
      sha256,
    };
    return { upload, discard: () => this.abort() };
  }

  #mimeType(part: PartHeaders, filename: string): string {
    return must(mimeType(part.contentType, filename)).mimeType;
  }
}
