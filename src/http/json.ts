import type * as v from "valibot";
import { unsupportedType } from "./media-types.ts";
import { type ObjectSchema, parseBody } from "../api/parse.ts";
import { MAX_JSON_BODY_BYTES, SMALL_JSON_BYTES } from "../model/limits.ts";
import { inspectBody } from "../model/metadata.ts";
import { parseMediaType } from "../model/media-type.ts";
import { invalid, type Refusal, refuse, Refused, type Result } from "../model/refusal.ts";
import { jsonLoan } from "./memory.ts";
import { Pieces } from "./pieces.ts";
import type { BodyReader } from "./body-reader.ts";

/** The least memory that is taken to keep a body that comes in several reads. Bytes. */
const FIRST_PIECE_BYTES = 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the JSON body of an endpoint, within bounds, and validates it by the schema of its media type. Returns the
 * value and that type.
 *
 * @param inspect may refuse the text before it is parsed, since parsing costs more than all else. One of an endpoint's own
 *   looks at the depth as well
 */
export async function readBody<S extends ObjectSchema>(
  { request, reader }: { request: Request; reader: BodyReader },
  { json, optional = false }: { readonly json: Readonly<Record<string, S>>; readonly optional?: boolean },
  inspect: (text: string, type: string) => Refusal | undefined = inspectBody,
): Promise<Result<{ type: string; value: v.InferOutput<S> }>> {
  const types = Object.keys(json);
  const sent = parseMediaType(request.headers.get("Content-Type") ?? "")?.essence ?? "";
  const isTaken = types.includes(sent);
  // An absent body has no media type: it is read as the first.
  const type = isTaken ? sent : (types[0] ?? "");
  const schema = json[type];
  const read = isTaken
    ? await readJson(reader, { optional, inspect: (text) => inspect(text, type) })
    : optional
      ? await absent(reader)
      : undefined;
  if (!read || !schema) return unsupportedType(request, types);
  if (!read.ok) return read;
  const parsed = parseBody(schema, read.value);
  return parsed.ok ? { ...parsed, type } : parsed;
}

/** Reads a body as JSON, not validated yet. An optional body may be empty: it has no fields then. */
async function readJson(
  reader: BodyReader,
  { optional, inspect }: { optional: boolean; inspect: (text: string) => Refusal | undefined },
): Promise<Result<{ value: unknown }>> {
  const tooLarge = refuse("PAYLOAD_TOO_LARGE", `the JSON body must be at most ${MAX_JSON_BODY_BYTES} bytes`);
  if (reader.declared !== undefined && reader.declared > MAX_JSON_BODY_BYTES) return tooLarge;
  try {
    const text = await readText(reader);
    if (text === undefined) return tooLarge;
    if (optional && text === "") return ABSENT;
    return inspect(text) ?? { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    // JSON.parse throws the first, the decoder the second.
    if (error instanceof SyntaxError || error instanceof TypeError) {
      return invalid("the body must be valid JSON in UTF-8");
    }
    throw error;
  }
}

const ABSENT = { ok: true, value: {} } as const;

/**
 * The value of an empty body; undefined when the body is not empty. A body of unknown length must be read to find out.
 */
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
 * Reads all of a body; undefined when it is too large for JSON. Its memory stays borrowed until the request ends, since
 * what is made of the text lives as long. Throws Refused, and TypeError when the body is not UTF-8.
 */
async function readText(reader: BodyReader): Promise<string | undefined> {
  await reader.borrow(jsonLoan(reader.declared));
  let isSmall = reader.declared === undefined;
  const kept = new Pieces(reader, reader.declared ?? MAX_JSON_BODY_BYTES, FIRST_PIECE_BYTES);
  for (let chunk = await reader.read(); chunk; chunk = await reader.read()) {
    // The body came in one piece: nothing has to be kept.
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
