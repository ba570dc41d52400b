import { MAX_JSON_BODY_BYTES } from "../model/limits.ts";
import { parseMediaType } from "../model/media-type.ts";
import { invalid, type Refusal, refuse, Refused, type Result } from "../model/refusal.ts";
import { formBudget, type Lease } from "./budget.ts";
import type { BodyReader } from "./reader.ts";

export const JSON_TYPE = "application/json";

interface Source {
  readonly request: Request;
  readonly reader: BodyReader;
  readonly vaultId: string;
}

/**
 * Reads a JSON body, bounded, if its Content-Type is one of `types`.
 *
 * @param optional whether the body may be absent, or empty whatever its type: then it has no fields
 * @param inspect  may refuse the text before it is parsed, which costs more than all else
 */
export async function readJson(
  { request, reader, vaultId: owner }: Source,
  {
    types = [JSON_TYPE],
    optional = false,
    inspect = () => undefined,
  }: { types?: readonly string[]; optional?: boolean; inspect?: (text: string) => Refusal | undefined } = {},
): Promise<Result<{ value: unknown }>> {
  if (!types.includes(parseMediaType(request.headers.get("Content-Type") ?? "")?.essence ?? "")) {
    const unsupported = refuse("UNSUPPORTED_MEDIA_TYPE", `Content-Type: must be ${types.join(" or ")}`, {
      // RFC 9110 15.5.16 and 12.5.1, RFC 5789 3.1: what would be taken, in the header of the method that it is asked with.
      [request.method === "PATCH" ? "Accept-Patch" : "Accept-Post"]: types.join(", "),
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
  const text = decode(chunks);
  return (text !== undefined && inspect(text)) || parseJson(text);
}

function decode(chunks: Uint8Array[]): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    return undefined;
  }
}

function parseJson(text: string | undefined): Result<{ value: unknown }> {
  try {
    return { ok: true, value: JSON.parse(text ?? "") as unknown };
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
