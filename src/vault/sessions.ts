/**
 * Sessions: resumable uploads on their way through their vault. The vault knows how far each has come, and lets one
 * request at a time go on with it. The bytes themselves never come here but for the last few of a request.
 *
 * Each request that goes on with a session takes a number, its *fence*. What comes with an older number is refused: so a
 * request that was thought dead cannot change what its successor builds upon. Memory alone knows which request has a
 * session now (session-holders.ts).
 */

import type { StoredRecord } from "../model/asset.ts";
import { isWithin, type KeyScope, outOfReach } from "../model/key-scope.ts";
import { MAX_OPEN_SESSIONS, SESSION_KEPT_MS } from "../model/limits.ts";
import { refuse, type Refusal, type Result } from "../model/refusal.ts";
import type { NewSession, SessionBody, SessionCommit, SessionSave, Taken, Taking } from "../model/session.ts";
import type { Caller } from "../model/vault.ts";
import { acknowledge } from "./answers.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { LiveVault } from "./live.ts";
import { commitSession, dropLeftover } from "./session-commit.ts";
import { SessionHolders } from "./session-holders.ts";
import {
  findSession,
  type FinishedSession,
  heldBy,
  isRepeat,
  keyOf,
  locked,
  mismatch,
  statusOf,
  superseded,
  takenOf,
  tooLong,
} from "./session-view.ts";
import { outOfBounds, withReserved } from "./state/bounds.ts";
import type { VaultDatabase } from "./state/database.ts";
import type { Operation } from "./state/group-commit.ts";
import { endOfSession, newSession } from "./state/sessions.ts";
import { firstUse, ticketOver } from "./state/ticketed.ts";

export class SessionDesk {
  readonly #life: Lifecycle;
  readonly #holders = new SessionHolders();

  constructor(life: Lifecycle) {
    this.#life = life;
  }

  get #database(): VaultDatabase {
    return this.#life.database;
  }

  /**
   * Begins a session. 404 for a path that the key does not reach, 409 when the key has too many, and whatever the bounds of
   * the vault do not allow: 403, 413, 415.
   *
   * A ticket has one session at a time: another ends the one before. So whoever has lost the answer, or begins anew, takes
   * no more of the key's sessions and of the quotas. One of a ticket that is used may bring the same bytes once more. 409
   * when its length is another.
   */
  async create(caller: Caller, { id, file, sent, length, digest, isHeld }: NewSession): Promise<Result<Taken>> {
    const { sessions } = this.#database;
    let hasEnded = false;
    const outcome = await this.#write<Taken>(caller, (live, scope) => (change) => {
      if (!isWithin(scope, file)) return outOfReach();
      const keyId = keyOf(caller);
      const known = sessions.find(id);
      if (known) return { ok: true, ...takenOf(this.#database, known) };
      const { ticket } = caller;
      const over = ticketOver(change.row, ticket);
      if (over) return over;
      const first = ticket && firstUse(this.#database, ticket.id, { size: length }, scope);
      if (first && !first.ok) return first;
      const former = ticket && sessions.openOfTicket(keyId, ticket.id);
      if (!former && sessions.openOf(keyId) >= MAX_OPEN_SESSIONS) {
        return refuse("CONFLICT", `a key has at most ${MAX_OPEN_SESSIONS} open uploads: finish or delete one first`);
      }
      const { settings } = live.bounds;
      const bounded = { size: length, mimeType: file.mime_type };
      const refusal = first?.use
        ? undefined
        : outOfBounds(settings, withReserved(settings, change, sessions, former), bounded, { scope, ticket });
      if (refusal) return refusal;
      if (former) {
        sessions.end(former.id, Date.now() + SESSION_KEPT_MS);
        this.#holders.end(former.id);
        hasEnded = true;
      }
      const owner = { key_id: keyId, ticket: ticket?.id ?? null };
      const row = newSession({ id, file, sent, length, digest }, owner, live.keyring.endOf(caller.actor));
      sessions.add(row);
      if (isHeld) this.#holders.begin(id, 1, caller.request);
      return { ok: true, ...takenOf(this.#database, row) };
    });
    if (outcome.ok) await this.#life.alarm.set(hasEnded ? 0 : Math.max(0, outcome.status.ends - Date.now()));
    return outcome;
  }

  /**
   * How a session stands. A holder that makes no progress loses it by this, since the answer must stay true: 423 while
   * there is one that does. A session that is `completing` is taken by whoever asks, and is to be finished.
   */
  async look(caller: Caller, id: string): Promise<Result<Taken>> {
    return this.#life.authorizedWithin<Taken>(caller, (live) => {
      const found = findSession(this.#database, caller, id);
      if (!found.ok) return found;
      const { row } = found;
      if (row.state === "done" || (row.state === "open" && row.received < row.length && !this.#holders.has(id))) {
        return { ok: true, status: statusOf(this.#database, row), held: null };
      }
      return live.write(caller.actor, this.#taking(caller, id, { offset: undefined, length: undefined }), "urgent");
    });
  }

  /**
   * Takes a session, to go on with it. 409 when it stands at another offset, 413 when the request has more bytes than are
   * left, 423 while another request makes progress.
   */
  async take(caller: Caller, id: string, taking: Taking): Promise<Result<Taken>> {
    const isFree = (): boolean => {
      const row = this.#database.sessions.find(id);
      return row?.state === "done" && isRepeat(row, taking);
    };
    return this.#write(caller, () => this.#taking(caller, id, taking), isFree);
  }

  #taking(caller: Caller, id: string, { offset, length }: Taking): Operation<Taken> {
    return () => {
      const found = findSession(this.#database, caller, id);
      if (!found.ok) return found;
      const { row } = found;
      if (row.state === "done") {
        const isMismatch = offset !== undefined && offset !== row.length && !isRepeat(row, { offset, length });
        return isMismatch ? mismatch(row) : { ok: true, status: statusOf(this.#database, row), held: null };
      }
      if (this.#holders.isTaken(id, caller.request)) return locked();
      if (offset !== undefined && offset !== row.received) return mismatch(row);
      if (length !== undefined && length > row.length - row.received) return tooLong(row);
      const fence = row.fence + 1;
      this.#database.sessions.update(id, { fence });
      // Whoever only asks finishes what can be finished.
      const isAnnounced = offset !== undefined || row.received === row.length;
      if (isAnnounced) this.#holders.begin(id, fence, caller.request);
      else this.#holders.end(id);
      const taken = takenOf(this.#database, { ...row, fence });
      return { ok: true, status: taken.status, held: isAnnounced ? taken.held : null };
    };
  }

  /** A request shows that it makes progress. It is told when the session is no longer its own. */
  async sign(caller: Caller, id: string, fence: number): Promise<Result> {
    return this.#life.authorizedWithin(caller, () => {
      const found = heldBy(this.#database, caller, id, fence);
      if (found.ok) this.#holders.show(id, fence, caller.request);
      return found.ok ? { ok: true } : found;
    });
  }

  /** Saves what a request has made safe. It may be repeated. */
  async save(caller: Caller, id: string, fence: number, save: SessionSave): Promise<Result<{ ends: number }>> {
    return this.#write<{ ends: number }>(caller, (live) => (change) => {
      const found = heldBy(this.#database, caller, id, fence);
      if (!found.ok) return found;
      const { row } = found;
      const { offset, multipart, parts, tail, tail_key, digest, sha256, dimensions } = save;
      if (row.state === "done" || offset < row.received) return superseded();
      const now = Date.now();
      const ends = offset > row.received ? endOfSession(row.began_at, live.keyring.endOf(caller.actor)) : row.ends;
      const { sessions } = this.#database;
      for (const part of parts) sessions.addPart(id, part);
      if (row.tail_key !== tail_key) dropLeftover(this.#database, change, row);
      sessions.update(id, {
        state: sha256 === null ? "open" : "completing",
        received: offset,
        ends,
        ...multipart,
        tail,
        tail_key,
        digest,
        sha256,
        dimensions: dimensions === undefined ? null : JSON.stringify(dimensions),
      });
      if (save.isLast) this.#holders.end(id, fence);
      else this.#holders.show(id, fence, caller.request, now - save.idleMs);
      return { ok: true, ends };
    });
  }

  /** A request ends that has saved nothing, or no more. */
  async release(caller: Caller, id: string, fence: number): Promise<Result> {
    return this.#life.authorizedWithin({ ...caller, isPaid: true }, () => {
      this.#holders.end(id, fence);
      return { ok: true };
    });
  }

  /**
   * Makes the body of a session an asset. The session decides whether it may become one, and not the age of its id. What
   * the bounds of the vault do not allow any more is the end of the session, and so is an id that is void. A session of a
   * ticket that was used meanwhile brings no second asset: with the same bytes it comes to the first, and else it ends.
   */
  async commit(caller: Caller, id: string, fence: number, body: SessionBody): Promise<Result<SessionCommit>> {
    return this.#life.authorizedWithin<SessionCommit>(caller, async (live, scope): Promise<Result<SessionCommit>> => {
      const operation = commitSession(this.#life, live, caller, this.#holders, { id, fence, body, scope });
      const outcome = await live.write<{ refusal: Refusal } | FinishedSession>(caller.actor, operation, "careful");
      if (!outcome.ok) return outcome;
      if ("refusal" in outcome) {
        await this.#life.alarm.set(0);
        return { ok: true, refusal: outcome.refusal, queued: outcome.queued ?? 0 };
      }
      const { answered, status } = outcome;
      const answer = answered && (await acknowledge<StoredRecord>(live, caller, answered));
      return { ok: true, status, stored: answer, queued: outcome.queued ?? 0 };
    });
  }

  /** Ends a session. What R2 has of it is removed soon. */
  async end(caller: Caller, id: string): Promise<Result> {
    const outcome = await this.#write(caller, () => () => {
      const found = findSession(this.#database, caller, id);
      if (!found.ok) return found;
      if (found.row.state === "done") {
        return refuse("CONFLICT", `the upload is finished: its file is the asset ${found.row.asset_id}`);
      }
      this.#database.sessions.end(id, Date.now() + SESSION_KEPT_MS);
      this.#holders.end(id);
      return { ok: true };
    });
    if (outcome.ok) await this.#life.alarm.set(0);
    return outcome;
  }

  // ---

  /** Runs an operation of a session, which takes no revision unless something must be deleted. */
  #write<T extends object>(
    caller: Caller,
    operation: (live: LiveVault, scope: KeyScope | undefined) => Operation<T>,
    isFree?: () => boolean,
  ): Promise<Result<T>> {
    const work = (live: LiveVault, scope?: KeyScope) => live.write(caller.actor, operation(live, scope), "urgent");
    return this.#life.authorizedWithin<T>(caller, work, isFree);
  }
}
