import { command } from "../command.ts";
import { explainOf, whereTo } from "../explain.ts";
import { parseAsset } from "../place.ts";
import { visible } from "../terminal/visible.ts";
import { idOf } from "../transfer/remote.ts";

export const rm = command({
  name: "rm",
  usage: "ASSET…",
  about: "deletes assets",
  help: "By its path the newest of a name is deleted; the one before it is the newest from then on.",
  takes: [1, Infinity],
  options: {},
  async run({ arguments: assets, access, output, signal }) {
    const places = assets.map((text) => ({ text, place: parseAsset(text) }));
    const vault = access.vault();
    let code = 0;
    // One after the other: of the same path twice, the second is another asset.
    for (const { text, place } of places) {
      try {
        const id = await idOf(vault, place, signal);
        await vault.assets.delete(id, { signal });
        if (output.isJson) await output.json({ status: "deleted", id, asset: text });
        else output.note(id === text ? `deleted ${id}` : `deleted ${visible(text)} (${id})`);
      } catch (error) {
        if (signal.aborted) throw error;
        code = 1;
        output.error(explainOf(text, error));
        const where = whereTo(error, access);
        // The others would meet the same.
        if (where !== undefined) {
          output.note(`  ${where}`);
          return 1;
        }
      }
    }
    return code;
  },
});
