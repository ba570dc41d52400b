import { MAX_JSON_BODY_BYTES } from "../model/limits.ts";
import { essence } from "../model/mime.ts";
import { invalid, refuse, Refused, type Result } from "../model/refusal.ts";
import { formBudget, type Lease } from "./budget.ts";
import type { BodyReader } from "./reader.ts";

interface Source {
  readonly request: Request;
  readonly reader: BodyReader;
  readonly vaultId: string;
}

const JSON_TYPES: readonly string[] = ["application/json"];

/** A body whose fields are all optional may be absent, or empty whatever its type: then it has none of them. */
export const readOptionalJson = (source: Source): ReturnType<typeof readJson> => readJson(source, JSON_TYPES, true);

/** Reads a JSON body, bounded, if its Content-Type is one of `types`. */
export async function readJson(
  { request, reader, vaultId: owner }: Source,
  types = JSON_TYPES,
  optional = false,
): Promise<Result<{ value: unknown }>> {
  if (!types.includes(essence(request.headers.get("Content-Type") ?? ""))) {
    const unsupported = refuse("UNSUPPORTED_MEDIA_TYPE", `Content-Type: must be ${types.join(" or ")}`, {
      "Accept-Patch": types.join(", "),
    });
    return (optional ? await absent(reader) : undefined) ?? unsupported;
  }
  const tooLarge = refuse("PAYLOAD_TOO_LARGE", `the JSON body must be at most ${MAX_JSON_BODY_BYTES} bytes`);
  if (reader.declared !== undefined && reader.declared > MAX_JSON_BODY_BYTES) return tooLarge;
  const chunks: Uint8Array[] = [];
  let lease: Lease | undefined;
  try {
    lease = await formBudget.lease(owner, reader.declared ?? MAX_JSON_BODY_BYTES);
    for (let chunk = await reader.read(); chunk; chunk = await reader.read()) {
      if (reader.bytesRead > MAX_JSON_BODY_BYTES) return tooLarge;
      chunks.push(Uint8Array.from(chunk)); // The reader uses its memory again.
    }
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  } finally {
    lease?.release();
  }
  if (optional && chunks.length === 0) return ABSENT;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return invalid("the body must be valid JSON in UTF-8");
  }
}

const ABSENT = { ok: true, value: {} } as const;

/** What stands for a body that has nothing in it; undefined when it has. One of unknown length must be read to be known. */
async function absent(reader: BodyReader): Promise<Result<{ value: unknown }> | undefined> {
  try {
    return reader.declared || (await reader.read()) ? undefined : ABSENT;
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}
