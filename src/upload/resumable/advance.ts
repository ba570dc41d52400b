/** One request goes on with a session: it takes what bytes come, and finishes the session when they are all there. */

import { fileLoan } from "../memory.ts";
import type { ApiRequest } from "../../http/request.ts";
import type { Checksum } from "../../http/tus.ts";
import { Refused, type Result } from "../../model/refusal.ts";
import type { HeldSession } from "../../model/session.ts";
import { SessionContext } from "./context.ts";
import { completeSession, type Finished, finishSession } from "./finish.ts";
import { SessionReceiver } from "./receive.ts";

/** What a request came to. */
export interface Advanced {
  readonly offset: number;
  /** When the session ends unless bytes come, in epoch milliseconds. */
  readonly ends: number;
  /** Undefined while bytes are missing. */
  readonly finished: Finished | undefined;
}

/** Goes on with a session that the request holds, and gives it back in the end. */
export async function advanceSession(
  api: ApiRequest,
  session: HeldSession,
  checksum?: Checksum,
): Promise<Result<Advanced>> {
  const context = new SessionContext(api, session);
  try {
    return { ok: true, ...(await advance(context, session, api, checksum)) };
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  } finally {
    await context.release();
  }
}

async function advance(
  context: SessionContext,
  session: HeldSession,
  { reader }: ApiRequest,
  checksum: Checksum | undefined,
): Promise<Advanced> {
  const { length, offset: from, multipart, parts, sha256, dimensions } = session;
  if (multipart && sha256 !== null) {
    const finished = await completeSession(context, session, from, { multipart, parts, sha256, dimensions });
    return { offset: length, ends: context.ends, finished };
  }
  // A request with few bytes may complete a part all the same.
  await reader.borrow({ ...fileLoan(undefined), yields: true });
  const receiver = new SessionReceiver(context, session, reader, checksum);
  try {
    const complete = await receiver.receive();
    if (!complete) return { offset: receiver.offset, ends: context.ends, finished: undefined };
    const finished = await finishSession(context, session, from, complete, receiver.unsaved);
    return { offset: length, ends: context.ends, finished };
  } catch (error) {
    await receiver.forgetMultipart();
    throw error;
  }
}
