import { mkdir, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { Strongroom } from "../../client/index.ts";
import { type Call, command } from "../command.ts";
import { type AssetPlace, isId, parsePlace, pathText } from "../place.ts";
import { visible } from "../terminal/visible.ts";
import { absent } from "../transfer/absent.ts";
import { checkName } from "../transfer/destination.ts";
import { hasContent, namedDigest } from "../transfer/digest.ts";
import { downloadTo } from "../transfer/download.ts";
import { getFolder } from "../transfer/get-folder.ts";
import { servedId } from "../transfer/remote.ts";
import { PARALLEL, parallel, Transfer } from "../transfer/transfer.ts";
import { UsageError } from "../usage-error.ts";

export const get = command({
  name: "get",
  usage: "ASSET|FOLDER [DEST]",
  about: "downloads an asset, or all of a folder",
  help: `
An ASSET is written to DEST, or into DEST if that is a folder; unless given, DEST is its own name.
What is in FOLDER is written into the folder DEST, with the folders that FOLDER lacks: by "get marketing/ out", marketing/blog/hero/a.jpg becomes out/blog/hero/a.jpg. Unless given, DEST is the last name in FOLDER.
Of several assets of one name the newest is written.
Files that are there are replaced. A file gets its name when all of it has come and its SHA-256 is right.`,
  takes: [1, 2],
  options: {
    "skip-existing": {
      type: "boolean",
      about: "leave alone files that are there already with the same content (SHA-256)",
    },
    parallel: PARALLEL,
  },
  async run(call, { "skip-existing": isSkipping = false, parallel: atOnce }) {
    const [what = "", destination] = call.arguments;
    if (destination === "") throw new UsageError("DEST: must not be empty");
    const place = parsePlace(what);
    const width = parallel(atOnce);
    const into = destination ?? place.folder?.at(-1);
    if (place.folder && into === undefined) throw new UsageError("of the whole vault: say into which folder, as DEST");
    const vault = call.access.vault();
    if (place.folder) return getFolder(call, vault, place.folder, { into: into ?? "", isSkipping, width });
    return getAsset(call, vault, place.asset, destination, isSkipping);
  },
});

async function getAsset(
  call: Call,
  vault: Strongroom,
  place: AssetPlace,
  destination: string | undefined,
  isSkipping: boolean,
): Promise<number> {
  const { signal } = call;
  const record = isId(place) ? await vault.assets.get(place.id, { signal }) : place.path;
  const file = await fileFor(record.filename, destination);
  const respond = async (): Promise<Response> =>
    isId(place) ? vault.assets.download(place.id, { signal }) : vault.assets.downloadAt(place.path, { signal });
  const transfer = new Transfer<AssetPlace>(call, { going: "downloading", done: "downloaded" });
  transfer.expect(1, 0);
  return transfer.run([place], {
    nameOf: () => (isId(place) ? place.id : pathText(place.path)),
    width: 1,
    work: async (_, moved) => {
      const first = await respond();
      const id = servedId(first);
      const size = Number(first.headers.get("Content-Length"));
      transfer.expect(1, size);
      if (isSkipping && (await hasContent(file, namedDigest(first), signal))) {
        await first.body?.cancel();
        return { skipped: "already there", size, text: "", json: { file, id, size, reason: "already there" } };
      }
      const { sha256 } = await downloadTo({ file, folder: dirname(file) }, respond, { first, signal, moved });
      return { size, text: visible(file), json: { file, id, size, sha256 } };
    },
  });
}

/** The file that an asset is written to. Its folder is there. */
async function fileFor(filename: string, destination: string | undefined): Promise<string> {
  const isNamedFolder = destination?.endsWith("/") === true || destination?.endsWith(sep) === true;
  if (isNamedFolder) await mkdir(destination, { recursive: true });
  const found = destination === undefined ? undefined : await stat(destination).catch(absent);
  const file = destination === undefined ? filename : found?.isDirectory() ? join(destination, filename) : destination;
  // What the user did not name comes from the server.
  if (file !== destination) checkName(filename);
  await stat(dirname(file));
  return file;
}
