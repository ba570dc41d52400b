/** The end of a session: its bytes become one body, and the body an asset. Each step may be done again. */

import { newAssetId } from "../../model/id.ts";
import { MAX_FILE_BYTES } from "../../model/limits.ts";
import { must, Refused, type Result } from "../../model/refusal.ts";
import type { HeldSession, KnownDimensions, Multipart, SessionCommit, SessionPart } from "../../model/session.ts";
import { isBadPart, isNoUpload } from "../../r2/bucket.ts";
import { bodyKey } from "../../r2/keys.ts";
import { ImageReader } from "../image/image.ts";
import { sendPieces } from "../r2-part.ts";
import type { SessionContext } from "./context.ts";
import { type Complete, putTail } from "./receive.ts";

/** A session whose bytes are all safe. */
interface Completing {
  readonly multipart: Multipart;
  readonly parts: readonly SessionPart[];
  readonly sha256: string;
  readonly dimensions: KnownDimensions;
}

/** How a session has ended. Refusals are thrown. */
export type Finished = Exclude<SessionCommit, { readonly refusal: object }>;

/**
 * Finishes a session whose last bytes have just come. A file without parts is put at once, under an id of this attempt's
 * own: a late put of another attempt cannot then replace the body of an asset. Otherwise the last bytes become the last
 * part, and before the parts are put together it is saved that they can be.
 *
 * @param from where the request began
 */
export async function finishSession(
  context: SessionContext,
  session: HeldSession,
  from: number,
  complete: Complete,
  unsaved: readonly SessionPart[],
): Promise<Finished> {
  const { multipart, sha256, tail, dimensions } = complete;
  if (!multipart) return finishSmall(context, session, from, complete);
  const last = tail.length > 0 ? [await putTail(context, multipart, complete.parts.length + 1, tail)] : [];
  tail.release();
  await context.save({
    offset: session.length,
    multipart,
    parts: [...unsaved, ...last],
    tail: null,
    tail_key: null,
    digest: session.digest,
    sha256,
    dimensions,
    idleMs: 0,
    isLast: false,
  });
  return completeSession(context, session, from, {
    multipart,
    parts: [...complete.parts, ...last],
    sha256,
    dimensions,
  });
}

async function finishSmall(
  context: SessionContext,
  session: HeldSession,
  from: number,
  { tail, sha256, dimensions }: Complete,
): Promise<Finished> {
  const { bucket, vaultId } = context;
  const { file, length } = session;
  const id = newAssetId();
  const r2_key = bodyKey(vaultId, file, id);
  let discard = true;
  try {
    await context.storing(sendPieces(tail, (body) => bucket.put(r2_key, body, file.mime_type)));
    const size = dimensions === undefined ? measure(tail) : dimensions;
    const shown = { width: size?.width ?? null, height: size?.height ?? null };
    const { outcome, isCertain } = await context.commit({ id, r2_key, size: length, sha256, ...shown, from });
    discard = isCertain && (!outcome.ok || outcome.refusal !== undefined || outcome.status.asset?.id !== id);
    return finished(outcome);
  } finally {
    if (discard) await bucket.delete(r2_key).catch((error: unknown) => context.log("session: a body stays", error));
  }
}

/**
 * Puts the parts of a session together, and commits the body. If R2 does not say that it has, it may have: then it has a
 * body of that size. A part that is not as it was saved is another request's, and the session cannot be finished: 410.
 */
export async function completeSession(
  context: SessionContext,
  session: HeldSession,
  from: number,
  { multipart, parts, sha256, dimensions }: Completing,
): Promise<Finished> {
  const { bucket } = context;
  const { length: size } = session;
  try {
    await context.storing(bucket.completeMultipart(multipart, parts));
  } catch (error) {
    const body = await context.storing(bucket.head(multipart.r2_key));
    if (body?.size !== size) {
      const cause = error instanceof Refused ? error.cause : error;
      if (isNoUpload(cause) || isBadPart(cause)) throw await context.lost();
      throw error;
    }
  }
  const shown = dimensions === undefined ? await measureStored(context, multipart.r2_key) : dimensions;
  const [width, height] = [shown?.width ?? null, shown?.height ?? null];
  const { asset_id: id, r2_key } = multipart;
  const { outcome } = await context.commit({ id, r2_key, size, sha256, width, height, from });
  return finished(outcome);
}

function finished(outcome: Result<SessionCommit>): Finished {
  const commit = must(outcome);
  if (commit.refusal) throw new Refused(commit.refusal);
  return commit;
}

function measure(pieces: Iterable<Uint8Array>): KnownDimensions {
  const image = new ImageReader();
  for (const piece of pieces) image.write(piece);
  return image.end();
}

/**
 * How large an image is shown that has come in several requests, the first of which did not tell. No more is read than
 * the largest file of a single request has.
 */
async function measureStored(context: SessionContext, r2Key: string): Promise<KnownDimensions> {
  const image = new ImageReader();
  let left = MAX_FILE_BYTES;
  for await (const bytes of context.stream(r2Key)) {
    image.write(bytes);
    left -= bytes.length;
    if (left <= 0 || image.isDecided) break;
  }
  return image.end();
}
