/**
 * An upload as a form: its text fields are collected and checked, and its file is streamed towards R2 while it arrives.
 */

import { Pieces } from "../http/pieces.ts";
import type { BodyReader } from "../http/body-reader.ts";
import type { AssetPath } from "../model/asset.ts";
import { newAssetId } from "../model/id.ts";
import { lastSegment } from "../model/filename.ts";
import { saysType } from "../model/media-type.ts";
import { MAX_FIELD_BYTES, MAX_FIELDS_BYTES } from "../model/limits.ts";
import { invalid, must, Refused, type Result } from "../model/refusal.ts";
import { bodyKey, stagingKey } from "../r2/keys.ts";
import { BodySink } from "./body-sink.ts";
import type { UploadContext } from "./body-source.ts";
import { promisedDigest } from "./digest.ts";
import { UploadFields } from "./fields.ts";
import { FormParser } from "./form-parser.ts";
import { type PartHeaders, parseParameters } from "./form-headers.ts";
import { formLoan } from "./memory.ts";
import { outOfTerms } from "./terms.ts";
import { describe, mimeTypeOf, type Received, type Staged, stagedIn } from "./staged.ts";

/** The first memory that is taken for a text field. All of our fields fit into it but metadata and tags. Bytes. */
const SMALL_FIELD_BYTES = 256;

/** The client chooses the names of its fields, so messages quote no more of a name than this. Characters. */
const MAX_QUOTED = 64;
const quoted = (name: string): string => name.slice(0, MAX_QUOTED);

/** The boundary of a multipart/form-data Content-Type. */
export function boundaryOf(contentType: string): Result<{ boundary: string }> {
  try {
    const boundary = parseParameters(contentType, "Content-Type").parameters.get("boundary") ?? "";
    if (boundary === "") return invalid("Content-Type: multipart/form-data needs a boundary");
    // RFC 2046 5.1.1, read generously: anything printable that does not end with a space.
    if (!/^[\x20-\x7e]*[\x21-\x7e]$/.test(boundary)) return invalid("Content-Type: boundary must be printable ASCII");
    return { ok: true, boundary };
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

/**
 * Receives an upload form: streams its file towards R2 while it arrives, and checks its fields, which may come before
 * or after the file. On a refusal nothing is left in R2.
 */
export async function receiveForm(
  context: UploadContext,
  reader: BodyReader,
  boundary: string,
): Promise<Result<{ received: Received }>> {
  const form = new FormReceiver(context, reader);
  try {
    await reader.borrow(formLoan(reader.declared));
    return { ok: true, received: await form.receive(new FormParser(boundary)) };
  } catch (error) {
    await form.abort();
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

class FormReceiver {
  readonly #id = newAssetId();
  readonly #fields: UploadFields;
  readonly #context: UploadContext;
  readonly #reader: BodyReader;
  #file: { part: PartHeaders; filename: string; promised: string | undefined; sink: BodySink } | undefined;
  /** The text field that is arriving. */
  #field: { name: string; bytes: Pieces } | undefined;
  #fieldBytes = 0;
  /** How many bytes have been lent for what the parser keeps between two chunks. */
  #parserBytes = 0;

  constructor(context: UploadContext, reader: BodyReader) {
    this.#context = context;
    this.#fields = new UploadFields(context.terms);
    this.#reader = reader;
  }

  async receive(parser: FormParser): Promise<Received> {
    for (let chunk = await this.#reader.read(); chunk; chunk = await this.#reader.read()) {
      for (const event of parser.push(chunk)) {
        if (event.type === "part") this.#begin(event.part);
        else if (event.type === "end") this.#end();
        else if (this.#field) await this.#collect(this.#field, event.bytes);
        else await this.#file?.sink.write(event.bytes);
      }
      const more = parser.held - this.#parserBytes;
      if (more > 0) await this.#reader.lease.grow(more);
      this.#parserBytes += Math.max(more, 0);
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
      this.#field = { name, bytes: new Pieces(this.#reader, MAX_FIELD_BYTES, SMALL_FIELD_BYTES) };
      return;
    }
    if (name !== "file") throw new Refused(invalid(`${quoted(name)}: unexpected file; the file's field is "file"`));
    if (this.#file) throw new Refused(invalid("file: must be given only once"));
    if (filename === "") throw new Refused(invalid("file: must come with a filename"));
    const { sha256: promised } = must(promisedDigest(part.contentDigest));
    if (this.#isTypeKnown(part)) this.#mustBeAllowed(this.#mimeType(part, filename));
    this.#file = { part, filename, promised, sink: this.#sink(part, filename) };
  }

  /** What the file's type is, as far as is known. */
  #mimeType({ contentType }: PartHeaders, filename: string): string {
    return mimeTypeOf(contentType, this.#fields.path(filename)?.filename ?? lastSegment(filename));
  }

  /** Whether it stays. A filename that comes after the file has a say in its type, unless the part declares one. */
  #isTypeKnown({ contentType }: PartHeaders): boolean {
    return this.#fields.hasFilename || saysType(contentType);
  }

  /** Throws Refused when the ticket is not for files of a type. */
  #mustBeAllowed(mimeType: string): void {
    const refusal = outOfTerms(this.#context.terms, { size: 0, mimeType });
    if (refusal) throw new Refused(refusal);
  }

  #sink(part: PartHeaders, filename: string): BodySink {
    const { vaultId, checkUpload } = this.#context;
    const path = (): AssetPath | undefined => this.#fields.path(filename);
    const mimeType = (): string => this.#mimeType(part, filename);
    return new BodySink(this.#context, this.#reader, {
      key: () => {
        const known = path();
        return known ? bodyKey(vaultId, known, this.#id) : stagingKey(vaultId, this.#id);
      },
      mimeType,
      checkUpload: (size) => checkUpload(path(), { size, mimeType: this.#isTypeKnown(part) ? mimeType() : undefined }),
    });
  }

  async #collect({ name, bytes: kept }: { name: string; bytes: Pieces }, bytes: Uint8Array): Promise<void> {
    this.#fieldBytes += bytes.length;
    if (kept.length + bytes.length > MAX_FIELD_BYTES) {
      throw new Refused(invalid(`${quoted(name)}: must be at most ${MAX_FIELD_BYTES} bytes`));
    }
    if (this.#fieldBytes > MAX_FIELDS_BYTES) {
      throw new Refused(invalid(`all fields together must be at most ${MAX_FIELDS_BYTES} bytes`));
    }
    await kept.add(bytes); // The bytes are copied, since the reader uses its buffer again.
  }

  #end(): void {
    const field = this.#field;
    if (!field) return;
    this.#field = undefined;
    let text: string;
    try {
      text = field.bytes.text();
    } catch {
      throw new Refused(invalid(`${quoted(field.name)}: must be valid UTF-8`));
    }
    this.#fields.set(field.name, text);
  }

  #finish(): Received {
    const missing = [...(this.#file ? [] : ["file"]), ...this.#fields.missing];
    if (missing.length > 0) throw new Refused(invalid(`missing required fields: ${missing.join(", ")}`));
    const file = this.#file;
    if (!file) throw new Error("a complete form has a file");
    const path = this.#fields.finalPath(file.filename);
    const r2_key = bodyKey(this.#context.vaultId, path, this.#id);
    const mime_type = mimeTypeOf(file.part.contentType, path.filename);
    this.#mustBeAllowed(mime_type);
    file.sink.verify(file.promised);
    const stage = async (): Promise<Staged> => {
      const facts = await file.sink.store(r2_key, mime_type);
      return stagedIn(file.sink, describe({ id: this.#id, r2_key, mime_type, path, fields: this.#fields, facts }));
    };
    return { stage, abort: () => file.sink.abort(), ignored: this.#fields.ignored };
  }
}
