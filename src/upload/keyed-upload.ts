/** An upload with an Idempotency-Key, on its way: what the vault is told of it, and what it is known by. */

import { fingerprint } from "../http/idempotency.ts";
import type { ApiRequest } from "../http/request.ts";
import type { NewAsset, StoredRecord } from "../model/asset.ts";
import type { Result } from "../model/refusal.ts";
import { type Acknowledged, joinFingerprint, type SafeRetry, type UploadFingerprint } from "../model/safe-retry.ts";
import { logError } from "../runtime/log.ts";
import { DISCARD_MS, RUNNING_SIGN_MS } from "./limits.ts";

/** What two uploads must have in common, beside the bytes of their file, to be the same. */
export type UploadFields = Pick<
  NewAsset,
  "partition" | "collection" | "channel" | "filename" | "metadata" | "tags" | "mime_type"
>;

/** What is known of an upload before its file has come. */
export interface Announced {
  readonly fields: UploadFields;
  /** The SHA-256 that the client has promised, in lower-case hex. */
  readonly sha256: string | undefined;
}

export class KeyedUpload {
  readonly #api: ApiRequest;
  readonly key: string;
  readonly #createOnly: boolean;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isHandedOver = false;

  constructor(api: ApiRequest, key: string, createOnly: boolean) {
    this.#api = api;
    this.key = key;
    this.#createOnly = createOnly;
  }

  /**
   * Tells the vault that the upload begins, and from then on that it goes on, until {@link handOver} or {@link end}. Returns the answer that
   * the same upload has had before, if that can be told yet. Then there is nothing left to do.
   */
  async begin(announced: Announced | undefined): Promise<Result<{ record: Acknowledged<StoredRecord> | null }>> {
    const known: UploadFingerprint = {
      fields: announced && this.#fieldsOf(announced.fields),
      bytes: announced?.sha256 === undefined ? undefined : fingerprint(announced.sha256),
    };
    const begun = await this.#api.vault("repeatable", (stub, caller) => stub.beginUpload(caller, this.key, known));
    if (begun.ok && !begun.record) this.#timer = setInterval(() => void this.#showSign(known), RUNNING_SIGN_MS);
    return begun;
  }

  /** What the commit is given. The upload ends with it, whatever comes of it. */
  handOver(upload: NewAsset): SafeRetry {
    this.#isHandedOver = true;
    // The vault ends the upload with the commit. A later sign of life would have it begin again.
    clearInterval(this.#timer);
    // The size need not be compared: it is that of the bytes.
    const bytes = fingerprint(upload.sha256);
    return { key: this.key, fingerprint: joinFingerprint(this.#fieldsOf(upload), bytes) };
  }

  /** Tells the vault no more. An upload that has not come as far as its commit is over. */
  async end(): Promise<void> {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    if (this.#isHandedOver) return;
    try {
      const ended = this.#api.vault("once", (stub, caller) => stub.endUpload(caller, this.key));
      await this.#api.watchdog.within(DISCARD_MS, ended);
    } catch (error) {
      // The vault forgets the upload by itself.
      this.#log("upload: the end could not be told", error);
    }
  }

  async #showSign(known: UploadFingerprint): Promise<void> {
    try {
      await this.#api.vault("once", (stub, caller) => stub.beginUpload(caller, this.key, known));
    } catch (error) {
      this.#log("upload: the vault could not be told that it goes on", error);
    }
  }

  #fieldsOf({ partition, collection, channel, filename, metadata, tags, mime_type }: UploadFields): string {
    const path = [partition, collection, channel, filename];
    return fingerprint(this.#api.endpoint, path, metadata, tags, mime_type, this.#createOnly);
  }

  #log(event: string, error: unknown): void {
    logError(event, error, { request: this.#api.id, vault: this.#api.vaultId });
  }
}
