import { type Strongroom, StrongroomError } from "../../client/index.ts";
import type { AssetPath } from "../../model/asset.ts";
import { isAssetId } from "../../model/id.ts";
import { type AssetPlace, isId } from "../place.ts";
import { namedDigest } from "./digest.ts";

/** The newest asset of a path and name, as far as its content's headers tell; undefined when there is none. */
export async function newestAt(
  vault: Strongroom,
  path: AssetPath,
  signal: AbortSignal,
): Promise<{ id: string; sha256: string } | undefined> {
  let response: Response;
  try {
    // The client sends no HEAD: one byte tells as much.
    response = await vault.assets.downloadAt(path, { range: { offset: 0, length: 1 }, signal });
  } catch (error) {
    if (!(error instanceof StrongroomError)) throw error;
    if (error.code === "ASSET_NOT_FOUND") return undefined;
    // The file is empty: all of it is as little as a byte.
    if (error.code !== "RANGE_NOT_SATISFIABLE") throw error;
    response = await vault.assets.downloadAt(path, { signal });
  }
  await response.arrayBuffer();
  return { id: servedId(response), sha256: namedDigest(response) };
}

/** Whose content an answer has. */
export function servedId({ headers }: Response): string {
  const id = /\/assets\/([^/]+)\/content$/.exec(headers.get("Content-Location") ?? "")?.[1];
  if (id === undefined || !isAssetId(id)) throw new Error("the answer does not say which asset it is of");
  return id;
}

/**
 * The id of an asset that was named on the command line.
 *
 * @throws StrongroomError `ASSET_NOT_FOUND` when it was named by a path at which there is none
 */
export async function idOf(vault: Strongroom, place: AssetPlace, signal: AbortSignal): Promise<string> {
  if (isId(place)) return place.id;
  const found = await newestAt(vault, place.path, signal);
  if (found) return found.id;
  const { partition, collection, channel, filename } = place.path;
  const message = `there is no asset at ${partition}/${collection}/${channel}/${filename}`;
  throw new StrongroomError(message, { code: "ASSET_NOT_FOUND", status: 404 });
}
