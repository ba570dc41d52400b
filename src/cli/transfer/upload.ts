import { openAsBlob } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { type StoredAsset, type Strongroom, StrongroomError } from "../../client/index.ts";
import type { AssetPath } from "../../model/asset.ts";
import { MAX_FILE_BYTES } from "../../model/limits.ts";
import { count } from "../terminal/format.ts";
import { fileDigest } from "./digest.ts";
import { sleep } from "./pause.ts";
import { newestAt } from "./remote.ts";

/** A file up to this size is read at once: as a stream it would take longer, and it is over before a bar could tell. Bytes. */
const SMALL_BYTES = 256 * 1024;

/** How often an upload is begun anew whose answer was lost, beside what the client repeats by itself. */
const MOST_REPEATS = 2;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

export type Uploaded =
  | { readonly asset: StoredAsset; readonly size: number; readonly id?: undefined }
  /** It was there. */
  | { readonly asset?: undefined; readonly size: number; readonly id: string };

/**
 * Uploads a file on disk. It may be changed meanwhile: then the upload fails.
 *
 * The client repeats no upload that may have been stored. Here one can look: if the newest asset of the name has these bytes,
 * the upload was stored and only its answer was lost.
 */
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

  for (let repeat = 0; ; repeat++) {
    try {
      return { asset: await send(vault, file, size, path, { signal, moved }), size };
    } catch (error) {
      if (signal.aborted || !mayBeStored(error)) throw error;
      if (repeat === MOST_REPEATS) throw error;
      await sleep(pauseAfter(error, repeat), signal);
      const stored = await newestAt(vault, path, signal);
      if (stored && stored.sha256 === (await fileDigest(file, signal))) {
        return { asset: await vault.assets.get(stored.id, { signal }), size };
      }
    }
  }
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

/** No answer came, or one that says nothing of what was done. */
const mayBeStored = (error: unknown): error is StrongroomError =>
  error instanceof StrongroomError && (error.status === 0 || error.status === 408 || error.status >= 500);

/** Growing, and as long as the server asks for, within reason. Milliseconds. */
const pauseAfter = ({ retryAfter = 0 }: StrongroomError, repeat: number): number =>
  Math.min(Math.max(FIRST_PAUSE_MS * 2 ** repeat, retryAfter * 1000), LONGEST_PAUSE_MS);
