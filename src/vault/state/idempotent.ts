/**
 * Operations that a client may repeat: the first success leaves a receipt, in its own transaction, and a repeat finds it.
 * So a repeat does nothing, however the first answer was lost, and even if the vault crashed before it gave one.
 */

import type { StoredRecord } from "../../model/asset.ts";
import { refuse, type Refusal, type Result } from "../../model/refusal.ts";
import type { SafeRetry } from "../../model/safe-retry.ts";
import type { Actor, Caller } from "../../model/vault.ts";
import type { VaultDatabase } from "./database.ts";
import type { Change, Operation } from "./group-commit.ts";
import type { Receipt } from "./receipts.ts";

/** What an operation came to: the answer to give, and the changes that must be durable for it. See Changed. */
export interface Answered<A extends object> {
  readonly rev: number;
  readonly after?: number | undefined;
  /** It can be JSON. */
  readonly answer: A;
  /** Whether this is the answer to an earlier request. */
  readonly isReplayed?: boolean;
}

/** An upload of some megabytes, or the end of a large one, takes as long. */
const STILL_RUNNING_SECONDS = 2;

/** The id of a receipt. An Idempotency-Key belongs to the key of the API that it came with. */
export const receiptId = (actor: Actor, key: string): string =>
  `${actor.kind === "key" ? actor.keyId : actor.kind}/${key}`;

/** The refusal of another request under a key that has a receipt. */
export const keyReused = (): Refusal =>
  refuse("IDEMPOTENCY_KEY_REUSED", "Idempotency-Key: was used for another request");

/** The refusal of a request whose first attempt has not come to its end. */
export const stillRunning = (): Refusal =>
  refuse("CONFLICT", "Idempotency-Key: a request with this key is still running", {
    "Retry-After": String(STILL_RUNNING_SECONDS),
  });

/** What a receipt keeps as JSON. */
interface Kept<A extends object> extends Pick<Answered<A>, "answer" | "after"> {
  /** The id of the request that was carried out. */
  readonly request: string;
}

/**
 * The answer that a receipt keeps. It is no replay for the request that left the receipt: when the router has lost its
 * answer and asks again, the client still hears the answer for the first time.
 */
export function answerOf<A extends object>(
  { rev, answer: json }: Receipt,
  { request }: Caller,
): { ok: true } & Answered<A> {
  const { answer, after, request: first } = JSON.parse(json) as Kept<A>;
  return { ok: true, rev, after, answer, isReplayed: first !== request };
}

/**
 * Makes an operation answer a repeated request with its first answer. 422 for another request under the same key. Only
 * a success leaves a receipt. Without a retry the operation stays as it is.
 *
 * What the operation checks is not checked for a repeat. So whatever holds for repeats too, such as what the key may do,
 * must be checked outside of this.
 */
export function idempotent<A extends object>(
  database: VaultDatabase,
  caller: Caller,
  retry: SafeRetry | undefined,
  operation: Operation<Answered<A>>,
): Operation<Answered<A>> {
  if (!retry) return operation;
  return (change) => {
    const found = receiptIn(database, caller.actor, retry, change);
    if (found) return found.fingerprint === retry.fingerprint ? answerOf<A>(found, caller) : keyReused();
    const before = change.rev;
    const outcome: Result<Answered<A>> = operation(change);
    if (!outcome.ok) return outcome;
    // A group without a new revision changes nothing, and would not be told to save the row.
    if (change.rev === before) change.next();
    const { fingerprint } = retry;
    const { rev, after, answer } = outcome;
    const kept: Kept<A> = { after, answer, request: caller.request };
    const receipt = { fingerprint, rev, answer: JSON.stringify(kept) };
    database.receipts.add(receiptId(caller.actor, retry.key), receipt, timeOf(change), change.row);
    return outcome;
  };
}

/**
 * Settles what became of the upload `id`, as `resolve` does. An upload that left a receipt gets the first answer,
 * whatever became of its asset since. One that came to nothing, because another request with the same key was committed
 * before, gets the answer of that request.
 */
export function resolved(
  database: VaultDatabase,
  caller: Caller,
  retry: SafeRetry | undefined,
  resolve: Operation<{ answered: Answered<StoredRecord> | null }>,
  id: string,
): Operation<{ answered: Answered<StoredRecord> | null }> {
  if (!retry) return resolve;
  return (change) => {
    const receipt = receiptIn(database, caller.actor, retry, change);
    const isSame = receipt?.fingerprint === retry.fingerprint;
    const first = receipt && isSame ? answerOf<StoredRecord>(receipt, caller) : null;
    if (first?.answer.id === id) return { ok: true, answered: first };
    const outcome = resolve(change);
    return outcome.ok ? { ok: true, answered: outcome.answered ?? first } : outcome;
  };
}

/** The receipt of a retry, as it is at this point of a group. */
const receiptIn = (database: VaultDatabase, actor: Actor, retry: SafeRetry, change: Change): Receipt | undefined =>
  database.receipts.find(receiptId(actor, retry.key), timeOf(change), change.row);

const timeOf = ({ now }: Change): number => Date.parse(now);
