/** The end of a session in its vault: the body that its bytes have become is made an asset. */

import type { KeyScope } from "../model/key-scope.ts";
import { SESSION_KEPT_MS } from "../model/limits.ts";
import type { Refusal } from "../model/refusal.ts";
import type { SessionBody, SessionFile } from "../model/session.ts";
import type { Caller } from "../model/vault.ts";
import { stored } from "./answers.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { LiveVault } from "./live.ts";
import type { SessionHolders } from "./session-holders.ts";
import { expired, findSession, type FinishedSession, finishedOf, superseded } from "./session-view.ts";
import { insertAsset } from "./state/asset-writes.ts";
import { outOfBounds, withReserved } from "./state/bounds.ts";
import type { VaultDatabase } from "./state/database.ts";
import type { Change, Operation } from "./state/group-commit.ts";
import type { SessionRow } from "./state/sessions.ts";
import { firstUse } from "./state/ticketed.ts";

/** A request that has finished a session: what it finished, by which number, and what came of the bytes. */
interface Finishing {
  readonly id: string;
  readonly fence: number;
  readonly body: SessionBody;
  /** The folder that the caller's key is narrowed to. */
  readonly scope: KeyScope | undefined;
}

/** The bytes that a session had kept in R2 are in a part, or under another key, by now. */
export function dropLeftover({ outbox }: VaultDatabase, change: Change, { tail_key }: SessionRow): void {
  if (tail_key !== null) outbox.add({ kind: "orphan", rev: change.next(), r2_key: tail_key });
}

/**
 * Makes the body of a session an asset, or ends the session with a refusal. One whose ticket was used meanwhile brings no
 * second asset: with the same bytes it comes to the first, and its own body is removed.
 */
export function commitSession(
  life: Lifecycle,
  { bounds }: LiveVault,
  caller: Caller,
  holders: SessionHolders,
  { id, fence, body, scope }: Finishing,
): Operation<{ refusal: Refusal } | FinishedSession> {
  const { database } = life;
  return (change) => {
    const found = findSession(database, caller, id);
    if (!found.ok) return found;
    const { row } = found;
    // A commit that is repeated. With a ticket, what came of it may be an asset that was there before.
    const isRepeat = row.state === "done" && (row.asset_id === body.id || row.fence === fence);
    if (isRepeat) return { ok: true, ...finishedOf(life, row) };
    if (row.fence !== fence || row.state === "done") return superseded();
    const first = row.ticket === null ? undefined : firstUse(database, row.ticket, body, scope);
    const file = JSON.parse(row.file) as SessionFile;
    const outOf = (): Refusal | undefined => {
      const others = withReserved(bounds.settings, change, database.sessions, row);
      return outOfBounds(
        bounds.settings,
        others,
        { size: row.length, mimeType: file.mime_type },
        { scope, ticket: caller.ticket },
      );
    };
    holders.end(id);
    const former = first?.ok ? first.use?.answered.answer : undefined;
    const voided = (): Refusal | undefined => (database.voids.has(body.id) ? expired() : undefined);
    const refusal = first && !first.ok ? first : former ? undefined : (outOf() ?? voided());
    if (refusal) {
      database.sessions.end(id, Date.now() + SESSION_KEPT_MS);
      return { ok: true, refusal };
    }
    if (former) database.outbox.add({ kind: "orphan", rev: change.next(), r2_key: body.r2_key });
    else insert(life, change, row, file, body);
    dropLeftover(database, change, row);
    const finished = {
      state: "done",
      received: row.length,
      ends: Date.now() + SESSION_KEPT_MS,
      last_from: body.from,
      asset_id: former?.id ?? body.id,
      r2_key: former ? null : body.r2_key,
      tail: null,
      tail_key: null,
    } as const;
    database.sessions.update(id, finished);
    database.sessions.forgetParts(id);
    return { ok: true, ...finishedOf(life, { ...row, ...finished }) };
  };
}

function insert(
  { id: vaultId, database }: Lifecycle,
  change: Change,
  { ticket }: SessionRow,
  file: SessionFile,
  body: SessionBody,
): void {
  const { id, r2_key, size, width, height, sha256 } = body;
  const facts = { id, r2_key, size, width, height, sha256 };
  const seq = change.next();
  const asset = { ...file, ...facts, seq, rev: seq, created_at: change.now, updated_at: change.now };
  insertAsset(database, change, asset);
  if (ticket !== null) database.tickets.use(ticket, stored(vaultId, asset));
}
