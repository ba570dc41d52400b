/** What the client takes and gives. What goes over the wire as it is has its types in src/api/types.ts. */

import type { AssetRecord, DeletedAsset, ErrorCode, Page, TicketInfo, UploadFields } from "../api/types.ts";

export type {
  AssetChange,
  AssetListParameters,
  AssetMergePatch,
  AssetPathFields,
  BatchAnswer,
  BatchOperation,
  BatchResult,
  ChangesParameters,
  CreatedKey,
  CreatedVault,
  DeletedAsset,
  ErrorCode,
  Folder,
  FolderDeletion,
  FolderFields,
  FolderListParameters,
  IdListParameters,
  ImportAnswer,
  ImportedLine,
  ImportPage,
  KeyChangeFields,
  KeyInfo,
  KeyScope,
  KeyType,
  Link,
  NewKeyFields,
  NewLink,
  NewTicket,
  NewVault,
  Page,
  ReconcileFindings,
  Ticket,
  VaultChange,
  VaultInfo,
  VaultReport,
  VaultSettings,
} from "../api/types.ts";

/** The part of `fetch` that the client uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** How every client reaches the server. */
export interface ConnectionOptions {
  /** Where the API is, without `/api/v1`: `https://assets.example.com`. A path before it and a trailing slash are fine. */
  url: string;
  /** Sends the requests; the runtime's own `fetch` unless given. It must end a request when its `signal` says so. */
  fetch?: Fetch | undefined;
  /**
   * Milliseconds that each attempt may wait for its answer; 60,000 unless given, `Infinity` for no bound. For an upload:
   * milliseconds without progress. A download has to begin in time; its body may take as long as it takes.
   */
  timeout?: number | undefined;
  /** How often a call is repeated that failed, where that is safe; 3 unless given, 0 for never. */
  maxRetries?: number | undefined;
  /** Told why a call is made again, and in how many milliseconds. What it throws ends the call. */
  onRetry?: ((error: Error, pause: number) => void) | undefined;
}

/** What every call may be given, as its last argument. */
export interface CallOptions {
  /** Ends the call: it then rejects with the signal's reason, which is an `AbortError` unless another was given. */
  signal?: AbortSignal | undefined;
}

/** What every write may be given that is repeated after a lost answer. */
export interface WriteOptions extends CallOptions {
  /**
   * Names the write, so that it happens once: 1 to 64 visible characters of ASCII. Each call has a random one by itself, which
   * makes its own repeats safe. With one that you keep you can repeat the call itself, for 24 hours, even from another process:
   * the same call gets the first answer again, and another one fails with `IDEMPOTENCY_KEY_REUSED`.
   */
  idempotencyKey?: string | undefined;
}

/** An asset as it is stored: the record of the API, with `metadata` and `tags` as values. */
export interface Asset extends Omit<AssetRecord, "metadata" | "tags"> {
  metadata: Record<string, unknown>;
  tags: string[];
}

/** An asset with what its answer's headers say. */
export interface StoredAsset extends Asset {
  /** Names this state of the asset. As `ifMatch` it lets a change happen only to this state. */
  etag: string;
  /**
   * `recorded`: every store that the write concerns has it. `queued`: the vault's own storage has it, and the others will
   * get it as soon as they answer. A read is always `recorded`.
   */
  durability: "recorded" | "queued";
}

/** An asset that was created or has changed, as it is now. */
export interface ChangedAsset {
  type: "asset";
  asset: Asset;
  /** Names this state of the asset. */
  etag: string;
  /** The asset's place in every list. With `full`. */
  seq?: number;
  /** Of its file, in lower-case hex. With `full`. */
  sha256?: string;
}

/** What has become of an asset. */
export type Change = ChangedAsset | DeletedAsset;

/** A page of changes. It may be short or empty although there is more. */
export interface ChangesPage extends Page<Change> {
  /** What asks for what comes next, now or later. */
  cursor: string;
}

/** How a vault is followed. */
export interface WatchOptions extends CallOptions {
  /** The place to go on from. Unless given it begins with everything that there is; with `"now"`, with what comes. */
  cursor?: string | undefined;
  /** The most changes of a page; 1,000 unless given. */
  limit?: number | undefined;
  /** Called when a request has failed and is made again after a while. */
  onRetry?: ((error: Error) => void) | undefined;
  /** Called with each answer, also one that says that nothing has changed: all is well. */
  onAnswer?: (() => void) | undefined;
}

/** What an upload says of its file. */
export interface NewAssetFields extends Omit<UploadFields, "filename" | "metadata" | "tags"> {
  /** The name to store the file under. A `File` has one; anything else needs it. */
  filename?: string | undefined;
  /** A JSON object. */
  metadata?: Record<string, unknown> | undefined;
  tags?: readonly string[] | undefined;
}

/** What can be uploaded. For a file on disk in Node: `await openAsBlob(path)`, of `node:fs`. */
export type FileSource = Blob | ArrayBuffer | ArrayBufferView | ReadableStream<Uint8Array>;

/** How far an upload is. Both are bytes of the file. */
export interface Progress {
  loaded: number;
  total: number;
}

/** How an upload is made. */
export interface UploadOptions extends WriteOptions {
  /**
   * Called while the file is sent, and once when all of it has arrived. An upload that is repeated begins again at 0; a
   * resumable one goes on from what has arrived. Where
   * the runtime tells no progress (a service worker, or a browser with a `fetch` of your own) it is called at the end only.
   */
  onProgress?: ((progress: Progress) => void) | undefined;
  /** The media type. Unless given it is the file's own, and without one what the filename's extension says. */
  contentType?: string | undefined;
  /** Bytes of a stream; nothing else needs it. */
  size?: number | undefined;
  /**
   * Sends the file in several requests, and goes on where one of them broke; a file above 100 MiB goes so by itself unless
   * this is `false`. Not for streams, not with an upload key, and not with `ifNoneMatch` or `idempotencyKey`.
   */
  resumable?: boolean | ResumableOptions | undefined;
  /** `"*"`: only if no asset has this path and name yet; else the upload fails with `PRECONDITION_FAILED`. */
  ifNoneMatch?: "*" | undefined;
}

/** How a file is sent in several requests. */
export interface ResumableOptions {
  /**
   * Where an upload of the same file is that was broken off, as `onUrl` has told it. One that has ended meanwhile is begun
   * anew. Its fields stay those that it was begun with.
   */
  url?: string | undefined;
  /** Told where the upload is, before any byte is sent: whoever keeps it can go on later, for 24 hours after the last byte. */
  onUrl?: ((url: string) => void | Promise<void>) | undefined;
  /** The most that goes into one request; 32 MiB unless given. Bytes. */
  requestBytes?: number | undefined;
}

/** What was left to cancel of an upload. */
export interface CancelledUpload {
  /** The asset of an upload that had come to its end: it is there. Null when nothing is left. */
  asset_id: string | null;
}

/** Where a ticket stands, and the asset that came of it. */
export interface TicketState extends Omit<TicketInfo, "asset"> {
  asset: Asset | null;
}

/** How a file is uploaded by a ticket, and what is said of it. What the ticket says already may be left out. */
export interface TicketUploadOptions
  extends
    Pick<NewAssetFields, "filename" | "metadata" | "tags">,
    Omit<UploadOptions, "idempotencyKey" | "resumable">,
    Omit<ConnectionOptions, "url"> {}

/** Bytes from `offset`, `length` of them or all that follow. */
export interface Range {
  offset: number;
  length?: number | undefined;
}

/** How a folder is deleted. */
export interface DeleteFolderOptions extends CallOptions {
  /** The most assets that are deleted; all unless given. */
  limit?: number | undefined;
  /** Called after each request, with how many assets the call has deleted so far. */
  onProgress?: ((progress: { deleted: number }) => void) | undefined;
}

/** How a file is downloaded. */
export interface DownloadOptions extends CallOptions {
  /** A part of the file. One that lies outside of it fails with `RANGE_NOT_SATISFIABLE`. */
  range?: Range | undefined;
}

/** How a delivery URL is made. */
export interface DeliveryOptions {
  /** A delivery key of the vault, `dk_…`; the client's own key unless given. Whoever sees the URL has it. */
  token?: string | undefined;
  /** A browser saves the file instead of showing it. */
  download?: boolean | undefined;
}

/** Binds a change to a state of the asset. */
export interface IfMatch {
  /**
   * The `etag` of the state that is to be changed. If the asset has changed since, the call fails with
   * `PRECONDITION_FAILED`. Left out, the change is unconditional; `undefined` is refused, since it is a mistake.
   */
  ifMatch: string;
}

/** A file of `uploadMany`, with fields of its own, which go before those of the whole call. */
export interface FileWithFields extends Partial<NewAssetFields> {
  file: FileSource;
  /** Bytes of a stream. */
  size?: number | undefined;
  contentType?: string | undefined;
}

/** How many files are uploaded. */
export interface UploadManyOptions<T> extends CallOptions {
  /** Called while files are sent, with the file that it is about. */
  onProgress?: ((progress: Progress & { file: T }) => void) | undefined;
  /** Uploads at a time; what the client was made with unless given. */
  concurrency?: number | undefined;
}

/** What became of one file: an asset or an error. `file` is what was given for it. */
export type UploadOutcome<T> =
  | { file: T; asset: StoredAsset; error?: undefined }
  | { file: T; asset?: undefined; error: Error };

/**
 * What a failed call says: a code of the API, `NETWORK_ERROR` or `TIMEOUT` when there was no answer, `UNEXPECTED_ANSWER` when
 * something answered that is not Strongroom. A later version of the server may have more: go by the status of those.
 */
export type StrongroomErrorCode =
  | ErrorCode
  | "NETWORK_ERROR"
  | "TIMEOUT"
  | "UNEXPECTED_ANSWER"
  // Keeps the others in an editor's list, where `string` would swallow them.
  | (string & {});
