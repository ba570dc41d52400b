/** Uploads in several requests, by the protocol tus 1.0.0: when one of them breaks, what has arrived stays. */

import { StrongroomError } from "./error.ts";
import { pauseBefore, sleep } from "./retry.ts";
import { sentOver, wayToSend } from "./sending.ts";
import { inVault, type Transport } from "./transport.ts";
import type { ResumableOptions, StoredAsset, UploadOptions } from "./types.ts";
import { stored } from "./values.ts";

/** What goes into one request: less than proxies let through, and a multiple of the parts that the server makes. Bytes. */
const REQUEST_BYTES = 32 * 1024 * 1024;

/** What is larger fits into no other upload. Bytes. */
const LARGEST_SINGLE = 100 * 1024 * 1024;

/** How often in a row an upload may fail beyond what any call may: much would be lost, and a server is soon there again. */
const MORE_RETRIES = 2;

/** So often the server may know nothing of an upload: of one that was kept, and of one that was lost with its vault. */
const MOST_LOSSES = 2;

export const TUS = { "Tus-Resumable": "1.0.0" };

/** How far an upload is. */
interface Place {
  readonly id: string;
  readonly offset: number;
  /** What has come of it; undefined while bytes are missing. */
  readonly asset?: string | undefined;
}

/** What is uploaded: a file, and its fields as texts. */
export interface ResumableFile {
  readonly source: Blob;
  readonly fields: Readonly<Record<string, string | undefined>>;
}

/**
 * Whether a file goes in several requests: if it is asked for, and by itself if the file is too large for one. Throws
 * TypeError when that cannot be.
 */
export function isResumable(source: Blob | ReadableStream, options: UploadOptions, token: string): boolean {
  const { resumable, ifNoneMatch, idempotencyKey } = options;
  // The record that an upload comes to would have to be read.
  const why =
    source instanceof ReadableStream
      ? "a stream can be read once only"
      : token.startsWith("uk_")
        ? "an upload key may not read what it has made"
        : ifNoneMatch !== undefined || idempotencyKey !== undefined
          ? "it takes neither ifNoneMatch nor idempotencyKey"
          : undefined;
  if (resumable && why !== undefined) throw new TypeError(`resumable: ${why}`);
  return resumable ? true : resumable === undefined && why === undefined && (source as Blob).size > LARGEST_SINGLE;
}

/** Uploads a file in several requests, from where an upload before has come to. */
export class ResumableUpload {
  readonly #transport: Transport;
  readonly #vaultId: string;
  readonly #file: ResumableFile;
  readonly #options: UploadOptions;
  readonly #resumable: ResumableOptions;

  constructor(transport: Transport, vaultId: string, file: ResumableFile, options: UploadOptions) {
    this.#transport = transport;
    this.#vaultId = vaultId;
    this.#file = file;
    this.#options = options;
    this.#resumable = typeof options.resumable === "object" ? options.resumable : {};
    const { requestBytes = REQUEST_BYTES } = this.#resumable;
    if (!(Number.isSafeInteger(requestBytes) && requestBytes > 0))
      throw new TypeError("resumable.requestBytes: must be a whole number, at least 1");
  }

  async run(): Promise<StoredAsset> {
    const { signal } = this.#options;
    const { url } = this.#resumable;
    const mostFailures = this.#transport.maxRetries && this.#transport.maxRetries + MORE_RETRIES;
    let at: Place | undefined =
      url === undefined ? undefined : { id: uploadIdIn(url, this.#vaultId, "resumable.url"), offset: 0 };
    /** Whether the server is to say first how far it is. */
    let isUnsure = at !== undefined;
    /** Whether nothing has been sent: what is known of the upload is from an earlier one. */
    let isKept = isUnsure;
    let losses = 0;
    let failures = 0;
    let furthest = 0;
    for (;;) {
      try {
        if (!at) at = await this.#begin();
        else if (isUnsure || at.offset === this.#size) at = await this.#look(at.id);
        else {
          isKept = false;
          at = await this.#append(at);
        }
        isUnsure = false;
        if (at.asset !== undefined) return await this.#record(at.asset);
        if (at.offset > furthest) failures = 0;
        furthest = Math.max(furthest, at.offset);
      } catch (error) {
        if (!(error instanceof StrongroomError)) throw error;
        // An asset that was made earlier may have been deleted since.
        if (at && (isGone(error) || (isKept && error.code === "ASSET_NOT_FOUND"))) {
          if (++losses > MOST_LOSSES) throw error;
          at = undefined;
          isKept = false;
          furthest = 0;
          continue;
        }
        const pause = mayGoOn(error) && at && ++failures <= mostFailures ? pauseBefore(failures, error) : undefined;
        if (pause === undefined) throw error;
        isUnsure = true;
        this.#transport.onRetry?.(error, pause);
        await sleep(pause, signal);
      }
    }
  }

  get #size(): number {
    return this.#file.source.size;
  }

  async #begin(): Promise<Place> {
    const pairs = Object.entries(this.#file.fields).map(([name, text]) =>
      text === undefined ? [] : [`${name} ${base64(text)}`],
    );
    const headers = { ...TUS, "Upload-Length": String(this.#size), "Upload-Metadata": pairs.flat().join(",") };
    const { signal } = this.#options;
    // When an answer is lost, the upload that it was about keeps its room until it expires. To fail instead would free
    // nothing, and whoever tries again would begin another one too. With a ticket, another one ends the one before.
    const call = { method: "POST", path: this.#path(), headers, signal, isHarmless: true } as const;
    const response = await this.#transport.open(call);
    // Not the whole of it: a proxy may have put the API below another path.
    const id = response.headers.get("Location")?.split("/").at(-1);
    if (!id) throw this.#odd("the answer does not say where the upload is");
    await this.#resumable.onUrl?.(this.#transport.url({ path: this.#path(id) }));
    this.#report(0);
    return { id, offset: 0 };
  }

  async #look(id: string): Promise<Place> {
    const { signal } = this.#options;
    const call = { method: "GET", path: this.#path(id), headers: TUS, signal } as const;
    const { offset, length, asset_id } = await this.#transport.json(call, (status) => status as Status);
    if (length !== this.#size) throw new TypeError(`resumable.url: is of a file that has ${length} bytes`);
    if (offset === length && asset_id === null) throw this.#odd("the upload is complete, but there is no asset yet");
    this.#report(offset);
    return { id, offset, asset: asset_id ?? undefined };
  }

  async #append({ id, offset }: Place): Promise<Place> {
    const { signal, onProgress } = this.#options;
    const piece = this.#file.source.slice(offset, offset + (this.#resumable.requestBytes ?? REQUEST_BYTES));
    const body = { pieces: [piece], length: piece.size, before: 0, size: piece.size };
    const moved = onProgress && ((now: { loaded: number }) => this.#report(offset + now.loaded));
    let answer: Headers | undefined;
    const sending = sentOver(
      wayToSend(moved !== undefined, this.#transport.isOwnFetch),
      body,
      moved,
      (response) => (answer = response.headers),
    );
    await this.#transport.done({
      method: "PATCH",
      path: this.#path(id),
      headers: { ...TUS, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" },
      signal,
      // What has arrived of it counts: the rest is another request.
      isOnce: true,
      ...sending,
    });
    const now = Number(answer?.get("Upload-Offset") ?? Number.NaN);
    if (now !== offset + piece.size) throw this.#odd("the answer does not say that all has arrived");
    return { id, offset: now, asset: answer?.get("Location")?.split("/").at(-1) };
  }

  #record(id: string): Promise<StoredAsset> {
    const path = inVault(this.#vaultId, "assets", id);
    return this.#transport.json({ method: "GET", path, signal: this.#options.signal }, stored);
  }

  #report(loaded: number): void {
    this.#options.onProgress?.({ loaded, total: this.#size });
  }

  #path(...rest: string[]): string[] {
    return inVault(this.#vaultId, "uploads", ...rest);
  }

  /** What the server should not have said, and may not say again. */
  #odd(message: string): StrongroomError {
    return new StrongroomError(message, { code: "UNAVAILABLE", status: 503 });
  }
}

interface Status {
  readonly offset: number;
  readonly length: number;
  readonly asset_id: string | null;
}

/**
 * The id of an upload whose URL was kept.
 *
 * @param name what the caller calls the URL
 */
export function uploadIdIn(url: string, vaultId: string, name: string): string {
  const [, ofVault, id] = /\/vaults\/([^/?#]+)\/uploads\/([^/?#]+)$/.exec(url) ?? [];
  if (ofVault !== vaultId || id === undefined) throw new TypeError(`${name}: must be that of an upload to this vault`);
  return id;
}

/** The server knows of no such upload: it has ended, or the vault was lost that it was in. */
const isGone = ({ status, code }: StrongroomError): boolean =>
  code === "UPLOAD_EXPIRED" || (status === 404 && code === "NOT_FOUND");

/** Whether an upload that failed in this way can go on. */
const mayGoOn = ({ status, code }: StrongroomError): boolean =>
  [0, 408, 423, 429].includes(status) || status >= 500 || code === "UPLOAD_OFFSET_MISMATCH";

const base64 = (text: string): string =>
  btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
