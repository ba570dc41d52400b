import { MAX_LINK_SECONDS } from "../../model/limits.ts";
import { command } from "../command.ts";
import { parseAsset } from "../place.ts";
import { time } from "../terminal/format.ts";
import { idOf } from "../transfer/remote.ts";
import { expiresIn } from "../duration.ts";

export const link = command({
  name: "link",
  usage: "ASSET",
  about: "makes a URL that opens an asset for a time",
  help: "Whoever has the URL needs no key. It ends with the key that made it.",
  takes: [1, 1],
  options: {
    expires: {
      type: "string",
      value: "TIME",
      about: "how long it is good: 90s, 30m, 1h, 7d; 1h unless said, 7d at most",
    },
    download: { type: "boolean", about: "a browser saves the file instead of showing it" },
  },
  async run({ arguments: [asset = ""], access, output, signal }, { expires = "1h", download }) {
    const place = parseAsset(asset);
    const expires_in = expiresIn(expires, MAX_LINK_SECONDS);
    const vault = access.vault();
    const made = await vault.assets.createLink(
      await idOf(vault, place, signal),
      { expires_in, ...(download ? { disposition: "attachment" } : {}) },
      { signal },
    );
    if (output.isJson) await output.json(made);
    else {
      await output.line(made.url);
      output.note(`good until ${time(made.expires_at)}`);
    }
  },
});
