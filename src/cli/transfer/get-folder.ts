import type { Asset, Strongroom } from "../../client/index.ts";
import type { Call } from "../command.ts";
import { filterOf, type Folder, pathText } from "../place.ts";
import { visible } from "../terminal/visible.ts";
import { Destination, type Place } from "./destination.ts";
import { hasContent, hasSize, namedDigest } from "./digest.ts";
import { downloadTo } from "./download.ts";
import { newestAt, servedId } from "./remote.ts";
import { type Outcome, Transfer } from "./transfer.ts";

/**
 * Downloads all of a folder into one on disk, of each name the newest asset. What is held does not depend on how many there
 * are: assets are downloaded by their names, as they are listed, and the server says whether a listed one is the newest.
 *
 * @returns the exit code
 */
export async function getFolder(
  call: Call,
  vault: Strongroom,
  folder: Folder,
  options: { into: string; isSkipping: boolean; width: number },
): Promise<number> {
  const { signal, output } = call;
  const { into, isSkipping, width } = options;
  const destination = await Destination.open(into);
  const transfer = new Transfer<Asset>(call, { going: "downloading", done: "downloaded" });
  /** Names of which an asset is being written, with what ends when it is: an older one waits for the newest. */
  const underWay = new Map<string, Promise<unknown>>();
  const placeOf = async (asset: Asset): Promise<Place> =>
    destination.place([asset.partition, asset.collection, asset.channel].slice(folder.length), asset.filename);
  const list = (): AsyncIterable<Asset> => vault.assets.list(filterOf(folder), { signal });

  if (output.hasScreen) void expectAll(list(), transfer);
  return transfer.run(list(), {
    nameOf: pathText,
    width,
    work: async (asset, moved) => {
      const name = pathText(asset);
      // Nothing is waited for before the name is taken: assets come newest first, and the first one takes it.
      while (underWay.has(name)) await underWay.get(name)?.catch(() => {});
      const getting = getOne(vault, asset, placeOf(asset), { isSkipping, signal, moved });
      underWay.set(name, getting);
      try {
        return await getting;
      } finally {
        underWay.delete(name);
      }
    },
  });
}

async function getOne(
  vault: Strongroom,
  asset: Asset,
  place: Promise<Place>,
  options: { isSkipping: boolean; signal: AbortSignal; moved: (size: number) => void },
): Promise<Outcome> {
  const { isSkipping, signal, moved } = options;
  const { file, folder, shown } = await place;
  const skip = (skipped: NonNullable<Outcome["skipped"]>): Outcome => ({
    skipped,
    size: asset.size,
    text: "",
    json: { file: shown, id: asset.id, size: asset.size, reason: skipped },
  });
  if (isSkipping && (await hasSize(file, asset.size))) {
    const newest = await newestAt(vault, asset, signal);
    if (newest && (await hasContent(file, newest.sha256, signal))) return skip("already there");
  }
  const respond = async (): Promise<Response> => vault.assets.downloadAt(asset, { signal });
  const first = await respond();
  const id = servedId(first);
  // The newest one comes, whichever was asked for. If it has been written, this one is older.
  if (id !== asset.id && (await hasContent(file, namedDigest(first), signal))) {
    await first.body?.cancel();
    return skip("older");
  }
  const { size, sha256 } = await downloadTo({ file, folder }, respond, { first, signal, moved });
  return { size, text: visible(shown), json: { file: shown, id, size, sha256 } };
}

/** Counts what there is to do while it is being done: a list does not say how long it is. */
async function expectAll(list: AsyncIterable<Asset>, transfer: Transfer<Asset>): Promise<void> {
  let [files, size] = [0, 0];
  try {
    for await (const asset of list) {
      files++;
      size += asset.size;
    }
    transfer.expect(files, size);
  } catch {
    // Whoever downloads meets the same, and says so.
  }
}
