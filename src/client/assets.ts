import { listAssets } from "./asset-list.ts";
import { openContent } from "./content.ts";
import { type Delivered, deliveryUrl, filePath } from "./delivery.ts";
import type { List } from "./list.ts";
import { inVault, jsonBody, type Transport } from "./transport.ts";
import type {
  Asset,
  AssetChange,
  AssetListParameters,
  AssetMergePatch,
  AssetPathFields,
  BatchAnswer,
  BatchOperation,
  CallOptions,
  DeleteFolderOptions,
  DeliveryOptions,
  DownloadOptions,
  FileSource,
  FileWithFields,
  FolderDeletion,
  FolderFields,
  IfMatch,
  Link,
  NewAssetFields,
  NewLink,
  StoredAsset,
  UploadManyOptions,
  UploadOptions,
  UploadOutcome,
  WriteOptions,
} from "./types.ts";
import { deleteEach, sendBatch } from "./many.ts";
import { condition, stored, writeOf } from "./values.ts";
import { uploadFile } from "./upload.ts";
import { type Files, uploadItems } from "./upload-many.ts";

/** The assets of a vault: see `Strongroom`. */
export class Assets {
  readonly #transport: Transport;
  readonly #vaultId: string;
  readonly #concurrency: number;

  /** @internal */
  constructor(transport: Transport, vaultId: string, concurrency: number) {
    this.#transport = transport;
    this.#vaultId = vaultId;
    this.#concurrency = concurrency;
  }

  /**
   * Uploads a file. It is repeated after a lost answer, and stored once all the same.
   *
   * @example
   * const asset = await vault.assets.upload(
   *   input.files[0],
   *   { partition: "marketing", collection: "blog", channel: "hero-images", metadata: { alt: "A cat" }, tags: ["hero"] },
   *   { onProgress: ({ loaded, total }) => (bar.value = loaded / total), signal: controller.signal },
   * );
   *
   * @example
   * // In Node, a file on disk. It is not read into memory.
   * import { openAsBlob } from "node:fs";
   * await vault.assets.upload(await openAsBlob("photo.jpg"), { ...path, filename: "photo.jpg" });
   *
   * @example
   * // In several requests: after a lost connection it goes on, and with the URL also after a restart of the page.
   * const resumable = { url: localStorage[key], onUrl: (url) => (localStorage[key] = url) };
   * await vault.assets.upload(file, path, { resumable });
   *
   * @throws StrongroomError; after an abort the signal's reason: no asset is left unless the whole file had arrived
   */
  upload(file: File, fields: NewAssetFields, options?: UploadOptions): Promise<StoredAsset>;
  /** Uploads bytes, which have no name of their own. */
  upload(
    file: Blob | ArrayBuffer | ArrayBufferView,
    fields: NewAssetFields & { filename: string },
    options?: UploadOptions,
  ): Promise<StoredAsset>;
  /**
   * Uploads a stream, whose size must be known. It is sent once, and never repeated.
   *
   * @example
   * await vault.assets.upload(response.body, { ...path, filename: "copy.bin" }, { size: Number(length) });
   */
  upload(
    file: ReadableStream<Uint8Array>,
    fields: NewAssetFields & { filename: string },
    options: UploadOptions & { size: number },
  ): Promise<StoredAsset>;
  async upload(file: FileSource, fields: NewAssetFields, options: UploadOptions = {}): Promise<StoredAsset> {
    return uploadFile(this.#transport, this.#vaultId, file, fields, options);
  }

  /**
   * Uploads files, six at a time unless the client was made with another `concurrency`, and yields what became of each as
   * soon as it is known, in whatever order. One that fails does not end the others.
   *
   * `files` may be of any length and need not be at hand: only those that are being uploaded are held. To leave the loop ends
   * what is under way; so does the signal, which makes the loop throw its reason.
   *
   * @example
   * for await (const { file, asset, error } of vault.assets.uploadMany(input.files, path)) {
   *   console.log(file.name, asset ? asset.id : error.message);
   * }
   *
   * @example
   * // Fields of each file's own.
   * const files = names.map((filename) => ({ file: blobs[filename], filename, tags: [filename] }));
   * for await (const outcome of vault.assets.uploadMany(files, path)) …
   */
  async *uploadMany<T extends File | FileWithFields>(
    files: Files<T>,
    path: Omit<NewAssetFields, "filename">,
    options: UploadManyOptions<T> = {},
  ): AsyncGenerator<UploadOutcome<T>, void, undefined> {
    const { concurrency = this.#concurrency } = options;
    yield* uploadItems(files, path, { ...options, concurrency }, (...each) =>
      uploadFile(this.#transport, this.#vaultId, ...each),
    );
  }

  /**
   * Lists and finds assets, newest first: awaited one page, looped over all. All that is asked for must match. A page by
   * more than a path, one tag or ids may be short or empty while `has_more` is true.
   *
   * @example
   * for await (const asset of vault.assets.list({ partition: "marketing" })) console.log(asset.filename);
   *
   * @example
   * const { data, cursor, has_more } = await vault.assets.list({ partition: "marketing", limit: 200 });
   *
   * @example
   * const found = { tags: ["hero"], mime_type: "image/*", metadata: { year: 2026 }, created_since: "2026-01-01T00:00:00Z" };
   * for await (const asset of vault.assets.list({ ...found, order: "oldest" })) console.log(asset.filename);
   */
  list(parameters: AssetListParameters = {}, options: CallOptions = {}): List<Asset> {
    return listAssets(this.#transport, this.#path(), parameters, options);
  }

  /**
   * Gets an asset.
   *
   * @throws StrongroomError `ASSET_NOT_FOUND`
   */
  async get(id: string, { signal }: CallOptions = {}): Promise<StoredAsset> {
    return this.#transport.json({ method: "GET", path: this.#path(id), signal }, stored);
  }

  /**
   * Changes an asset: `metadata` is merged at the top level, where a null is stored, and `tags` are replaced, or else taken
   * away (`remove_tags`) and added (`add_tags`). `partition`, `collection`, `channel` and `filename` move and rename it. With
   * `mergePatch` it is a merge patch (RFC 7396): a null removes, nested objects are merged.
   *
   * With `ifMatch` only if the asset is still as it was. It is repeated after a lost answer, and happens once all the same.
   *
   * @example
   * await vault.assets.update(id, { channel: "archive", add_tags: ["old"] });
   *
   * @example
   * const { etag, tags } = await vault.assets.get(id);
   * await vault.assets.update(id, { tags: tags.toSorted() }, { ifMatch: etag });
   *
   * @throws StrongroomError `ASSET_NOT_FOUND`, `PRECONDITION_FAILED`
   */
  update(id: string, change: AssetChange, options?: WriteOptions & { mergePatch?: false }): Promise<StoredAsset>;
  update(
    id: string,
    change: AssetChange,
    options: WriteOptions & IfMatch & { mergePatch?: false },
  ): Promise<StoredAsset>;
  update(id: string, change: AssetMergePatch, options: WriteOptions & { mergePatch: true }): Promise<StoredAsset>;
  update(
    id: string,
    change: AssetMergePatch,
    options: WriteOptions & IfMatch & { mergePatch: true },
  ): Promise<StoredAsset>;
  async update(
    id: string,
    change: AssetMergePatch,
    options: WriteOptions & Partial<IfMatch> & { mergePatch?: boolean } = {},
  ): Promise<StoredAsset> {
    const type = options.mergePatch ? "application/merge-patch+json" : undefined;
    return this.#transport.json({ method: "PATCH", path: this.#path(id), ...writeOf(change, options, type) }, stored);
  }

  /**
   * Deletes an asset and its file; with `ifMatch` only if it is still as it was. It is repeated if an answer is lost: that
   * the asset is gone by then is a success.
   *
   * @throws StrongroomError `ASSET_NOT_FOUND`, `PRECONDITION_FAILED`
   */
  delete(id: string, options?: CallOptions): Promise<void>;
  delete(id: string, options: CallOptions & IfMatch): Promise<void>;
  async delete(id: string, options: CallOptions & Partial<IfMatch> = {}): Promise<void> {
    await this.#transport.done({
      method: "DELETE",
      path: this.#path(id),
      headers: condition(options),
      signal: options.signal,
      goneCode: "ASSET_NOT_FOUND",
    });
  }

  /**
   * Changes and deletes many assets in one request: up to 1,000, one after the other. Each operation has its result, in
   * their order. With `atomic` all of them happen or none: then the call fails with the first refusal. Like an update it is
   * repeated after a lost answer.
   *
   * @example
   * const { data } = await vault.assets.batch([
   *   { op: "update", id, channel: "archive", add_tags: ["old"] },
   *   { op: "delete", id: other.id, if_match: other.etag },
   * ]);
   * for (const result of data) if ("error" in result) console.log(result.id, result.error.message);
   *
   * @throws StrongroomError with `atomic` also `ASSET_NOT_FOUND` and `PRECONDITION_FAILED`
   */
  async batch(
    operations: readonly BatchOperation[],
    options: WriteOptions & { atomic?: boolean | undefined } = {},
  ): Promise<BatchAnswer> {
    return sendBatch(this.#transport, this.#path("batch"), operations, options);
  }

  /**
   * Deletes the assets of a folder with their files, the newest first: all of them, or up to `limit`. It takes a request for
   * each 1,000, which is repeated if an answer is lost, unless there is a `limit`.
   *
   * @example
   * await vault.assets.deleteFolder({ partition: "marketing", collection: "blog" });
   *
   * @throws StrongroomError; what was deleted by then is gone
   */
  async deleteFolder(folder: FolderFields, options: DeleteFolderOptions = {}): Promise<FolderDeletion> {
    return deleteEach(this.#transport, this.#path(), folder, options);
  }

  /**
   * Downloads an asset's file: a `Response` with status 200 or 206, whose body has not been read. Its headers have the
   * `ETag`, the `Content-Type` and the `Content-Length`. The signal ends the reading of the body, too; what fails
   * there is an error of the runtime's.
   *
   * @example
   * const bytes = new Uint8Array(await (await vault.assets.download(id)).arrayBuffer());
   * const start = await vault.assets.download(id, { range: { offset: 0, length: 1024 } });
   *
   * @throws StrongroomError `ASSET_NOT_FOUND`, `RANGE_NOT_SATISFIABLE`
   */
  async download(id: string, options: DownloadOptions = {}): Promise<Response> {
    return openContent(this.#transport, this.#path(id, "content"), options);
  }

  /**
   * Downloads the newest file of a path and name, in the same way. `Content-Location` names its asset.
   *
   * @example
   * const path = { partition: "marketing", collection: "blog", channel: "hero-images" };
   * const response = await vault.assets.downloadAt({ ...path, filename: "photo.jpg" });
   *
   * @throws StrongroomError `ASSET_NOT_FOUND`, `RANGE_NOT_SATISFIABLE`
   */
  async downloadAt(path: AssetPathFields & { filename: string }, options: DownloadOptions = {}): Promise<Response> {
    return openContent(this.#transport, inVault(this.#vaultId, ...filePath(path)), options);
  }

  /**
   * The URL by which a delivery key opens an asset's file, for `<img src>` and the like. No request is made. By its id, or
   * `by: "path"` the newest file of its path and name.
   *
   * @example
   * img.src = vault.assets.url(asset, { token: "dk_…" });
   *
   * @throws TypeError when the token is no delivery key of this vault
   */
  url(asset: string | { readonly id: string }, options?: DeliveryOptions & { by?: "id" | undefined }): string;
  url(asset: AssetPathFields & { filename: string }, options: DeliveryOptions & { by: "path" }): string;
  url(asset: Delivered, options: DeliveryOptions & { by?: "id" | "path" | undefined } = {}): string {
    return deliveryUrl(this.#transport, this.#vaultId, asset, options);
  }

  /**
   * Makes a URL that opens an asset's file to whoever has it, for a time: 3,600 seconds unless `expires_in` says how many.
   *
   * @example
   * const { url, expires_at } = await vault.assets.createLink(id, { expires_in: 60, disposition: "attachment" });
   *
   * @throws StrongroomError `ASSET_NOT_FOUND`
   */
  async createLink(id: string, link: NewLink = {}, { signal }: CallOptions = {}): Promise<Link> {
    return this.#transport.json(
      { method: "POST", path: this.#path(id, "links"), ...jsonBody(link), signal },
      (value) => value as Link,
    );
  }

  #path(...rest: string[]): string[] {
    return inVault(this.#vaultId, "assets", ...rest);
  }
}
