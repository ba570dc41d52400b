import type { BodyReader } from "../http/reader.ts";
import { type AssetPath, r2Key, stagingKey } from "../model/asset.ts";
import { newAssetId } from "../model/id.ts";
import { lastSegment } from "../model/filename.ts";
import { invalid, must, Refused, type Result } from "../model/refusal.ts";
import { BodySink, type UploadContext } from "./body.ts";
import { formBudget, type Lease } from "../http/budget.ts";
import { promisedDigest } from "./digest.ts";
import { UploadFields } from "./fields.ts";
import { FormParser } from "./form.ts";
import { type PartHeaders, parseParameters } from "./headers.ts";
import { FORM_BYTES, MAX_FIELD_BYTES, MAX_FIELDS_BYTES } from "./limits.ts";
import { describe, mimeTypeOf, type Stored, storedIn } from "./stored.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Names are the client's: they are quoted in messages, but not at any length. */
const quoted = (name: string): string => name.slice(0, 64);

/** The boundary of a multipart/form-data Content-Type. */
export function boundaryOf(contentType: string): Result<{ boundary: string }> {
  try {
    const boundary = parseParameters(contentType, "Content-Type").parameters.get("boundary") ?? "";
    if (boundary === "") return invalid("Content-Type: multipart/form-data needs a boundary");
    // RFC 2046 5.1.1, generously: anything printable, not ending in a space.
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
 */
export async function receiveForm(
  context: UploadContext,
  reader: BodyReader,
  boundary: string,
): Promise<Result<{ stored: Stored }>> {
  const form = new FormReceiver(context, reader);
  let lease: Lease | undefined;
  try {
    lease = await formBudget.lease(context.vaultId, Math.min(FORM_BYTES, reader.declared ?? FORM_BYTES));
    return { ok: true, stored: await form.receive(new FormParser(boundary), lease) };
  } catch (error) {
    await form.abort();
    if (error instanceof Refused) return error.refusal;
    throw error;
  } finally {
    lease?.release();
  }
}

class FormReceiver {
  readonly #id = newAssetId();
  readonly #fields = new UploadFields();
  readonly #context: UploadContext;
  readonly #reader: BodyReader;
  #file: { part: PartHeaders; filename: string; promised: string | undefined; sink: BodySink } | undefined;
  /** The text field that is arriving. */
  #field: { name: string; chunks: Uint8Array[]; size: number } | undefined;
  #fieldBytes = 0;

  constructor(context: UploadContext, reader: BodyReader) {
    this.#context = context;
    this.#reader = reader;
  }

  async receive(parser: FormParser, lease: Lease): Promise<Stored> {
    for (let chunk = await this.#reader.read(); chunk; chunk = await this.#reader.read()) {
      lease.renew();
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
    const { name, filename } = part;
    if (filename === undefined) {
      this.#field = { name, chunks: [], size: 0 };
      return;
    }
    if (name !== "file") throw new Refused(invalid(`${quoted(name)}: unexpected file; the file's field is "file"`));
    if (this.#file) throw new Refused(invalid("file: must be given only once"));
    if (filename === "") throw new Refused(invalid("file: must come with a filename"));
    const { sha256: promised } = must(promisedDigest(part.contentDigest));
    this.#file = { part, filename, promised, sink: this.#sink(part, filename) };
  }

  #sink(part: PartHeaders, filename: string): BodySink {
    const { vaultId, admit } = this.#context;
    const reader = this.#reader;
    const path = (): AssetPath | undefined => this.#fields.path(filename);
    return new BodySink(this.#context, {
      key: () => {
        const known = path();
        return known ? r2Key(vaultId, known, this.#id) : stagingKey(vaultId, this.#id);
      },
      mimeType: () => mimeTypeOf(part.contentType, path()?.filename ?? lastSegment(filename)),
      remaining: () => (reader.declared === undefined ? undefined : reader.declared - reader.bytesRead),
      admit: () => admit(path()),
    });
  }

  #collect(field: { chunks: Uint8Array[]; size: number; name: string }, bytes: Uint8Array): void {
    field.size += bytes.length;
    this.#fieldBytes += bytes.length;
    if (field.size > MAX_FIELD_BYTES) {
      throw new Refused(invalid(`${quoted(field.name)}: must be at most ${MAX_FIELD_BYTES} bytes`));
    }
    if (this.#fieldBytes > MAX_FIELDS_BYTES) {
      throw new Refused(invalid(`all fields together must be at most ${MAX_FIELDS_BYTES} bytes`));
    }
    // The reader uses its memory again.
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
      throw new Refused(invalid(`${quoted(field.name)}: must be valid UTF-8`));
    }
    this.#fields.set(field.name, text);
  }

  async #finish(): Promise<Stored> {
    const missing = [...(this.#file ? [] : ["file"]), ...this.#fields.missing];
    if (missing.length > 0) throw new Refused(invalid(`missing required fields: ${missing.join(", ")}`));
    const file = this.#file;
    if (!file) throw new Error("a complete form has a file");
    const path = this.#fields.finalPath(file.filename);
    const r2_key = r2Key(this.#context.vaultId, path, this.#id);
    const mime_type = mimeTypeOf(file.part.contentType, path.filename);
    const facts = await file.sink.finish(r2_key, mime_type, file.promised);
    return storedIn(
      file.sink,
      this.#fields,
      describe({ id: this.#id, r2_key, mime_type, path, fields: this.#fields, facts }),
    );
  }
}
