/** The import of a vault at its vault: see state/imports.ts. What is answered with success outlives any rebuild. */

import {
  type ImportedAsset,
  type ImportedFile,
  type ImportState,
  type ImportTerms,
  isSameImport,
} from "../model/import.ts";
import { type Refusal, type Result, unavailable } from "../model/refusal.ts";
import type { Caller, Durability } from "../model/vault.ts";
import { durable } from "./answers.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { LiveVault } from "./live.ts";
import {
  alreadyDone,
  beginImport,
  bodyDiffers,
  finishImport,
  importAssets,
  notUnderWay,
  placed,
  presence,
} from "./state/imports.ts";
import { beingDeleted } from "./urgency.ts";

export class ImportDesk {
  readonly #life: Lifecycle;

  constructor(life: Lifecycle) {
    this.#life = life;
  }

  /**
   * Begins the import, unless it has begun, and tells which of some assets the vault has: their places. Nothing is taken
   * before D1 has heard of the beginning. So no revision is handed out that a rebuild could hand out again.
   */
  async plan(
    caller: Caller,
    terms: ImportTerms,
    records: readonly ImportedAsset[],
  ): Promise<Result<{ present: number[] }>> {
    return this.#life.authorized<{ present: number[] }>(caller, async (live) => {
      const deleted = beingDeleted(live.row);
      if (deleted) return deleted;
      const begun = await this.#begin(live, caller, terms);
      if (!begun.ok) return begun;
      const present: number[] = [];
      for (const { asset, at } of records) {
        const there = presence(this.#life.database, asset);
        if (typeof there !== "string") return placed(there, at);
        if (there === "present") present.push(at);
        else if (begun.state.isDone) return placed(alreadyDone(), at);
      }
      return { ok: true, present };
    });
  }

  /** Whether a body may come: 409 unless an import is under way, and for one that an asset has in another form. */
  async check(caller: Caller, body: ImportedFile): Promise<Result> {
    return this.#life.authorized(caller, (live): Result => {
      const refusal = beingDeleted(live.row) ?? (live.bounds.isImporting ? undefined : notUnderWay());
      return refusal ?? bodyDiffers(this.#life.database, body) ?? { ok: true };
    });
  }

  /** Takes assets whose bodies are in R2. See {@link importAssets}. */
  async take(
    caller: Caller,
    terms: ImportTerms,
    records: readonly ImportedAsset[],
  ): Promise<Result<Durability & { imported: number }>> {
    return this.#life.authorized<Durability & { imported: number }>(caller, async (live) => {
      const { settings } = live.bounds;
      const operation = importAssets(this.#life.database, terms, records, settings);
      const outcome = await live.write(caller.actor, operation, "apart", records.length);
      return outcome.ok ? { ...outcome, ...(await durable(live, caller, outcome)) } : outcome;
    });
  }

  /** Ends the import. 503 while D1 does not have all of it. */
  async finish(caller: Caller, terms: ImportTerms): Promise<Result> {
    return this.#life.authorized(caller, async (live): Promise<Result> => {
      const refused = this.#parked();
      if (refused) return refused;
      const outcome = await live.write(caller.actor, finishImport(terms), "apart");
      if (!outcome.ok) return outcome;
      if (await live.recorded(outcome.rev)) return { ok: true };
      return unavailable("the import is done, but that could not be recorded yet: repeat the call");
    });
  }

  async #begin(live: LiveVault, caller: Caller, terms: ImportTerms): Promise<Result<{ state: ImportState }>> {
    const known = live.bounds.import;
    const isKnown = known !== undefined && isSameImport(known, terms);
    const begin = beginImport(this.#life.database, terms, live.bounds.settings);
    const outcome = isKnown ? { ok: true as const, state: known } : await live.write(caller.actor, begin, "apart");
    if (!outcome.ok) return outcome;
    const { state } = outcome;
    if (state.isDone || live.relayD1.watermark >= state.base || (await live.recorded(state.base))) {
      return { ok: true, state };
    }
    return unavailable("the import could not be recorded yet: repeat the call");
  }

  /** The refusal of an import of which D1 does not take something. */
  #parked(): Refusal | undefined {
    const [parked] = this.#life.database.outbox.parked(1);
    return parked && unavailable(`the durable record refuses ${parked.id}: ${parked.error}`, 60);
  }
}
