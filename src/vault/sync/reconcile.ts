import type { Env } from "../../env.ts";
import { UNCONDITIONAL } from "../../model/etag.ts";
import { log } from "../../runtime/log.ts";
import { MAX_MISSING_IDS } from "../../model/limits.ts";
import { isLost, type LostWindow } from "../../model/lost-window.ts";
import type { Result } from "../../model/refusal.ts";
import { type Actor, THE_VAULT } from "../../model/vault.ts";
import { timestamp } from "../../model/time.ts";
import { breathe } from "../../runtime/wait.ts";
import type { BoundedD1 } from "../../d1/bounded.ts";
import { keyPage, PAGE_ROWS, revisionPage } from "../../d1/vaults.ts";
import type { Bucket } from "../../r2/bucket.ts";
import { parseKey, vaultPrefix } from "../../r2/keys.ts";
import { deleteAsset, voidAsset } from "../state/assets.ts";
import { covered } from "./covered.ts";
import type { VaultDatabase } from "../state/database.ts";
import { LAST_KEY_ID } from "../state/key-table.ts";
import { MAX_CALLS } from "../limits.ts";
import type { VaultRow } from "../state/schema.ts";
import type { Operation } from "../state/group-commit.ts";

/** Bodies asked for in one step, each by a call. */
const HEADS = 30;
/** Simultaneous connections of one invocation, R2 calls included, are six. */
const HEADS_AT_ONCE = 5;

/** What a reconciliation found and did, as the operator sees it. */
export interface Findings {
  started_at: string;
  /** null while it is under way. */
  finished_at: string | null;
  /** Rows that D1 lacked or had in an older state: recorded again. */
  restored: number;
  /** Rows that D1 had of assets that are no more: deleted. So are assets that only an old storage still had. */
  removed: number;
  /** Bodies that no asset names, past the grace period: deleted. */
  orphans_deleted: number;
  /** The same within the grace period: perhaps uploads under way. */
  orphans_waiting: number;
  /** The same from a time of which the record is lost (see README): left alone, for someone to look at. */
  orphans_kept: number;
  /** Objects under the vault's prefix that are no asset's body by their name: left alone. */
  foreign: number;
  /** Assets whose body is missing: reported, never dropped. */
  missing: number;
  missing_ids: string[];
}

/** Where a reconciliation stands; kept after every step, so that it goes on where it was cut off. */
interface Progress {
  phase: "keys" | "rows" | "bodies" | "missing";
  /** rows and missing: the last seq seen. */
  after: number;
  /** keys and bodies: the last id, or key in R2, seen. */
  afterKey: string;
  /** Bodies seen that an asset names: as many as there are assets means that none is missing. */
  matched: number;
}

interface State {
  progress: Progress | null;
  findings: Findings | null;
  /** Whether another was asked for while this one was under way: it follows. */
  again?: boolean;
}

/** What the reconciler needs of its vault. */
export interface Reconciled {
  readonly row: Readonly<VaultRow>;
  readonly lostWindows: readonly LostWindow[];
  /** How far D1 has everything. */
  readonly relayD1: { readonly watermark: number };
  /** Has D1 forget keys that the vault does not know, and hear of those that it lacks, with its next flush. */
  correctKeys(unknown: readonly string[], lacking: readonly string[]): void;
  write(actor: Actor, operation: Operation<object>, urgency: "urgent"): Promise<Result>;
}

export interface ReconcileSettings {
  /** How old a body without an asset must be before it is deleted: far longer than any upload may take. Milliseconds. */
  readonly grace: number;
  /** From the end of one reconciliation to the next. Milliseconds. */
  readonly every: number;
}

/**
 * Compares index, D1 and R2, one bounded step at a time, and makes them agree. The index is right where it has an opinion. It
 * never writes D1 or R2 itself: it enqueues what they should hear again, and the relays do the rest in the
 * order of revisions. On a vault whose stores agree it changes nothing.
 *
 *     keys ── index and D1 side by side, by id
 *     rows ── index and D1 side by side, by seq
 *     bodies ── what R2 has under the vault's prefix, each looked up by its asset's id (key order is not seq order)
 *     missing ── only if fewer bodies matched than there are assets: each asset's body asked for by name
 */
export class Reconciler {
  readonly #live: Reconciled;
  readonly #database: VaultDatabase;
  readonly #db: BoundedD1;
  readonly #bucket: Bucket;
  readonly #settings: ReconcileSettings;
  #due: number;
  #state: State;

  constructor(
    live: Reconciled,
    stores: { database: VaultDatabase; db: BoundedD1; bucket: Bucket },
    settings: ReconcileSettings,
  ) {
    this.#live = live;
    this.#database = stores.database;
    this.#db = stores.db;
    this.#bucket = stores.bucket;
    this.#settings = settings;
    const saved = this.#database.reconcile();
    this.#due = saved?.due ?? Date.now() + settings.every;
    if (!saved) this.#database.saveReconcile(this.#due, null);
    this.#state = saved?.state ? (JSON.parse(saved.state) as State) : { progress: null, findings: null };
  }

  /** When there is something to do; epoch milliseconds. */
  get due(): number {
    return this.#state.progress ? Date.now() : this.#due;
  }

  /** The reconciliation under way, or the last one; null before the first. */
  get findings(): Findings | null {
    return this.#state.findings;
  }

  /** Asks for one now. One that is under way goes on, for it has looked at some things already; then another follows. */
  request(): void {
    if (this.#state.progress) this.#state.again = true;
    else this.#due = Date.now();
    // Refused assets are tried again too, by the same alarm and before anything is compared.
    this.#database.outbox.retryParkedAt(Date.now());
    this.#save();
  }

  /** Steps until nothing is due, `until` (epoch milliseconds) is over or as many calls are made as one run may. */
  async run(until: number): Promise<void> {
    for (let calls = 0; Date.now() >= this.due && Date.now() < until; await breathe()) {
      const { progress, findings } = this.#begin();
      // A page is one call; what is enqueued makes D1 and R2 be called once more each.
      calls += progress.phase === "missing" ? HEADS : 3;
      if (calls > MAX_CALLS) return;
      if (progress.phase === "keys") await this.#keys(progress, findings);
      else if (progress.phase === "rows") await this.#rows(progress, findings);
      else if (progress.phase === "bodies") await this.#bodies(progress, findings);
      else await this.#missing(progress, findings);
      this.#save();
    }
  }

  #begin(): { progress: Progress; findings: Findings } {
    const { progress, findings } = this.#state;
    if (progress && findings) return { progress, findings };
    const begun = {
      progress: { phase: "keys", after: 0, afterKey: "", matched: 0 } as Progress,
      findings: {
        started_at: timestamp(Date.now()),
        finished_at: null,
        restored: 0,
        removed: 0,
        orphans_deleted: 0,
        orphans_waiting: 0,
        orphans_kept: 0,
        foreign: 0,
        missing: 0,
        missing_ids: [],
      },
    };
    this.#state = begun;
    return begun;
  }

  #end(findings: Findings): void {
    findings.finished_at = timestamp(Date.now());
    this.#state.progress = null;
    this.#due = Date.now() + (this.#state.again ? 0 : this.#settings.every);
    if (!this.#state.again) this.#database.doubts.clear();
    delete this.#state.again;
    log("reconcile: done", { vault: this.#live.row.id, ...findings });
  }

  #save(): void {
    this.#database.saveReconcile(this.#due, JSON.stringify(this.#state));
  }

  async #keys(progress: Progress, findings: Findings): Promise<void> {
    const recorded = this.#live.relayD1.watermark;
    const theirs = await keyPage(this.#db, this.#live.row.id, progress.afterKey, "");
    const page = this.#database.keys.after(progress.afterKey, PAGE_ROWS);
    const end = covered([theirs.map(({ id }) => id), page.map(({ id }) => id)], PAGE_ROWS, LAST_KEY_ID);
    const ours = new Map(page.filter(({ id }) => id <= end).map((key) => [key.id, key]));
    const unknown: string[] = [];
    for (const { id, rev, revoked_at } of theirs) {
      if (id > end) break;
      const key = ours.get(id);
      if (!key) unknown.push(id);
      else if (key.rev > recorded || (key.rev === rev && key.revoked_at === revoked_at)) ours.delete(id);
    }
    const stale = [...ours.values()].filter((key) => key.rev <= recorded);
    if (stale.length + unknown.length > 0) {
      const lacking = stale.map(({ id }) => id);
      await this.#enqueue((change) => {
        change.next();
        change.effects.push(() => this.#live.correctKeys(unknown, lacking));
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

  async #rows(progress: Progress, findings: Findings): Promise<void> {
    // What is newer than this D1 need not have yet.
    const recorded = this.#live.relayD1.watermark;
    const theirs = await revisionPage(this.#db, this.#live.row.id, progress.after);
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
    if (end === Number.MAX_SAFE_INTEGER) progress.phase = "bodies";
    else progress.after = end;
  }

  async #bodies(progress: Progress, findings: Findings): Promise<void> {
    const { row } = this.#live;
    const page = await this.#bucket.list(vaultPrefix(row.id), progress.afterKey);
    const orphans: { id: string; key: string }[] = [];
    for (const { key, uploaded } of page.objects) {
      progress.afterKey = key;
      const id = parseKey(key)?.id;
      if (id === undefined) findings.foreign++;
      else if (this.#database.asset(id)?.r2_key === key) progress.matched++;
      else if (this.#database.voids.has(id)) continue; // Its deletion is on its way.
      else if (Date.now() - uploaded.getTime() <= this.#settings.grace) findings.orphans_waiting++;
      else if (isLost(this.#live.lostWindows, uploaded.getTime())) findings.orphans_kept++;
      else orphans.push({ id, key });
    }
    if (orphans.length > 0) await this.#enqueue(discardBodies(this.#database, orphans));
    findings.orphans_deleted += orphans.length;
    if (page.truncated) return;
    progress.phase = "missing";
    progress.after = 0;
    if (progress.matched >= row.assets) this.#end(findings);
  }

  async #missing(progress: Progress, findings: Findings): Promise<void> {
    const assets = this.#database.bodyKeysAfter(progress.after, HEADS);
    const deleted: string[] = [];
    for (let i = 0; i < assets.length; i += HEADS_AT_ONCE) {
      const some = assets.slice(i, i + HEADS_AT_ONCE);
      const heads = await Promise.all(some.map(({ r2_key }) => this.#bucket.head(r2_key)));
      for (const [j, asset] of some.entries()) {
        // Deleted in the meantime is not missing.
        if (heads[j] || !this.#database.asset(asset.id)) continue;
        if (this.#database.doubts.has(asset.id)) {
          deleted.push(asset.id);
          continue;
        }
        findings.missing++;
        if (findings.missing_ids.length < MAX_MISSING_IDS) findings.missing_ids.push(asset.id);
      }
    }
    if (deleted.length > 0) await this.#enqueue(removeAll(this.#database, deleted));
    findings.removed += deleted.length;
    progress.after = assets.at(-1)?.seq ?? progress.after;
    if (assets.length < HEADS) this.#end(findings);
  }

  async #enqueue(operation: Operation<object>): Promise<void> {
    await this.#live.write(THE_VAULT, operation, "urgent");
  }
}

/** Removes assets, as whoever deleted them once did. */
const removeAll =
  (database: VaultDatabase, ids: readonly string[]): Operation<object> =>
  (change) => {
    for (const id of ids) deleteAsset(database, id, UNCONDITIONAL)(change);
    return { ok: true };
  };

/** Tells D1 of these assets once more, as they are now or that they are gone. */
const noteChanges =
  (database: VaultDatabase, seqs: readonly number[]): Operation<object> =>
  (change) => {
    for (const seq of seqs) database.outbox.add({ kind: "change", rev: change.next(), seq });
    return { ok: true };
  };

/** Has bodies deleted that no asset names, unless one does by now; an upload that might still claim one is voided. */
const discardBodies =
  (database: VaultDatabase, orphans: readonly { id: string; key: string }[]): Operation<object> =>
  (change) => {
    for (const { id, key } of orphans) {
      if (database.asset(id)?.r2_key === key) continue;
      if (!database.asset(id)) voidAsset(database, id);
      database.outbox.add({ kind: "orphan", rev: change.next(), r2_key: key });
    }
    return { ok: true };
  };

const DAY_SECONDS = 24 * 60 * 60;

/** The operator's settings, or the defaults that the README names. */
export function reconcileSettings(env: Env): ReconcileSettings {
  const seconds = (value: string | undefined, otherwise: number): number => Number(value ?? otherwise) * 1000;
  return {
    grace: seconds(env.RECONCILE_GRACE_SECONDS, DAY_SECONDS),
    every: seconds(env.RECONCILE_EVERY_SECONDS, 7 * DAY_SECONDS),
  };
}
