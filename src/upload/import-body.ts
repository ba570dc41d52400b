/**
 * The file of an asset that is imported, on its way into R2. Its key and its SHA-256 are known before it comes, and both
 * stay what they are however often it comes. So unlike an upload it never removes anything: an attempt that fails has
 * stored nothing, and what another attempt has stored may be an asset by now.
 */

import { createHash } from "node:crypto";
import type { Env } from "../env.ts";
import { type BodyReader, readBytes } from "../http/body-reader.ts";
import { bodies } from "../http/memory.ts";
import { Pieces } from "../http/pieces.ts";
import { invalid, refuse, type Refusal, Refused, unavailable } from "../model/refusal.ts";
import { MAX_SESSION_BYTES, UPLOAD_DEADLINE_MS } from "../model/limits.ts";
import { Bucket } from "../r2/bucket.ts";
import { logError } from "../runtime/log.ts";
import { R2_TIMEOUT_MS } from "../runtime/timeouts.ts";
import type { Watchdog } from "../runtime/wait.ts";
import { SMALL_FILE_BYTES, STORE_MS } from "./limits.ts";
import { LengthStream, sendPieces } from "./r2-part.ts";

/** The least memory that is taken to keep a small file. Bytes. */
const FIRST_PIECE_BYTES = 16 * 1024;

const longer = (): Refusal => invalid("the body must be as long as its Content-Length");

/** Which file is to come, as the export says. */
export interface ImportedBody {
  readonly r2_key: string;
  readonly mime_type: string;
  readonly sha256: string;
}

/**
 * Streams the body into one put, and holds back its last bytes until its digest is right. R2 checks the digest too, and
 * keeps it: by it the import recognises the file. Returns why not.
 *
 * @param check why the file may not be stored. It is asked when all has come but is not handed to R2 yet, since the asset
 *   may have been imported with another file meanwhile
 */
export async function receiveImported(
  { env, watchdog, id: request }: { env: Env; watchdog: Watchdog; id: string },
  reader: BodyReader,
  { r2_key, mime_type, sha256 }: ImportedBody,
  check: () => Promise<Refusal | undefined>,
): Promise<Refusal | undefined> {
  const { declared: size } = reader;
  if (size === undefined) return invalid("Content-Length: is required");
  if (size > MAX_SESSION_BYTES) {
    return refuse("PAYLOAD_TOO_LARGE", `the file must be at most ${MAX_SESSION_BYTES} bytes`);
  }
  const isSmall = size <= SMALL_FILE_BYTES;
  const bucket = new Bucket(env.BUCKET, watchdog);
  const put = async (body: Uint8Array | ReadableStream): Promise<undefined> => {
    await bucket.putChecked(r2_key, body, { contentType: mime_type, sha256 }, UPLOAD_DEADLINE_MS);
  };
  const hash = createHash("sha256");
  let stream: LengthStream | undefined;
  const storing = async <T>(call: Promise<T>, ms = R2_TIMEOUT_MS): Promise<T> => {
    try {
      return await watchdog.within(ms, call);
    } catch (error) {
      logError("import: R2 failed", error, { request });
      throw new Refused(unavailable("the file could not be stored: try again"));
    }
  };
  try {
    // A small file is collected, and may take as much again to become one piece.
    await reader.borrow({ budget: bodies, claim: readBytes(size) + (isSmall ? 2 * size : 0) });
    const collected = new Pieces(reader, isSmall ? size : 0, Math.min(size, FIRST_PIECE_BYTES));
    let last = new Uint8Array(0);
    for (let chunk = await reader.read(); chunk; chunk = await reader.read()) {
      hash.update(chunk);
      if (isSmall) {
        if (reader.bytesRead > size) throw new Refused(longer());
        await collected.add(chunk);
        continue;
      }
      stream ??= new LengthStream(size, put);
      // The reader is at its end then, and does not use its buffer again.
      if (chunk.length >= stream.left) last = new Uint8Array(chunk.subarray(0, stream.left));
      else await storing(stream.write(chunk));
    }
    const found = hash.digest("hex");
    if (reader.bytesRead !== size) throw new Refused(longer());
    if (found !== sha256) throw new Refused(invalid(`sha256: the file's is ${found}`));
    const refusal = await check();
    if (refusal) throw new Refused(refusal);
    if (!stream) await storing(sendPieces(collected, put), STORE_MS);
    else {
      await storing(stream.write(last), STORE_MS);
      await storing(stream.close(), STORE_MS);
    }
    return undefined;
  } catch (error) {
    await stream?.abort();
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}
