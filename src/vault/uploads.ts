/** The way of an upload through its vault: it may be announced, it is committed, and sometimes it must be resolved. */

import type { AssetPath, KnownFile, NewAsset, StoredRecord } from "../model/asset.ts";
import { isWithin, type KeyScope, outOfReach } from "../model/key-scope.ts";
import { type Result, unavailable } from "../model/refusal.ts";
import { agrees, type SafeRetry, type UploadFingerprint } from "../model/safe-retry.ts";
import type { KnownBytes } from "../model/ticket.ts";
import { type Caller, THE_VAULT } from "../model/vault.ts";
import { acknowledge, answering, receiptOf, type Stored, stored } from "./answers.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { LiveVault } from "./live.ts";
import { RunningUploads } from "./running.ts";
import { commitUpload, nameTaken, resolveUpload } from "./state/assets.ts";
import { mostBytes, outOfBounds, withReserved } from "./state/bounds.ts";
import type { Operation } from "./state/group-commit.ts";
import {
  type Answered,
  answerOf,
  idempotent,
  keyReused,
  receiptId,
  resolved,
  stillRunning,
} from "./state/idempotent.ts";
import { firstUse, mayRepeat, ticketed, ticketOver, usedOtherwise } from "./state/ticketed.ts";

export class UploadDesk {
  readonly #life: Lifecycle;
  readonly #running = new RunningUploads();

  constructor(life: Lifecycle) {
    this.#life = life;
  }

  /**
   * Whether the commit of an upload would be refused. The router asks before a large upload, whose path may not be
   * known yet, and again when the file turns out to be larger than the `most` bytes that this answers. Only the commit
   * decides. An upload whose Idempotency-Key has a receipt, or whose ticket is used, may be a repeat, and nothing else is
   * asked of a repeat.
   */
  async check(
    caller: Caller,
    upload: { path: AssetPath | undefined; createOnly: boolean; file: KnownFile; key: string | undefined },
  ): Promise<Result<{ most?: number }>> {
    const { path, createOnly, file, key } = upload;
    const work = (live: LiveVault, scope: KeyScope | undefined): Result<{ most?: number }> => {
      if (path && !isWithin(scope, path)) return outOfReach();
      if (key !== undefined && receiptOf(this.#life, live, caller, key)) return { ok: true };
      const over = ticketOver(live.row, caller.ticket);
      if (over) return over;
      const first = caller.ticket && firstUse(this.#life.database, caller.ticket.id, {}, scope);
      if (first && !first.ok) return first;
      if (first?.use) return file.size > first.use.size ? usedOtherwise() : { ok: true, most: first.use.size };
      const { settings } = live.bounds;
      const usage = withReserved(settings, live.row, this.#life.database.sessions);
      const taken = createOnly && path ? nameTaken(this.#life.database, path) : undefined;
      const refusal = taken ?? outOfBounds(settings, usage, file, { scope, ticket: caller.ticket });
      const most = mostBytes(settings, usage);
      return refusal ?? (most === undefined ? { ok: true } : { ok: true, most });
    };
    return this.#life.authorizedWithin(caller, work, () => mayRepeat(this.#life.database, caller, {}));
  }

  /**
   * Notes that an upload with an Idempotency-Key is under way. The router tells when it begins, and again and again while
   * it goes on. Returns the answer to an earlier upload, if it is known to be the same. 422 if it is known to be another,
   * and 409 while another request with the key is under way. Only the commit decides.
   */
  async begin(caller: Caller, key: string, known: UploadFingerprint): Promise<Result<{ record: Stored | null }>> {
    return this.#life.authorizedWithin<{ record: Stored | null }>(
      caller,
      async (live) => {
        const receipt = receiptOf(this.#life, live, caller, key);
        const isSame = receipt && agrees(receipt.fingerprint, known);
        if (isSame === false) return keyReused();
        if (receipt && isSame) {
          return { ok: true, record: await acknowledge(live, caller, answerOf<StoredRecord>(receipt, caller)) };
        }
        const isRunning = this.#running.begin(receiptId(caller.actor, key), caller.request);
        return isRunning ? stillRunning() : { ok: true, record: null };
      },
      (live) => {
        const receipt = receiptOf(this.#life, live, caller, key);
        return receipt !== undefined && agrees(receipt.fingerprint, known) !== false;
      },
    );
  }

  /** An upload with an Idempotency-Key has ended. */
  end({ actor, request }: Caller, key: string): void {
    this.#running.end(receiptId(actor, key), request);
  }

  /** See {@link commitUpload}, {@link idempotent} and {@link ticketed}. */
  async commit(
    caller: Caller,
    upload: NewAsset,
    { createOnly, retry }: { createOnly: boolean; retry: SafeRetry | undefined },
  ): Promise<Result<Stored>> {
    const { id, database } = this.#life;
    const work = async (live: LiveVault, scope: KeyScope | undefined): Promise<Result<Stored>> => {
      const by = { scope, ticket: caller.ticket };
      const { lostWindows, bounds } = live;
      const commit = answering(id, commitUpload(database, upload, createOnly, { ...by, lostWindows, bounds }));
      const operation = idempotent(database, caller, retry, commit);
      const once = ticketed(database, by, upload, operation);
      const isCareful = createOnly || caller.ticket !== undefined;
      const outcome = await live.write(caller.actor, once, isCareful ? "careful" : "ordinary");
      if (retry) this.end(caller, retry.key);
      return outcome.ok ? { ok: true, ...(await acknowledge(live, caller, outcome)) } : outcome;
    };
    return this.#life.authorizedWithin(caller, work, () => mayRepeat(database, caller, upload));
  }

  /**
   * See {@link resolveUpload} and {@link resolved}. It needs no key that still acts: the caller began the upload with
   * one. An upload that came to nothing, because another with the same ticket was committed before, gets the record of that
   * one if it has the same bytes.
   */
  async resolve(
    caller: Caller,
    upload: { id: string; bodyKey: string; retry: SafeRetry | undefined; bytes: KnownBytes },
  ): Promise<Result<{ record: Stored | null }>> {
    const { id, bodyKey, retry, bytes } = upload;
    const { id: vaultId, database } = this.#life;
    return this.#life.authorized<{ record: Stored | null }>({ ...caller, actor: THE_VAULT }, async (live) => {
      // An old storage may not know the asset, and would then have its body deleted.
      if (!(await live.confirmed())) return unavailable("the durable record does not answer");
      const resolve = resolveUpload(database, id, bodyKey, live.lostWindows);
      const answer: Operation<{ answered: Answered<StoredRecord> | null }> = (change) => {
        const outcome = resolve(change);
        if (!outcome.ok) return outcome;
        if (outcome.asset) return { ok: true, answered: stored(vaultId, outcome.asset) };
        const { ticket } = caller;
        const admitted = live.admit(caller.actor);
        const isGood = ticket && admitted.ok && !ticketOver(change.row, ticket);
        const first = isGood ? firstUse(database, ticket.id, bytes, admitted.scope) : undefined;
        return { ok: true, answered: first?.ok ? (first.use?.answered ?? null) : null };
      };
      const operation = resolved(database, caller, retry, answer, id);
      const outcome = await live.write(THE_VAULT, operation, "urgent");
      if (retry) this.end(caller, retry.key);
      if (!outcome.ok) return outcome;
      return { ok: true, record: outcome.answered && (await acknowledge(live, caller, outcome.answered)) };
    });
  }
}
