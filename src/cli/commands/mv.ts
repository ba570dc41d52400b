import type { AssetChange } from "../../client/index.ts";
import { PATH_COMPONENTS } from "../../model/asset.ts";
import { command } from "../command.ts";
import { folderOf, isId, parseAsset, parsePlace } from "../place.ts";
import { idOf } from "../transfer/remote.ts";
import { UsageError } from "../usage-error.ts";
import { printAsset } from "./show.ts";

export const mv = command({
  name: "mv",
  usage: "ASSET PLACE",
  about: "moves or renames an asset",
  help: `
PLACE is partition/collection/channel/, where the asset keeps its name, or partition/collection/channel/name.
By its path the newest of a name is moved. What is at PLACE already stays: the newest of both is read by the path from then on.`,
  takes: [2, 2],
  options: {},
  async run({ arguments: [asset = "", to = ""], access, output, signal }) {
    const source = parseAsset(asset);
    const change = destination(to);
    const vault = access.vault();
    const id = await idOf(vault, source, signal);
    await printAsset(output, await vault.assets.update(id, change, { signal }));
  },
});

/** What a move changes. @throws UsageError */
function destination(text: string): AssetChange {
  const place = parsePlace(text);
  if (place.folder === undefined) {
    if (isId(place.asset)) throw new UsageError(`${text}: is an asset; a place is partition/collection/channel/name`);
    return place.asset.path;
  }
  if (place.folder.length < PATH_COMPONENTS.length)
    throw new UsageError(`${text}: an asset lies in a channel: partition/collection/channel/`);
  return folderOf(place.folder);
}
