/** Tickets at their vault: what one is bound to when it is made, and what came of it. */

import { type FolderPath, type AssetRecord, toRecord } from "../model/asset.ts";
import { isWithin, type KeyScope, outOfReach } from "../model/key-scope.ts";
import type { Result } from "../model/refusal.ts";
import type { KnownBytes } from "../model/ticket.ts";
import type { Caller } from "../model/vault.ts";
import { acknowledge, type Stored } from "./answers.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { LiveVault } from "./live.ts";
import { firstUse, mayRepeat, ticketOver } from "./state/ticketed.ts";

/** What a vault knows of a ticket. */
export interface TicketUseFound {
  /** The vault's generation: what is known is of its tickets alone. */
  readonly generation: string;
  readonly isUsed: boolean;
  /** Null when it is gone, or was moved to where the caller does not reach. */
  readonly asset: AssetRecord | null;
}

export class TicketDesk {
  readonly #life: Lifecycle;

  constructor(life: Lifecycle) {
    this.#life = life;
  }

  /**
   * What a ticket is bound to: the vault's generation. What a vault has noted of its tickets is lost with its storage, and
   * another generation refuses them. 404 when the caller does not reach the path that the ticket is for.
   */
  async mint(caller: Caller, path: FolderPath): Promise<Result<{ generation: string }>> {
    return this.#life.authorizedWithin<{ generation: string }>(caller, ({ row }, scope) =>
      isWithin(scope, path) ? { ok: true, generation: row.generation } : outOfReach(),
    );
  }

  /** What came of a ticket. */
  async find(caller: Caller, id: string): Promise<Result<TicketUseFound>> {
    return this.#life.authorizedWithin<TicketUseFound>(caller, ({ row }, scope) => {
      const { database, id: vaultId } = this.#life;
      const assetId = database.tickets.assetOf(id);
      const asset = assetId === undefined ? undefined : database.asset(assetId);
      return {
        ok: true,
        generation: row.generation,
        isUsed: assetId !== undefined,
        asset: asset && isWithin(scope, asset) ? toRecord(vaultId, asset) : null,
      };
    });
  }

  /**
   * The answer to an upload by ticket that is known to be a repeat of the first; null for any other. 409 when it is known to
   * be none. Only the commit decides.
   */
  async findUse(caller: Caller, bytes: KnownBytes): Promise<Result<{ record: Stored | null }>> {
    const work = async (live: LiveVault, scope: KeyScope | undefined): Promise<Result<{ record: Stored | null }>> => {
      const { ticket } = caller;
      if (!ticket) return { ok: true, record: null };
      const over = ticketOver(live.row, ticket);
      if (over) return over;
      const first = firstUse(this.#life.database, ticket.id, bytes, scope);
      if (!first.ok) return first;
      // Without a digest the bytes must come to be compared.
      if (!first.use || bytes.sha256 === undefined) return { ok: true, record: null };
      return { ok: true, record: await acknowledge(live, caller, first.use.answered) };
    };
    return this.#life.authorizedWithin(caller, work, () => mayRepeat(this.#life.database, caller, bytes));
  }
}
