/** The asset whose panel is open: its record, what is edited of it, and how that is saved. */

import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Asset, type StoredAsset, type Strongroom, StrongroomError } from "../../client/index.ts";
import { patch, remove, rows } from "../browse/rows.ts";
import { inLabels, OUT_OF_REACH } from "../ui/labels.ts";
import { changed, type Draft, draftOf, meet, type Meeting, requestsFor } from "./draft.ts";
import { readObject, same } from "./json.ts";
import { type Form, formOf, type Row, rowsOf } from "./rows.ts";

/** What someone else has made of the asset while it was edited here. */
export interface Conflict extends Meeting {
  readonly theirs: StoredAsset;
}

type Place = Pick<Draft, "filename" | "partition" | "collection" | "channel">;

const isCode = (error: unknown, code: string): boolean => error instanceof StrongroomError && error.code === code;

export class Opened {
  readonly id: string;
  readonly #vault: Strongroom;
  /** The record as the server told it last. What is edited is compared with it. */
  readonly asset: Signal<StoredAsset | undefined> = signal(undefined);
  /** Why there is no record. */
  readonly error: Signal<unknown> = signal(undefined);
  /** Whether it was deleted, here or by someone else. */
  readonly isGone = signal(false);

  readonly place: Signal<Place> = signal({ filename: "", partition: "", collection: "", channel: "" });
  readonly tags: Signal<readonly string[]> = signal([]);
  readonly rows: Signal<readonly Row[]> = signal([]);
  /** The metadata while it is edited as one text. */
  readonly raw: Signal<string | undefined> = signal(undefined);
  readonly form: ReadonlySignal<Form & { readonly problem?: string | undefined }>;
  readonly #draft: ReadonlySignal<Draft>;
  /** The names of the parts that were edited. */
  readonly changes: ReadonlySignal<readonly string[]>;
  /** Whether what is typed can be saved at all. */
  readonly isSound: ReadonlySignal<boolean>;

  readonly isSaving = signal(false);
  readonly saveError: Signal<unknown> = signal(undefined);
  /** What someone else did, once it is known. */
  readonly conflict: Signal<Conflict | undefined> = signal(undefined);
  /** Whether it is looked at: both sides are shown, to choose from. */
  readonly isComparing = signal(false);

  #refreshing: Promise<void> | undefined;
  #isListed = false;

  constructor(vault: Strongroom, id: string) {
    this.#vault = vault;
    this.id = id;
    this.form = computed(() => {
      const text = this.raw.value;
      if (text === undefined) return formOf(this.rows.value);
      const read = readObject(text);
      return { metadata: read.problem === undefined ? read.value : {}, problems: new Map(), problem: read.problem };
    });
    this.#draft = computed(() => ({
      ...this.place.value,
      tags: this.tags.value,
      metadata: this.form.value.metadata,
    }));
    this.isSound = computed(() => this.form.value.problems.size === 0 && this.form.value.problem === undefined);
    this.changes = computed(() => {
      const asset = this.asset.value;
      if (!asset) return [];
      const names = changed(draftOf(asset), this.#draft.value);
      // What is not sound is not in the draft: of the metadata nothing more is known than that it was edited.
      return this.isSound.value ? names : [...names.filter((name) => !name.startsWith("metadata.")), "metadata"];
    });
  }

  /** Gets the record, or what has become of it. What is being edited stays. */
  async refresh(): Promise<void> {
    this.#refreshing ??= this.#get().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #get(): Promise<void> {
    this.error.value = undefined;
    try {
      const now = await this.#vault.assets.get(this.id);
      if (!this.isSaving.value) this.#seen(now);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (isCode(error, "ASSET_NOT_FOUND")) {
      this.isGone.value = true;
      // Unless it was never there, which is another thing to say.
      if (this.asset.value) remove(this.id);
    } else if (!this.asset.value) this.error.value = error;
  }

  /** Takes over what the server has, unless it would undo what was edited. */
  #seen(now: StoredAsset): void {
    const before = this.asset.value;
    if (before?.etag === now.etag) return;
    if (!before || this.changes.value.length === 0) this.#adopt(now);
    else this.#meet(before, now);
  }

  #meet(before: StoredAsset, theirs: StoredAsset): void {
    this.conflict.value = { theirs, ...meet(draftOf(before), this.#draft.value, draftOf(theirs)) };
  }

  /** Makes a record the one that is shown, with nothing edited of it. */
  #adopt(asset: StoredAsset): void {
    batch(() => {
      this.asset.value = asset;
      this.conflict.value = undefined;
      this.isComparing.value = false;
      this.saveError.value = undefined;
      this.edit(draftOf(asset));
    });
  }

  /** Replaces all that is edited. */
  edit({ tags, metadata, filename, partition, collection, channel }: Draft): void {
    batch(() => {
      this.place.value = { filename, partition, collection, channel };
      this.tags.value = tags;
      this.rows.value = rowsOf(metadata);
      if (this.raw.value !== undefined) this.raw.value = JSON.stringify(metadata, null, 2);
    });
  }

  discard(): void {
    const conflict = this.conflict.value;
    const asset = conflict?.theirs ?? this.asset.value;
    if (asset) this.#adopt(asset);
  }

  /** Metadata as one text, or as rows again. What is not sound stays as it is. */
  showRaw(isRaw: boolean): void {
    if (!this.isSound.value) return;
    const { metadata } = this.form.value;
    batch(() => {
      this.rows.value = rowsOf(metadata);
      this.raw.value = isRaw ? JSON.stringify(metadata, null, 2) : undefined;
    });
  }

  /** Saves what was edited, if nobody has changed the asset since. Returns whether it is saved. */
  async save(): Promise<boolean> {
    const before = this.asset.value;
    if (!before || this.isSaving.value || !this.isSound.value) return false;
    if (this.conflict.value) {
      this.isComparing.value = true;
      return false;
    }
    return this.#write(before, this.#draft.value);
  }

  /** Saves what was chosen of both sides. */
  async resolve(chosen: (name: string) => "theirs" | "yours"): Promise<boolean> {
    const conflict = this.conflict.value;
    if (!conflict || this.isSaving.value) return false;
    const draft = conflict.resolve(chosen);
    batch(() => {
      this.asset.value = conflict.theirs;
      this.conflict.value = undefined;
      this.isComparing.value = false;
      this.edit(draft);
    });
    return this.#write(conflict.theirs, draft);
  }

  async #write(before: StoredAsset, draft: Draft): Promise<boolean> {
    batch(() => {
      this.isSaving.value = true;
      this.saveError.value = undefined;
    });
    let now = before;
    try {
      for (const { change, mergePatch } of requestsFor(draftOf(before), draft)) {
        const options = { ifMatch: now.etag };
        // oxlint-disable-next-line no-await-in-loop -- each is bound to the state that the one before it made
        now = await (mergePatch
          ? this.#vault.assets.update(this.id, change, { ...options, mergePatch })
          : this.#vault.assets.update(this.id, change, options));
        this.asset.value = now;
      }
      // What was typed while it was saved is not saved: it stays.
      if (this.isSound.value && changed(draft, this.#draft.value).length === 0) this.#adopt(now);
      patch(now);
      return true;
    } catch (error) {
      if (isCode(error, "PRECONDITION_FAILED")) await this.#compare(now);
      else if (isCode(error, "ASSET_NOT_FOUND")) await this.#miss();
      else this.saveError.value = inLabels(error);
      return false;
    } finally {
      this.isSaving.value = false;
    }
  }

  /** It was deleted, unless it is still there: then it is its new place that the key does not reach. */
  async #miss(): Promise<void> {
    try {
      await this.#vault.assets.get(this.id);
      this.saveError.value = new Error(OUT_OF_REACH);
    } catch (error) {
      if (isCode(error, "ASSET_NOT_FOUND")) this.#failed(error);
      else this.saveError.value = inLabels(error);
    }
  }

  /** Someone else was faster: gets what they have made of it. */
  async #compare(before: StoredAsset): Promise<void> {
    try {
      this.#meet(before, await this.#vault.assets.get(this.id));
      this.isComparing.value = true;
    } catch (error) {
      if (isCode(error, "ASSET_NOT_FOUND")) this.#failed(error);
      else this.saveError.value = inLabels(error);
    }
  }

  /**
   * Deletes the asset, if it is still as it is shown. Returns whether it is gone; when it was changed meanwhile it is not,
   * and what is shown is new.
   */
  async delete(): Promise<"deleted" | "changed"> {
    const before = this.asset.value;
    try {
      if (before) await this.#vault.assets.delete(this.id, { ifMatch: before.etag });
    } catch (error) {
      if (isCode(error, "PRECONDITION_FAILED")) {
        await this.refresh();
        return "changed";
      }
      if (!isCode(error, "ASSET_NOT_FOUND")) throw error;
    }
    this.isGone.value = true;
    remove(this.id);
    return "deleted";
  }

  /** Looks whether the list knows of another state than the one that is shown. Called whenever the list changes. */
  compareWithList(): void {
    const [listed, shown] = [rows.value.find(({ id }) => id === this.id), this.asset.peek()];
    const wasListed = this.#isListed;
    this.#isListed = listed !== undefined;
    if (!shown || this.isSaving.peek() || this.isGone.peek()) return;
    // It was deleted, or moved to where the list does not look.
    if (!listed) void (wasListed && this.refresh());
    else if (!isSameRecord(listed, this.conflict.peek()?.theirs ?? shown)) void this.refresh();
  }
}

const isSameRecord = (listed: Asset, shown: StoredAsset): boolean =>
  listed.updated_at === shown.updated_at && same(draftOf(listed), draftOf(shown));
