import type { Strongroom } from "../../client/index.ts";
import { type Call, command } from "../command.ts";
import { explainOf, whereTo } from "../explain.ts";
import { type AssetPlace, type Folder, folderOf, folderText, parseAsset, parsePlace } from "../place.ts";
import { counted } from "../terminal/format.ts";
import { ask } from "../terminal/prompt.ts";
import { visible } from "../terminal/visible.ts";
import { idOf } from "../transfer/remote.ts";
import { UsageError } from "../usage-error.ts";

interface Doomed {
  readonly text: string;
  readonly place: { readonly folder: Folder } | { readonly asset: AssetPlace; readonly folder?: undefined };
}

export const rm = command({
  name: "rm",
  usage: "ASSET…",
  about: "deletes assets, or with -r all that folders hold",
  help: `
By its path the newest of a name is deleted; the one before it is the newest from then on.
rm -r FOLDER deletes a partition/, a partition/collection/ or a partition/collection/channel/ with all assets in it. It asks first, unless --yes is given.`,
  takes: [1, Infinity],
  options: {
    recursive: { type: "boolean", short: "r", about: "take folders too" },
    yes: { type: "boolean", about: "do not ask" },
  },
  async run(call, { recursive = false, yes = false }) {
    const { access, output, signal } = call;
    const doomed = call.arguments.map((text) => ({
      text,
      place: recursive ? parsePlace(text) : { asset: parseAsset(text) },
    }));
    const folders = doomed.flatMap(({ place }) => place.folder ?? []);
    // The folders are looked at before anything is deleted.
    for (const { text, place } of doomed) if (place.folder) checkFolder(text, place.folder);
    const vault = access.vault();
    if (folders.length > 0 && !yes) await confirm(doomed, call);
    let code = 0;
    // One after the other: of the same path twice, the second is another asset.
    for (const each of doomed) {
      try {
        await remove(vault, each, call);
      } catch (error) {
        if (signal.aborted) throw error;
        code = 1;
        output.error(explainOf(each.text, error));
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

/** @throws UsageError */
function checkFolder(text: string, folder: Folder): void {
  if (folder.length === 0) throw new UsageError(`${text}: names no partition; rm -r deletes one at most`);
}

/** Asks whether the folders are meant. @throws UsageError when they are not */
async function confirm(doomed: readonly Doomed[], { signal, output }: Call): Promise<void> {
  if (!process.stdin.isTTY) throw new UsageError("rm -r asks first, and there is no terminal: add --yes");
  for (const { place } of doomed) {
    if (!place.folder) continue;
    const name = folderText(place.folder);
    output.note(`All assets in ${name} are deleted, with their files.`);
    const answer = await ask("Type its name to go on: ", { isHidden: false, signal });
    if (answer !== name && `${answer}/` !== name) throw new UsageError("that is not its name: nothing was deleted");
  }
}

async function remove(vault: Strongroom, { text, place }: Doomed, { output, signal }: Call): Promise<void> {
  if (place.folder === undefined) {
    const id = await idOf(vault, place.asset, signal);
    await vault.assets.delete(id, { signal });
    if (output.isJson) await output.json({ status: "deleted", id, asset: text });
    else output.note(id === text ? `deleted ${id}` : `deleted ${visible(text)} (${id})`);
    return;
  }
  const onProgress = ({ deleted }: { deleted: number }): void => {
    if (process.stderr.isTTY && !output.isJson) output.note(`deleted ${counted(deleted, "asset")} so far`);
  };
  const { deleted } = await vault.assets.deleteFolder(folderOf(place.folder), { signal, onProgress });
  if (output.isJson) await output.json({ status: "deleted", folder: text, deleted });
  else output.note(`deleted ${counted(deleted, "asset")} in ${folderText(place.folder)}`);
}
