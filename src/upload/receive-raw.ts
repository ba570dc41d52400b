import { CACHE_BUSTER } from "../api/parse.ts";
import type { Query } from "../http/query.ts";
import type { BodyReader } from "../http/body-reader.ts";
import type { AssetPath } from "../model/asset.ts";
import { newAssetId } from "../model/id.ts";
import { essenceOf } from "../model/essence.ts";
import { invalid, must, Refused, type Result } from "../model/refusal.ts";
import { bodyKey } from "../r2/keys.ts";
import { BodySink } from "./body-sink.ts";
import type { UploadContext } from "./body-source.ts";
import { TICKET } from "../http/ticket.ts";
import type { TicketTerms } from "../model/ticket.ts";
import { promisedDigest } from "./digest.ts";
import { UploadFields } from "./fields.ts";
import { fileLoan } from "./memory.ts";
import { outOfTerms } from "./terms.ts";
import { describe, mimeTypeOf, type Received, type Staged, stagedIn } from "./staged.ts";

/** The type that curl gives to any `--data-binary`: it tells nothing of the file. */
const FORM_DEFAULT = "application/x-www-form-urlencoded";

/** What the head of a raw upload says of its file. */
export interface RawUpload {
  readonly fields: UploadFields;
  readonly path: AssetPath;
  readonly mime_type: string;
  /** The SHA-256 that the file must have, in lower-case hex; undefined when none is promised. */
  readonly promised: string | undefined;
}

/**
 * Checks the head of an upload whose body is the file and whose fields are query parameters, or stand in its ticket.
 */
export function rawUpload(request: {
  query: Query;
  terms: TicketTerms | undefined;
  contentType: string;
  contentDigest: string | null;
  /** The bytes of the file, if they are declared. */
  size: number | undefined;
}): Result<{ raw: RawUpload }> {
  try {
    const { query, terms, size = 0 } = request;
    const fields = queryFields(query, terms);
    const path = fields.path(undefined);
    const missing = [...fields.missing, ...(fields.hasFilename ? [] : ["filename"])];
    if (!path || missing.length > 0) return invalid(`missing required parameters: ${missing.join(", ")}`);
    const { sha256: promised } = must(promisedDigest(request.contentDigest));
    const declaredType = essenceOf(request.contentType) === FORM_DEFAULT ? "" : request.contentType;
    const mime_type = mimeTypeOf(declaredType, path.filename);
    return outOfTerms(terms, { size, mimeType: mime_type }) ?? { ok: true, raw: { fields, path, mime_type, promised } };
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

/**
 * Receives the body of a raw upload. Everything else is known before the first byte, so a large file of declared length
 * is streamed into R2 without any buffer. On a refusal nothing is left in R2.
 */
export async function receiveRaw(
  context: UploadContext,
  reader: BodyReader,
  { fields, path, mime_type, promised }: RawUpload,
): Promise<Result<{ received: Received }>> {
  let sink: BodySink | undefined;
  try {
    const id = newAssetId();
    const r2_key = bodyKey(context.vaultId, path, id);
    await reader.borrow(fileLoan(reader.declared));
    const body = new BodySink(context, reader, {
      key: () => r2_key,
      mimeType: () => mime_type,
      size: reader.declared,
      checkUpload: (size) => context.checkUpload(path, { size, mimeType: mime_type }),
    });
    sink = body;
    for (let chunk = await reader.read(); chunk; chunk = await reader.read()) await body.write(chunk);
    body.verify(promised);
    const stage = async (): Promise<Staged> => {
      const facts = await body.store(r2_key, mime_type);
      return stagedIn(body, describe({ id, r2_key, mime_type, path, fields, facts }));
    };
    return { ok: true, received: { stage, abort: () => body.abort(), ignored: fields.ignored } };
  } catch (error) {
    await sink?.abort();
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

function queryFields(query: Query, terms: TicketTerms | undefined): UploadFields {
  const fields = new UploadFields(terms);
  for (const [name, value] of Object.entries(query)) {
    if (name === CACHE_BUSTER || (terms && name === TICKET)) continue;
    if (name === "file") fields.ignored.add(name); // In a query, `file` names no field.
    else for (const each of [value ?? []].flat()) fields.set(name, each);
  }
  return fields;
}
