/**
 * Uploads by ticket: a ticket brings one asset. Whether it has, stands in the transaction that makes the asset. So of
 * uploads that race, one makes it, and the others find it.
 */

import type { NewAsset, StoredRecord } from "../../model/asset.ts";
import { refuse, type Refusal, type Result } from "../../model/refusal.ts";
import type { KnownBytes, TicketUse } from "../../model/ticket.ts";
import type { KeyScope } from "../../model/key-scope.ts";
import { assetWithin } from "./assets.ts";
import type { VaultDatabase } from "./database.ts";
import type { Operation } from "./group-commit.ts";
import type { Answered } from "./idempotent.ts";
import type { VaultRow } from "./schema.ts";

/**
 * The refusal of a ticket from another generation: whether it was used may be lost. It is the same as that of a ticket whose
 * key has ended.
 */
export function ticketOver(
  { generation }: Pick<VaultRow, "generation">,
  ticket: TicketUse | undefined,
): Refusal | undefined {
  if (!ticket || ticket.generation === generation) return undefined;
  return refuse("FORBIDDEN", "this ticket is no longer valid");
}

/** The refusal of another file than the one that a ticket has brought. */
export const usedOtherwise = (): Refusal => refuse("CONFLICT", "ticket: was used, for another file");

/** What came of a ticket: the answer to the upload that used it, and the size of its file. */
interface FirstUse {
  readonly size: number;
  readonly answered: Answered<StoredRecord>;
}

/**
 * What came of a ticket, for an upload that may be a repeat of the one that used it. Undefined when the ticket is not used.
 * 409 when the upload has other bytes, as far as is known of them, and when the asset was deleted since or moved to where the
 * ticket's key does not reach. The record is that of the first answer: whoever has the ticket does not see what others have
 * made of the asset.
 */
export function firstUse(
  database: VaultDatabase,
  ticketId: string,
  { size, sha256 }: KnownBytes,
  scope: KeyScope | undefined,
): Result<{ use: FirstUse | undefined }> {
  const assetId = database.tickets.assetOf(ticketId);
  if (assetId === undefined) return { ok: true, use: undefined };
  const asset = assetWithin(database, assetId, scope);
  if (!asset) return refuse("CONFLICT", "ticket: was used, and the asset that came of it is no longer there");
  const isOther = (size ?? asset.size) !== asset.size || (sha256 ?? asset.sha256) !== asset.sha256;
  if (isOther) return usedOtherwise();
  const answered = database.tickets.answer(ticketId);
  return { ok: true, use: answered && { size: asset.size, answered: { ...answered, isReplayed: true } } };
}

/**
 * Whether an upload may be a repeat of the one that used its ticket, as far as is known of its bytes. A repeat takes no token
 * of the vault's rate.
 */
export function mayRepeat(
  database: VaultDatabase,
  { ticket }: { readonly ticket?: TicketUse },
  bytes: KnownBytes,
): boolean {
  const first = ticket && firstUse(database, ticket.id, bytes, undefined);
  return first?.ok === true && first.use !== undefined;
}

/**
 * Has the commit of an upload note that its ticket is used. Another upload with the ticket gets the record of the asset that
 * came of the first, if it has the same bytes. What the commit checks is not checked for that.
 */
export function ticketed(
  database: VaultDatabase,
  by: { readonly ticket: TicketUse | undefined; readonly scope: KeyScope | undefined },
  upload: NewAsset,
  commit: Operation<Answered<StoredRecord>>,
): Operation<Answered<StoredRecord>> {
  const { ticket, scope } = by;
  if (!ticket) return commit;
  return (change) => {
    const over = ticketOver(change.row, ticket);
    if (over) return over;
    // A commit that is repeated finds its own asset.
    if (database.tickets.assetOf(ticket.id) === upload.id) return commit(change);
    const first = firstUse(database, ticket.id, upload, scope);
    if (!first.ok) return first;
    if (first.use) return { ok: true, ...first.use.answered };
    const outcome = commit(change);
    if (outcome.ok) database.tickets.use(ticket.id, outcome);
    return outcome;
  };
}
