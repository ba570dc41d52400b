/** What may happen to many assets at once, as operations of a group: a batch, and the deletion of a folder. */

import type { FolderFilter } from "../../model/asset.ts";
import { type BatchOperation, type BatchResult, refusedResult } from "../../model/batch.ts";
import { type KeyScope, narrowed } from "../../model/key-scope.ts";
import { UNCONDITIONAL } from "../../model/etag.ts";
import { type Refusal, refuse, Refused, type Result } from "../../model/refusal.ts";
import { Allowance } from "./allowance.ts";
import { deleteAsset, patchAsset, recordTag } from "./assets.ts";
import type { VaultDatabase } from "./database.ts";
import type { Change, Operation } from "./group-commit.ts";
import type { Answered } from "./idempotent.ts";

/** The revisions that an operation took: those in (after, rev]. They are none when it changed nothing. */
export interface Span {
  after: number;
  rev: number;
}

/**
 * Does the operations one after the other. Each sees what those before it did, and is refused by itself. With `atomic`,
 * the first refusal undoes all of them and is the refusal of the whole batch.
 */
export function batchAssets(
  database: VaultDatabase,
  operations: readonly BatchOperation[],
  atomic: boolean,
  scope: KeyScope | undefined,
): Operation<Span & Answered<{ results: BatchResult[] }>> {
  return (change) => {
    const after = change.rev;
    const bounds = { scope, allowance: new Allowance() };
    const run = (operation: BatchOperation): Result<{ result: BatchResult }> =>
      apply(database, change, operation, bounds);
    if (!atomic) {
      const results = operations.map((operation) => {
        const outcome = run(operation);
        return outcome.ok ? outcome.result : refusedResult(operation.id, outcome);
      });
      return { ok: true, answer: { results }, after, rev: change.rev };
    }
    const mark = change.mark();
    try {
      const results = database.transaction(() =>
        operations.map((operation, at) => {
          const outcome = run(operation);
          if (!outcome.ok) throw new Refused(placed(outcome, at));
          return outcome.result;
        }),
      );
      return { ok: true, answer: { results }, after, rev: change.rev };
    } catch (error) {
      // Any other error undoes the whole group.
      if (!(error instanceof Refused)) throw error;
      change.restore(mark);
      return error.refusal;
    }
  };
}

const placed = (refusal: Refusal, at: number): Refusal => ({
  ...refusal,
  message: `operations[${at}]: ${refusal.message}`,
});

function apply(
  database: VaultDatabase,
  change: Change,
  operation: BatchOperation,
  bounds: { scope: KeyScope | undefined; allowance: Allowance },
): Result<{ result: BatchResult }> {
  const { id, conditions } = operation;
  const outcome =
    operation.op === "update"
      ? patchAsset(database, id, operation.patch, conditions, bounds)(change)
      : deleteAsset(database, id, conditions, bounds)(change);
  if (!outcome.ok) {
    // In a batch the condition is a field, and not the header that the message names.
    if (outcome.code === "PRECONDITION_FAILED") {
      return refuse("PRECONDITION_FAILED", "if_match: the asset has changed since");
    }
    return outcome;
  }
  const result: BatchResult =
    "asset" in outcome ? { status: 200, id, etag: recordTag(outcome.asset) } : { status: 204, id };
  return { ok: true, result };
}

/** Deletes the newest assets of a folder that the caller reaches, up to `limit` of them and as many as one request may delete. */
export function deleteFolder(
  database: VaultDatabase,
  folder: FolderFilter,
  limit: number,
  scope: KeyScope | undefined,
): Operation<Span & { deleted: number; has_more: boolean }> {
  return (change) => {
    const after = change.rev;
    const allowance = new Allowance();
    // Read before anything is deleted: a statement that reads an index must not see it change.
    const within = narrowed(folder, scope);
    const ids = within ? database.list.newestIn(within, limit + 1) : [];
    let deleted = 0;
    for (const id of ids.slice(0, limit)) {
      if (!deleteAsset(database, id, UNCONDITIONAL, { scope, allowance })(change).ok) break;
      deleted++;
    }
    return { ok: true, deleted, has_more: deleted < ids.length, after, rev: change.rev };
  };
}
