/** Writes the files of assets into a folder, where an import finds them again. */

import { type Change, type Changes, StrongroomError, type ImportedLine, type Strongroom } from "../../client/index.ts";
import { MAX_FILENAME_BYTES } from "../../model/limits.ts";
import { visible } from "../terminal/visible.ts";
import { Destination } from "./destination.ts";
import { hasContent, hasSize } from "./digest.ts";
import { downloadTo } from "./download.ts";
import { each } from "./each.ts";
import { toLine } from "./export-file.ts";

type Page = Awaited<ReturnType<Changes["list"]>>;

/**
 * What the file of an asset is called, in the folders of the path at which the asset was created: as in its key in R2, or
 * by its id alone where a disk would find that too long.
 */
export function bodyNames({ id, r2_key }: ImportedLine["asset"]): { folders: string[]; name: string } {
  const [name = "", ...folders] = r2_key.split("/").slice(1).toReversed();
  return { folders: folders.toReversed(), name: Buffer.byteLength(name) > MAX_FILENAME_BYTES ? id : name };
}

/** @throws Error when a server of an older version does not tell what an import needs */
function wholeLine(change: Extract<Change, { type: "asset" }>): ImportedLine {
  if (change.seq !== undefined && change.sha256 !== undefined) return toLine(change);
  const { id } = change.asset;
  throw new Error(`${visible(id)}: the server does not tell its seq and SHA-256, without which no import takes it`);
}

export class BodyFolder {
  readonly #destination: Destination;
  readonly #vault: Strongroom;
  readonly #width: number;

  private constructor(destination: Destination, vault: Strongroom, width: number) {
    this.#destination = destination;
    this.#vault = vault;
    this.#width = width;
  }

  static async open(folder: string, vault: Strongroom, width: number): Promise<BodyFolder> {
    return new BodyFolder(await Destination.open(folder), vault, width);
  }

  /** Writes the files of the assets in a page of changes, but for those that are there already. */
  async write({ data }: Page, signal: AbortSignal): Promise<void> {
    const assets = data.flatMap((change) => (change.type === "asset" ? [wholeLine(change)] : []));
    await each(assets, this.#width, (line) => this.#one(line, signal));
  }

  async #one({ asset, sha256 }: ImportedLine, signal: AbortSignal): Promise<void> {
    const { folders, name } = bodyNames(asset);
    const place = await this.#destination.place(folders, name);
    if ((await hasSize(place.file, asset.size)) && (await hasContent(place.file, sha256, signal))) return;
    const respond = (): Promise<Response> => this.#vault.assets.download(asset.id, { signal });
    const check = (received: { sha256: string }): void => {
      if (received.sha256 === sha256) return;
      throw new Error(`${visible(place.shown)}: what came is not the file of ${asset.id}: its SHA-256 is another one`);
    };
    try {
      await downloadTo(place, respond, { signal, moved: () => {}, check });
    } catch (error) {
      // It was deleted meanwhile, which a later line says.
      if (!(error instanceof StrongroomError) || error.code !== "ASSET_NOT_FOUND") throw error;
    }
  }
}
