import { command } from "../command.ts";
import { isId, parseAsset } from "../place.ts";
import { checked } from "../transfer/download.ts";

export const cat = command({
  name: "cat",
  usage: "ASSET",
  about: "writes an asset's content to standard output",
  help: "The content is checked as it goes: the exit code is 1 when its SHA-256 is not right.",
  takes: [1, 1],
  options: {},
  async run({ arguments: [asset = ""], access, output, signal }) {
    const place = parseAsset(asset);
    const { assets } = access.vault();
    const response = await (isId(place)
      ? assets.download(place.id, { signal })
      : assets.downloadAt(place.path, { signal }));
    await checked(response, async (chunk) => output.bytes(chunk));
  },
});
