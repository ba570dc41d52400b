/** What a vault answers to writes: records as they are on the wire, and how durable a write is. */

import { type Asset, type RecordBody, type StoredRecord, toRecord } from "../model/asset.ts";
import type { KeyScope } from "../model/key-scope.ts";
import type { Result } from "../model/refusal.ts";
import type { Acknowledged, SafeRetry } from "../model/safe-retry.ts";
import type { Caller, Durability } from "../model/vault.ts";
import { log } from "../runtime/log.ts";
import type { Changed, LastStore } from "./durable.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { LiveVault } from "./live.ts";
import { recordTag } from "./state/assets.ts";
import type { Operation } from "./state/group-commit.ts";
import { type Answered, idempotent, receiptId } from "./state/idempotent.ts";
import type { Receipt } from "./state/receipts.ts";
import type { Urgency } from "./urgency.ts";

/** What a write of an asset is answered with, in the end. */
export type Stored = Acknowledged<StoredRecord>;

/** A record as it is on the wire. */
export const render = (vaultId: string, asset: Asset): RecordBody => ({
  body: JSON.stringify(toRecord(vaultId, asset)),
  etag: recordTag(asset),
});

/** What a write of an asset is answered with. */
export const stored = (vaultId: string, asset: Asset): Answered<StoredRecord> => ({
  rev: asset.rev,
  answer: { ...render(vaultId, asset), id: asset.id },
});

/** An operation on an asset, whose answer is the asset's record. */
export const answering =
  (vaultId: string, operation: Operation<{ asset: Asset }>): Operation<Answered<StoredRecord>> =>
  (change) => {
    const outcome = operation(change);
    return outcome.ok ? { ok: true, ...stored(vaultId, outcome.asset) } : outcome;
  };

/** How a write is made, and which store must have it last. */
export interface WriteOptions {
  readonly urgency?: Urgency;
  readonly last?: LastStore;
  /** How many assets it may change. */
  readonly weight?: number;
}

/**
 * Runs an operation that may carry an Idempotency-Key, and answers when it is durable. A repeat gets the first answer,
 * and takes no token of the vault's rate. See {@link idempotent}.
 */
export async function once<A extends object>(
  life: Lifecycle,
  caller: Caller,
  retry: SafeRetry | undefined,
  operation: (scope: KeyScope | undefined) => Operation<Answered<A>>,
  { urgency, last, weight }: WriteOptions,
): Promise<Result<Acknowledged<A>>> {
  return life.authorizedWithin<Acknowledged<A>>(
    caller,
    async (live, scope) => {
      const repeatable = idempotent(life.database, caller, retry, operation(scope));
      const outcome = await live.write(caller.actor, repeatable, urgency, weight);
      return outcome.ok ? { ok: true, ...(await acknowledge(live, caller, outcome, last)) } : outcome;
    },
    (live) => retry !== undefined && receiptOf(life, live, caller, retry.key)?.fingerprint === retry.fingerprint,
  );
}

/** The receipt of a caller's Idempotency-Key, as far as is known outside of a group. */
export const receiptOf = (
  { database }: Lifecycle,
  { row }: LiveVault,
  { actor }: Caller,
  key: string,
): Receipt | undefined => database.receipts.findNow(receiptId(actor, key), row);

/** An answer, as soon as it is durable or has waited for long enough. */
export async function acknowledge<A extends object>(
  live: LiveVault,
  caller: Caller,
  { rev, after, answer, isReplayed = false, queued = 0 }: Answered<A> & { readonly queued?: number },
  last?: LastStore,
): Promise<Acknowledged<A> & { queued: number }> {
  return { ...answer, ...(await durable(live, caller, { rev, after }, last)), isReplayed, queued };
}

/** Waits until changes are durable, for as long as an answer may wait. */
export async function durable(
  live: LiveVault,
  { request }: Caller,
  changed: Changed,
  last?: LastStore,
): Promise<Durability> {
  const durability = await live.durable(changed, last);
  const { rev } = changed;
  if (!durability.durable) log("vault: a write was acknowledged as queued", { request, vault: live.row.id, rev });
  return durability;
}
