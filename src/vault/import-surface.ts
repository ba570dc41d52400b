/** The part of the vault's surface that is about its import. */

import type { Env } from "../env.ts";
import type { ImportedAsset, ImportedFile, ImportTerms } from "../model/import.ts";
import type { Result } from "../model/refusal.ts";
import type { Caller, Durability } from "../model/vault.ts";
import { ImportDesk } from "./imports.ts";
import { TicketSurface } from "./ticket-surface.ts";

/** The methods say what {@link ImportDesk} says of them. */
export abstract class ImportSurface extends TicketSurface {
  readonly #desk: ImportDesk;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#desk = new ImportDesk(this.life);
  }

  async planImport(
    caller: Caller,
    terms: ImportTerms,
    records: readonly ImportedAsset[],
  ): Promise<Result<{ present: number[] }>> {
    return this.#desk.plan(caller, terms, records);
  }

  async checkImport(caller: Caller, body: ImportedFile): Promise<Result> {
    return this.#desk.check(caller, body);
  }

  async takeImport(
    caller: Caller,
    terms: ImportTerms,
    records: readonly ImportedAsset[],
  ): Promise<Result<Durability & { imported: number }>> {
    return this.#desk.take(caller, terms, records);
  }

  async finishImport(caller: Caller, terms: ImportTerms): Promise<Result> {
    return this.#desk.finish(caller, terms);
  }
}
