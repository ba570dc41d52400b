/**
 * Reconciliation: compares index, D1 and R2, one bounded step at a time, and makes them agree. The index is right
 * wherever it has an opinion. Nothing here writes D1 or R2: what they should hear again is enqueued, and the relays do
 * the rest in the order of revisions. In a vault whose stores agree it changes nothing.
 *
 *     keys    ── index and D1 side by side, by id
 *     rows    ── index and D1 side by side, by seq
 *     folders ── the counters of folders and the totals, beside a recount of the index
 *     bodies  ── what R2 has under the vault's prefix. Each is looked up by its asset's id: key order is not seq order
 *     missing ── only if fewer bodies matched than there are assets: R2 is asked for each asset's body by its key
 */

import { log } from "../../runtime/log.ts";
import { MAX_MISSING_IDS } from "../../model/limits.ts";
import { isLost, type LostWindow } from "../../model/lost-window.ts";
import type { Result } from "../../model/refusal.ts";
import { type Actor, type ReconcileFindings, THE_VAULT } from "../../model/vault.ts";
import { timestamp } from "../../model/time.ts";
import { breathe } from "../../runtime/wait.ts";
import type { BoundedD1 } from "../../d1/bounded.ts";
import { keyPage, PAGE_ROWS, revisionPage } from "../../d1/vaults.ts";
import type { Bucket } from "../../r2/bucket.ts";
import { leftoverSession, parseKey, vaultPrefix } from "../../r2/keys.ts";
import { covered } from "./covered.ts";
import { isSameKey } from "./key-merge.ts";
import type { VaultDatabase } from "../state/database.ts";
import { LAST_KEY_ID } from "../state/key-table.ts";
import { MAX_CALLS } from "../limits.ts";
import type { VaultRow } from "../state/schema.ts";
import type { Operation } from "../state/group-commit.ts";
import type { ReconcileSettings } from "./reconcile-settings.ts";
import { beginReconciliation, parseState, type Progress, type ReconcileState } from "./reconcile-state.ts";
import { correctTotals, discardBodies, noteChanges, removeAll } from "./reconcile-writes.ts";

/** Bodies that one step asks R2 for. Each takes a call. */
const HEADS = 30;

/** What a reconciliation needs of its vault. */
export interface ReconciledVault {
  readonly row: Readonly<VaultRow>;
  readonly lostWindows: readonly LostWindow[];
  /** D1 has everything up to this watermark. */
  readonly relayD1: { readonly watermark: number };
  /** Has the next flush delete keys from D1 that the vault does not know, and put those that D1 lacks. Both are ids. */
  correctKeys(unknown: readonly string[], lacking: readonly string[]): void;
  write(actor: Actor, operation: Operation<object>, urgency: "urgent"): Promise<Result>;
}

export class Reconciler {
  readonly #vault: ReconciledVault;
  readonly #database: VaultDatabase;
  readonly #db: BoundedD1;
  readonly #bucket: Bucket;
  readonly #settings: ReconcileSettings;
  /** When the next reconciliation is due, in epoch milliseconds. */
  #due: number;
  #state: ReconcileState;

  constructor(
    vault: ReconciledVault,
    stores: { database: VaultDatabase; db: BoundedD1; bucket: Bucket },
    settings: ReconcileSettings,
  ) {
    this.#vault = vault;
    this.#database = stores.database;
    this.#db = stores.db;
    this.#bucket = stores.bucket;
    this.#settings = settings;
    const saved = this.#database.reconcile();
    this.#due = saved?.due ?? Date.now() + settings.every;
    if (!saved) this.#database.saveReconcile(this.#due, null);
    this.#state = saved?.state ? parseState(saved.state) : { progress: null, findings: null };
  }

  /** When there is something to do, in epoch milliseconds. */
  get due(): number {
    return this.#state.progress ? Date.now() : this.#due;
  }

  /** What the reconciliation under way has found, or else the last one. Null before the first. */
  get findings(): ReconcileFindings | null {
    return this.#state.findings;
  }

  /**
   * Asks for a reconciliation now. One that is under way has already looked at some things, so it is finished and
   * another follows it.
   */
  request(): void {
    if (this.#state.progress) this.#state.again = true;
    else this.#due = Date.now();
    // The same alarm tries the parked assets again, before anything is compared.
    this.#database.outbox.retryParkedAt(Date.now());
    this.#save();
  }

  /**
   * Does steps until nothing is due, `until` (epoch milliseconds) has come or the run has made as many calls as it may.
   */
  async run(until: number): Promise<void> {
    for (let calls = 0; Date.now() >= this.due && Date.now() < until; await breathe()) {
      const { progress, findings } = this.#begin();
      // A page is one call. What a step enqueues causes one more call to D1 and one to R2.
      calls += progress.phase === "missing" ? HEADS : 3;
      if (calls > MAX_CALLS) return;
      if (progress.phase === "keys") await this.#keys(progress, findings);
      else if (progress.phase === "rows") await this.#rows(progress, findings);
      else if (progress.phase === "folders") await this.#folders(progress, findings);
      else if (progress.phase === "bodies") await this.#bodies(progress, findings);
      else await this.#missing(progress, findings);
      this.#save();
    }
  }

  #begin(): { progress: Progress; findings: ReconcileFindings } {
    const { progress, findings } = this.#state;
    if (progress && findings) return { progress, findings };
    const begun = beginReconciliation();
    this.#state = begun;
    return begun;
  }

  #end(findings: ReconcileFindings): void {
    findings.finished_at = timestamp(Date.now());
    this.#state.progress = null;
    this.#due = Date.now() + (this.#state.again ? 0 : this.#settings.every);
    if (!this.#state.again) this.#database.doubts.clear();
    delete this.#state.again;
    log("reconcile: done", { vault: this.#vault.row.id, ...findings });
  }

  #save(): void {
    this.#database.saveReconcile(this.#due, JSON.stringify(this.#state));
  }

  /** Compares a page of keys. */
  async #keys(progress: Progress, findings: ReconcileFindings): Promise<void> {
    const recorded = this.#vault.relayD1.watermark;
    const theirs = await keyPage(this.#db, this.#vault.row.id, progress.afterKey, "");
    const page = this.#database.keys.after(progress.afterKey, PAGE_ROWS);
    const end = covered([theirs.map(({ id }) => id), page.map(({ id }) => id)], PAGE_ROWS, LAST_KEY_ID);
    const ours = new Map(page.filter(({ id }) => id <= end).map((key) => [key.id, key]));
    const unknown: string[] = [];
    for (const their of theirs) {
      const { id, rev } = their;
      if (id > end) break;
      const key = ours.get(id);
      if (!key) unknown.push(id);
      else if (key.rev > recorded || (key.rev === rev && isSameKey(key, their))) ours.delete(id);
    }
    const stale = [...ours.values()].filter((key) => key.rev <= recorded);
    if (stale.length + unknown.length > 0) {
      const lacking = stale.map(({ id }) => id);
      await this.#enqueue((change) => {
        change.next();
        change.effects.push(() => this.#vault.correctKeys(unknown, lacking));
        return { ok: true };
      });
    }
    findings.restored += stale.length;
    findings.removed += unknown.length;
    progress.afterKey = end;
    if (end !== LAST_KEY_ID) return;
    progress.phase = "rows";
    progress.afterKey = "";
  }

  /** Compares a page of assets. */
  async #rows(progress: Progress, findings: ReconcileFindings): Promise<void> {
    // D1 need not have yet what is newer than this.
    const recorded = this.#vault.relayD1.watermark;
    const theirs = await revisionPage(this.#db, this.#vault.row.id, progress.after);
    const ours = this.#database.revisions(progress.after, Number.MAX_SAFE_INTEGER, PAGE_ROWS);
    const end = covered([theirs.map(({ seq }) => seq), ours.map(({ seq }) => seq)], PAGE_ROWS, Number.MAX_SAFE_INTEGER);

    const known = new Map(theirs.filter(({ seq }) => seq <= end).map(({ seq, rev }) => [seq, rev]));
    const stale: number[] = [];
    for (const { seq, rev } of ours) {
      if (seq > end) break;
      if (rev <= recorded && known.get(seq) !== rev && !this.#database.outbox.isParked(seq, rev)) stale.push(seq);
      known.delete(seq);
    }
    const gone = [...known.keys()];
    if (stale.length + gone.length > 0) await this.#enqueue(noteChanges(this.#database, [...stale, ...gone]));
    findings.restored += stale.length;
    findings.removed += gone.length;
    progress.after = end === Number.MAX_SAFE_INTEGER ? 0 : end;
    if (progress.after === 0) progress.phase = "folders";
  }

  /** Looks for folders that have no assets, and after the last ones counts the next assets. */
  async #folders(progress: Progress, findings: ReconcileFindings): Promise<void> {
    const { recount } = this.#database;
    if (progress.after === 0) {
      const { removed, after } = recount.removeEmpty(progress.afterKey);
      findings.recounted += removed;
      progress.afterKey = after ?? "";
      if (after === undefined) progress.after = 1;
      return;
    }
    const { mended, totals } = recount.step();
    findings.recounted += mended;
    if (!totals) return;
    progress.phase = "bodies";
    const { row } = this.#vault;
    const [assets, bytes] = [totals.assets - row.assets, totals.bytes - row.bytes];
    if (assets === 0 && bytes === 0) return;
    findings.recounted++;
    await this.#enqueue(correctTotals(assets, bytes));
  }

  /** Looks at a page of what R2 has, and finds the bodies that no asset names. */
  async #bodies(progress: Progress, findings: ReconcileFindings): Promise<void> {
    const { row } = this.#vault;
    const page = await this.#bucket.list(vaultPrefix(row.id), progress.afterKey);
    const orphans: { id: string | undefined; key: string }[] = [];
    const { sessions } = this.#database;
    for (const { key, uploaded } of page.objects) {
      progress.afterKey = key;
      const session = leftoverSession(key);
      if (session !== undefined) {
        if (sessions.isUnderWay(session)) continue;
        if (Date.now() - uploaded.getTime() <= this.#settings.grace) findings.orphans_waiting++;
        else orphans.push({ id: undefined, key });
        continue;
      }
      const id = parseKey(key)?.id;
      if (id === undefined) findings.foreign++;
      else if (this.#database.asset(id)?.r2_key === key) progress.matched++;
      else if (sessions.names(id, key)) continue;
      else if (this.#database.voids.has(id)) continue; // Its deletion is under way.
      else if (Date.now() - uploaded.getTime() <= this.#settings.grace) findings.orphans_waiting++;
      else if (isLost(this.#vault.lostWindows, uploaded.getTime())) findings.orphans_kept++;
      else orphans.push({ id, key });
    }
    if (orphans.length > 0) await this.#enqueue(discardBodies(this.#database, orphans));
    findings.orphans_deleted += orphans.length;
    if (page.truncated) return;
    progress.phase = "missing";
    progress.after = 0;
    if (progress.matched >= row.assets) this.#end(findings);
  }

  /** Asks R2 for the bodies of the next assets. */
  async #missing(progress: Progress, findings: ReconcileFindings): Promise<void> {
    const assets = this.#database.bodyKeysAfter(progress.after, HEADS);
    const doubted: string[] = [];
    const heads = await this.#bucket.heads(assets.map(({ r2_key }) => r2_key));
    for (const [i, { id }] of assets.entries()) {
      // The body of an asset that was deleted in the meantime is not missing.
      if (heads[i] || !this.#database.asset(id)) continue;
      if (this.#database.doubts.has(id)) {
        doubted.push(id);
        continue;
      }
      findings.missing++;
      if (findings.missing_ids.length < MAX_MISSING_IDS) findings.missing_ids.push(id);
    }
    if (doubted.length > 0) await this.#enqueue(removeAll(this.#database, doubted));
    findings.removed += doubted.length;
    progress.after = assets.at(-1)?.seq ?? progress.after;
    if (assets.length < HEADS) this.#end(findings);
  }

  async #enqueue(operation: Operation<object>): Promise<void> {
    await this.#vault.write(THE_VAULT, operation, "urgent");
  }
}
