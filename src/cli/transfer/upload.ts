import { openAsBlob } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import type { StoredAsset, Strongroom } from "../../client/index.ts";
import type { AssetPath } from "../../model/asset.ts";
import { MAX_FILE_BYTES, MAX_SESSION_BYTES } from "../../model/limits.ts";
import type { Call } from "../command.ts";
import { bytes, count } from "../terminal/format.ts";
import { visible } from "../terminal/visible.ts";
import { fileDigest, namedDigest } from "./digest.ts";
import { KeptUpload } from "./kept-upload.ts";
import { newestAt } from "./remote.ts";

/** A file up to this size is read at once: as a stream it would take longer, and it is over before a bar could tell. Bytes. */
const SMALL_BYTES = 256 * 1024;

/** A larger file goes in several requests, so that an upload that is broken off need not begin anew. Bytes. */
const SINGLE_BYTES = 16 * 1024 * 1024;

export type Uploaded =
  | { readonly asset: StoredAsset; readonly size: number; readonly earlier: number; readonly id?: undefined }
  /** It was there. */
  | { readonly asset?: undefined; readonly size: number; readonly earlier?: undefined; readonly id: string };

/** Uploads files on disk. One may be changed meanwhile: then its upload fails. */
export class Uploader {
  readonly #call: Call;
  readonly #vault: Strongroom;
  readonly #isSkipping: boolean;
  readonly #isResumable: boolean;

  constructor(call: Call, vault: Strongroom, isSkipping: boolean) {
    this.#call = call;
    this.#vault = vault;
    this.#isSkipping = isSkipping;
    // The client would have to read the record.
    this.#isResumable = !call.access.isUploadKey;
  }

  /** @param moved told how much of the file has gone, and how much of that in an earlier run. Bytes */
  async upload(file: string, path: AssetPath, moved: (size: number, earlier?: number) => void): Promise<Uploaded> {
    const { signal } = this.#call;
    const { size, mtimeMs } = await stat(file);
    const most = this.#isResumable ? MAX_SESSION_BYTES : MAX_FILE_BYTES;
    if (size > most) throw new Error(`has ${count(size)} bytes; a file may have ${count(most)} at most`);
    const found = this.#isSkipping ? await newestAt(this.#vault, path, signal) : undefined;
    if (found && found.sha256 === (await fileDigest(file, signal))) return { id: found.id, size };
    if (this.#isResumable && size > SINGLE_BYTES) return this.#resumable(file, size, mtimeMs, path, moved);
    return { asset: await this.#single(file, size, path, moved), size, earlier: 0 };
  }

  async #single(file: string, size: number, path: AssetPath, moved: (size: number) => void): Promise<StoredAsset> {
    const { assets } = this.#vault;
    const { signal } = this.#call;
    if (size <= SMALL_BYTES) return assets.upload(new Blob([await readFile(file)]), path, { signal });
    return assets.upload(await openAsBlob(file), path, { signal, onProgress: ({ loaded }) => moved(loaded) });
  }

  /** Goes on with an upload of an earlier run, or begins one. */
  async #resumable(
    file: string,
    size: number,
    changed: number,
    path: AssetPath,
    moved: (size: number, earlier: number) => void,
  ): Promise<Uploaded> {
    const { access, env, output, signal } = this.#call;
    const { assets, uploads, vaultId } = this.#vault;
    const kept = await KeptUpload.of(env, { server: access.server, vaultId, file, size, changed, path });
    const found = await kept.find();
    // What there is of the file as it was keeps room of the vault's quota. That it cannot be given up is no failure of this.
    if (found?.hasChanged) await uploads.cancel(found.url, { signal }).catch(() => {});
    const url = found?.hasChanged ? undefined : found?.url;
    // Undefined: the upload is one of an earlier run, which has not been asked yet how far it is.
    let earlier = url === undefined ? 0 : undefined;
    const asset = await assets.upload(await openAsBlob(file), path, {
      signal,
      resumable: {
        url,
        onUrl: (begun) => {
          earlier = 0;
          return kept.keep(begun);
        },
      },
      onProgress: ({ loaded }) => {
        if (earlier === undefined && loaded > 0) output.note(`${visible(file)}: goes on after ${bytes(loaded)}`);
        earlier ??= loaded;
        moved(loaded, earlier);
      },
    });
    await kept.forget();
    if (earlier !== undefined && earlier > 0) await this.#compare(file, asset);
    return { asset, size, earlier: earlier ?? 0 };
  }

  /** What came in two runs is to be one file. Its time of change alone does not prove that it was. */
  async #compare(file: string, { id }: StoredAsset): Promise<void> {
    const { signal } = this.#call;
    const { assets } = this.#vault;
    const stored = await assets.download(id, { range: { offset: 0, length: 1 }, signal });
    await stored.arrayBuffer();
    if (namedDigest(stored) === (await fileDigest(file, signal))) return;
    await assets.delete(id, { signal });
    throw new Error("has changed since its upload began: try again");
  }
}
