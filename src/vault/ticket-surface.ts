/** The part of the vault's surface that is about tickets. */

import type { Env } from "../env.ts";
import type { FolderPath } from "../model/asset.ts";
import type { Result } from "../model/refusal.ts";
import type { KnownBytes } from "../model/ticket.ts";
import type { Caller } from "../model/vault.ts";
import type { Stored } from "./answers.ts";
import { SessionSurface } from "./session-surface.ts";
import { TicketDesk, type TicketUseFound } from "./tickets.ts";

/** The methods say what {@link TicketDesk} says of them. */
export abstract class TicketSurface extends SessionSurface {
  readonly #desk: TicketDesk;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#desk = new TicketDesk(this.life);
  }

  async mintTicket(caller: Caller, path: FolderPath): Promise<Result<{ generation: string }>> {
    return this.#desk.mint(caller, path);
  }

  async getTicket(caller: Caller, id: string): Promise<Result<TicketUseFound>> {
    return this.#desk.find(caller, id);
  }

  async findUseOfTicket(caller: Caller, bytes: KnownBytes): Promise<Result<{ record: Stored | null }>> {
    return this.#desk.findUse(caller, bytes);
  }
}
