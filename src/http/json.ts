import { MAX_JSON_BODY_BYTES } from "../model/limits.ts";
import { parseMediaType } from "../model/media-type.ts";
import { invalid, type Refusal, refuse, Refused, type Result } from "../model/refusal.ts";
import { jsonLoan, SMALL_JSON_BYTES } from "./memory.ts";
import { Pieces } from "./pieces.ts";
import type { BodyReader } from "./body-reader.ts";

export const JSON_TYPE = "application/json";

/** The least that is taken to keep some of a body that comes in parts. Bytes. */
const FIRST_PIECE_BYTES = 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a JSON body, bounded, if its Content-Type is one of `types`.
 *
 * @param optional whether the body may be absent, or empty whatever its type: then it has no fields
 * @param inspect  may refuse the text before it is parsed, which costs more than all else
 */
export async function readJson(
  { request, reader }: { request: Request; reader: BodyReader },
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
  try {
    const text = await readText(reader);
    if (text === undefined) return tooLarge;
    if (optional && text === "") return ABSENT;
    return inspect(text) ?? { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    // Of JSON.parse and of the decoder.
    if (error instanceof SyntaxError || error instanceof TypeError) {
      return invalid("the body must be valid JSON in UTF-8");
    }
    throw error;
  }
}

const ABSENT = { ok: true, value: {} } as const;

/** What stands for a body that has nothing in it; undefined when it has. One of unknown length must be read to be known. */
async function absent(reader: BodyReader): Promise<Result<{ value: unknown }> | undefined> {
  if (reader.declared) return undefined;
  try {
    await reader.borrow(jsonLoan(reader.declared));
    return (await reader.read()) ? undefined : ABSENT;
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

/**
 * All of a body, unless it is too large for JSON. Its memory stays borrowed until the request ends, since what is made of it
 * lives as long. Throws Refused; TypeError when it is not UTF-8.
 */
async function readText(reader: BodyReader): Promise<string | undefined> {
  await reader.borrow(jsonLoan(reader.declared));
  let isSmall = reader.declared === undefined;
  const kept = new Pieces(reader, reader.declared ?? MAX_JSON_BODY_BYTES, FIRST_PIECE_BYTES);
  for (let chunk = await reader.read(); chunk; chunk = await reader.read()) {
    // It came in one piece: nothing has to be kept.
    if (reader.ended && kept.length === 0) return utf8.decode(chunk);
    if (reader.bytesRead > kept.size) return undefined;
    if (isSmall && reader.bytesRead > SMALL_JSON_BYTES) {
      isSmall = false;
      await reader.borrow(jsonLoan(MAX_JSON_BODY_BYTES));
    }
    await kept.add(chunk);
  }
  return kept.text();
}
