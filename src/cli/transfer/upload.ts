import { openAsBlob } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import type { StoredAsset, Strongroom } from "../../client/index.ts";
import type { AssetPath } from "../../model/asset.ts";
import { MAX_FILE_BYTES } from "../../model/limits.ts";
import { count } from "../terminal/format.ts";
import { fileDigest } from "./digest.ts";
import { newestAt } from "./remote.ts";

/** A file up to this size is read at once: as a stream it would take longer, and it is over before a bar could tell. Bytes. */
const SMALL_BYTES = 256 * 1024;

export type Uploaded =
  | { readonly asset: StoredAsset; readonly size: number; readonly id?: undefined }
  /** It was there. */
  | { readonly asset?: undefined; readonly size: number; readonly id: string };

/** Uploads a file on disk. It may be changed meanwhile: then the upload fails. */
export async function uploadFile(
  vault: Strongroom,
  file: string,
  path: AssetPath,
  options: { isSkipping: boolean; signal: AbortSignal; moved: (size: number) => void },
): Promise<Uploaded> {
  const { isSkipping, signal, moved } = options;
  const { size } = await stat(file);
  if (size > MAX_FILE_BYTES)
    throw new Error(`has ${count(size)} bytes; a file may have ${count(MAX_FILE_BYTES)} at most`);
  const found = isSkipping ? await newestAt(vault, path, signal) : undefined;
  if (found && found.sha256 === (await fileDigest(file, signal))) return { id: found.id, size };
  return { asset: await send(vault, file, size, path, { signal, moved }), size };
}

async function send(
  vault: Strongroom,
  file: string,
  size: number,
  path: AssetPath,
  { signal, moved }: { signal: AbortSignal; moved: (size: number) => void },
): Promise<StoredAsset> {
  if (size <= SMALL_BYTES) return vault.assets.upload(new Blob([await readFile(file)]), path, { signal });
  return vault.assets.upload(await openAsBlob(file), path, { signal, onProgress: ({ loaded }) => moved(loaded) });
}
