import { MAX_JSON_BODY_BYTES } from "../model/limits.ts";
import { essence } from "../model/mime.ts";
import { invalid, refuse, Refused, type Result } from "../model/refusal.ts";
import { formBudget, type Lease } from "./budget.ts";
import type { BodyReader } from "./reader.ts";

/** Reads a JSON body, bounded, if its Content-Type is one of `types`. */
export async function readJson(
  { request, reader, vaultId: owner }: { request: Request; reader: BodyReader; vaultId: string },
  types: readonly string[] = ["application/json"],
): Promise<Result<{ value: unknown }>> {
  if (!types.includes(essence(request.headers.get("Content-Type") ?? ""))) {
    return refuse("UNSUPPORTED_MEDIA_TYPE", `Content-Type: must be ${types.join(" or ")}`, {
      "Accept-Patch": types.join(", "),
    });
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
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return invalid("the body must be valid JSON in UTF-8");
  }
}
