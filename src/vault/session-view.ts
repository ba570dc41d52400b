/** What requests are told of sessions: how one stands, and why one cannot be had. */

import type { Asset, StoredRecord } from "../model/asset.ts";
import { decodeScope } from "../model/key-scope.ts";
import { type Refusal, refuse, type Result, uploadNotFound } from "../model/refusal.ts";
import type { HeldSession, KnownDimensions, SessionFile, SessionStatus, Taken, Taking } from "../model/session.ts";
import type { Caller } from "../model/vault.ts";
import { stored } from "./answers.ts";
import { assetWithin, recordTag } from "./state/assets.ts";
import type { VaultDatabase } from "./state/database.ts";
import type { Answered } from "./state/idempotent.ts";
import type { SessionRow } from "./state/sessions.ts";

/** A session belongs to the key that began it. One that a ticket began belongs to that ticket too. */
export const keyOf = ({ actor }: Caller): string => (actor.kind === "key" ? actor.keyId : "");

export const expired = (): Refusal => refuse("UPLOAD_EXPIRED", "this upload has ended: begin another");
export const locked = (): Refusal => refuse("UPLOAD_LOCKED", "another request goes on with this upload: try again");
export const superseded = (): Refusal => refuse("UPLOAD_LOCKED", "another request has gone on with this upload");

export const mismatch = ({ received }: SessionRow): Refusal =>
  refuse("UPLOAD_OFFSET_MISMATCH", `Upload-Offset: the upload stands at ${received}`, {
    "Upload-Offset": String(received),
  });

export const tooLong = ({ length, received }: SessionRow): Refusal =>
  refuse("PAYLOAD_TOO_LARGE", `the body is longer than what is left of Upload-Length: ${length - received} bytes`);

/** Whether a request has the bytes once more with which a session was finished. */
export const isRepeat = ({ last_from, length }: SessionRow, taking: Taking): boolean =>
  last_from !== null && taking.offset === last_from && taking.length === length - last_from;

/** The session, if the caller's key began it: 404. And if it is not over without an asset: 410. */
export function findSession({ sessions }: VaultDatabase, caller: Caller, id: string): Result<{ row: SessionRow }> {
  const row = sessions.find(id);
  const isOwn = row?.key_id === keyOf(caller) && (!caller.ticket || row.ticket === caller.ticket.id);
  if (!row || !isOwn) return uploadNotFound();
  const isExpired = row.state === "open" && row.ends <= Date.now();
  return row.state === "ended" || isExpired ? expired() : { ok: true, row };
}

/** The same for a request that has the session. 423 when another request has it by now. */
export function heldBy(
  database: VaultDatabase,
  caller: Caller,
  id: string,
  fence: number,
): Result<{ row: SessionRow }> {
  const found = findSession(database, caller, id);
  return found.ok && found.row.fence !== fence ? superseded() : found;
}

/** The asset that came of a session, as far as the session's key reaches it where it is now. */
function assetOf(database: VaultDatabase, { key_id, asset_id }: SessionRow): Asset | undefined {
  if (asset_id === null) return undefined;
  const scope = decodeScope(database.keys.find(key_id)?.scope ?? null);
  return assetWithin(database, asset_id, scope ?? undefined);
}

/** How a session stands. */
export function statusOf(database: VaultDatabase, row: SessionRow): SessionStatus {
  const { id, state, sent, received: offset, length, ends, asset_id } = row;
  if (state === "ended") throw new Error("the session has ended");
  if (state !== "done" || asset_id === null) return { id, state, sent, offset, length, ends, asset: null };
  const asset = assetOf(database, row);
  return { id, state, sent, offset, length, ends, asset: { id: asset_id, etag: asset ? recordTag(asset) : null } };
}

/** A session as the request gets it that takes it. */
export function takenOf(database: VaultDatabase, row: SessionRow): Taken {
  const status = statusOf(database, row);
  if (row.state === "done") return { status, held: null };
  const { asset_id, r2_key, upload_id } = row;
  const held: HeldSession = {
    ...status,
    fence: row.fence,
    file: JSON.parse(row.file) as SessionFile,
    multipart: asset_id && r2_key && upload_id ? { asset_id, r2_key, upload_id } : null,
    parts: database.sessions.parts(row.id),
    tail: row.tail && new Uint8Array(row.tail),
    tail_key: row.tail_key,
    digest: row.digest,
    sha256: row.sha256,
    dimensions: row.dimensions === null ? undefined : (JSON.parse(row.dimensions) as KnownDimensions),
  };
  return { status, held };
}

/** What a finished session is answered with. */
export interface FinishedSession {
  readonly status: SessionStatus;
  /** Null when the asset has been deleted since. */
  readonly answered: Answered<StoredRecord> | null;
}

export function finishedOf(
  { id, database }: { readonly id: string; readonly database: VaultDatabase },
  row: SessionRow,
): FinishedSession {
  const asset = assetOf(database, row);
  return { status: statusOf(database, row), answered: asset ? stored(id, asset) : null };
}
