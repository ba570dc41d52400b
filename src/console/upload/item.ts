/** One file on its way into a vault. */

import { type StoredAsset, type Strongroom, StrongroomError } from "../../client/index.ts";
import { Meter } from "./meter.ts";
import type { Target } from "./names.ts";
import type { Refused } from "./words.ts";

/** A larger file goes in several requests, so that a pause or a lost connection costs little of it. Bytes. */
export const SINGLE_BYTES = 4 * 1024 * 1024;

/**
 * With so little left, a request may have arrived as a whole before it is stopped: a browser tells late what it has sent.
 * It goes on to its end, and is deleted when it was cancelled. Bytes.
 */
const NEARLY_BYTES = 1024 * 1024;

export type ItemState = "queued" | "sending" | "paused" | "failed" | "done";

let made = 0;

const newKey = (): string => crypto.getRandomValues(new Uint32Array(4)).join("-");

export class UploadItem {
  readonly id = ++made;
  readonly file: File;
  readonly name: string;
  readonly target: Target;
  readonly vault: Strongroom;
  state: ItemState = "queued";
  isCancelled = false;
  /** How much of it has gone. Bytes. */
  loaded = 0;
  readonly meter = new Meter();
  refused: Refused | undefined;
  /** What it has become. */
  assetId: string | undefined;
  /** Failures in a row without any byte that is known to have arrived between them. */
  failures = 0;
  /** The attempt under way. */
  attempt: Attempt | undefined;
  /** Where an upload in several requests is. */
  #url: string | undefined;
  /** How much the server is known to have. Bytes. */
  #safe = 0;
  /** All of it went out in one request, and what came of it is unknown. */
  #mayBeStored = false;
  /**
   * The same for all attempts that may have arrived: so it is stored once. Any other attempt has one of its own, since the
   * server takes one that broke off for alive for up to a minute.
   */
  #key = newKey();

  constructor(file: File, name: string, target: Target, vault: Strongroom) {
    this.file = file;
    this.name = name;
    this.target = target;
    this.vault = vault;
  }

  get size(): number {
    return this.file.size;
  }

  get isResumable(): boolean {
    return this.size > SINGLE_BYTES;
  }

  /** @param moved told how many more bytes have gone by this attempt, and whether the server has more than ever before */
  async send(moved: (bytes: number, isFurther: boolean) => void): Promise<StoredAsset> {
    const attempt = new Attempt();
    this.attempt = attempt;
    /** What was there before counts for no rate. */
    let isFirst = this.isResumable;
    const onProgress = ({ loaded }: { loaded: number }): void => {
      if (!this.isResumable && loaded < this.loaded && !this.#mayBeStored) {
        // The client begins anew with the same key.
        return attempt.stop(new StrongroomError("the connection broke", { code: "NETWORK_ERROR", status: 0 }));
      }
      const more = isFirst ? 0 : loaded - this.loaded;
      // The server says first how much it has. What comes after that has gone out, and may not arrive.
      const isFurther = isFirst && loaded > this.#safe;
      if (isFurther) {
        this.#safe = loaded;
        this.failures = 0;
      }
      isFirst = false;
      this.loaded = loaded;
      if (!this.isResumable && loaded === this.size) this.#mayBeStored = true;
      moved(Math.max(more, 0), isFurther);
    };
    const onUrl = (url: string): void => {
      this.#url = url;
      attempt.known();
    };
    const how = this.isResumable
      ? { resumable: { url: this.#url, onUrl } }
      : { resumable: false, idempotencyKey: this.#key };
    const { signal } = attempt;
    if (!this.isResumable) this.loaded = 0;
    try {
      const asset = await this.vault.assets.upload(
        this.file,
        { ...this.target, filename: this.name },
        { onProgress, signal, ...how },
      );
      this.assetId = asset.id;
      return asset;
    } catch (error) {
      // An answer that says no is one that says that it is not stored.
      const status = (error as { status?: number }).status ?? 0;
      if (status >= 400 && status < 500 && status !== 408 && status !== 409) this.#mayBeStored = false;
      if (!this.#mayBeStored) this.#key = newKey();
      throw error;
    } finally {
      this.attempt = undefined;
    }
  }

  /**
   * Ends the attempt under way. One whose place is not known yet ends when it is: else it could not be found again.
   *
   * @param isHanging nobody answers: it would not come to its end by itself
   */
  interrupt(isHanging = false): void {
    const { attempt } = this;
    if (!attempt) return;
    if (this.isResumable) {
      if (this.#url === undefined) attempt.stopWhenKnown();
      else attempt.stop();
      return;
    }
    const isNearly = this.size - this.loaded <= NEARLY_BYTES;
    if (isNearly && !isHanging) return;
    this.#mayBeStored ||= isNearly;
    attempt.stop();
  }

  /** Whether something of it may be on the server. */
  get hasTraces(): boolean {
    return this.assetId !== undefined || this.#url !== undefined || this.#mayBeStored;
  }

  /** Removes what is on the server of a cancelled upload. No attempt may be under way. */
  async clearAway(): Promise<void> {
    const { assets, uploads } = this.vault;
    if (this.assetId === undefined && this.#url !== undefined) {
      this.assetId = (await uploads.cancel(this.#url)).asset_id ?? undefined;
    }
    // The answer got lost: the same upload gets the same answer.
    if (this.assetId === undefined && this.#mayBeStored) await this.send(() => {});
    if (this.assetId === undefined) return;
    try {
      await assets.delete(this.assetId);
    } catch (error) {
      if ((error as { status?: number }).status !== 404) throw error;
    }
  }
}

/** What can end an attempt. */
class Attempt {
  readonly #controller = new AbortController();
  #isToStop = false;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  stop(reason?: Error): void {
    this.#controller.abort(reason);
  }

  stopWhenKnown(): void {
    this.#isToStop = true;
  }

  known(): void {
    if (this.#isToStop) this.stop();
  }
}
