import type { StrongroomAdmin } from "../../client/index.ts";
import { isVaultId } from "../../model/id.ts";
import type { Patience } from "../access.ts";
import { type Call, command } from "../command.ts";
import { bytes, count, counted } from "../terminal/format.ts";
import { visible } from "../terminal/visible.ts";
import { ExportFile, toLine } from "../transfer/export-file.ts";
import { type Imported, Importer } from "../transfer/importer.ts";
import { PARALLEL, parallel } from "../transfer/transfer.ts";
import { UsageError } from "../usage-error.ts";

/** How long the key is good that reads the copy. Longer than any feed takes. Milliseconds. */
const VERIFYING_MS = 24 * 60 * 60 * 1000;

/**
 * An import takes long, and each of its requests may be repeated. With the client's pauses these are some ten seconds, as
 * long as a resumable upload waits for a server that restarts.
 */
const PATIENCE: Patience = { maxRetries: 6 };

export const importRecords = command({
  name: "import",
  usage: "FILE [VAULT-ID]",
  about: "brings an export and its files into an empty vault",
  help: `
It is for the operator. Unless a vault is named, it is that of the key. FILE is what export has written (of exports with --cursor-file all of them, one after the other), and the folder has what export --bodies has put there; a copy of the bucket, or what get has written, will do as well.
Ids, order, times and entity tags stay as they were. Keys, links, the name and the settings are those of the new vault, and deletions are not told.
Each file is stored only if its SHA-256 is the one in FILE. In the end the feed of the vault is compared with FILE.
If it is broken off, the same command goes on. Until it is done, the vault takes no other assets.`,
  takes: [1, 2],
  options: {
    bodies: { type: "string", value: "DIR", about: "the folder with the files; it must be named" },
    parallel: PARALLEL,
  },
  async run(call, { bodies: folder, parallel: width }) {
    const [file = "", given] = call.arguments;
    const { access, output, signal } = call;
    if (file === "") throw new UsageError("FILE: must not be empty");
    if (given !== undefined && !isVaultId(given)) throw new UsageError(`${given}: is no id of a vault, vault_…`);
    if (!folder) throw new UsageError("--bodies: name the folder with the files");
    const most = parallel(width);
    const admin = access.admin(PATIENCE);
    const vaultId = given ?? access.vault().vaultId;
    const exported = await ExportFile.read(file, signal);
    // The import of nothing would be done at once, and a vault takes one alone.
    if (exported.terms.assets === 0) throw new Error(`${visible(file)}: has no assets`);
    const importer = new Importer(call, { vaults: admin.vaults, vaultId }, { file, folder, export: exported });
    const done = await importer.run(most);
    if (done.failed > 0) {
      output.note(`${summary(done)}; ${count(done.failed)} without a file`);
      output.note("  the import is not done: the same command goes on from here");
      return 1;
    }
    const wrong = await differenceOf(call, admin, vaultId, exported);
    if (wrong !== undefined) throw new Error(`${vaultId} is not what ${visible(file)} says: ${wrong}`);
    const { assets, bytes: size } = exported.terms;
    if (output.isJson)
      await output.json({ vault_id: vaultId, imported: done.imported, present: done.present, assets, bytes: size });
    output.note(summary(done));
    output.note(
      `verified: ${vaultId} has the ${counted(assets, "asset")} of ${visible(file)} (${bytes(size)}) in their order, with their times, tags and digests`,
    );
    return 0;
  },
});

const summary = ({ imported, present }: Imported): string =>
  `imported ${counted(imported, "asset")}${present === 0 ? "" : `; ${count(present)} were there already`}`;

/**
 * Reads the vault's feed, with a key of its own that is revoked afterwards, and says what is not as the export has it;
 * undefined when all is.
 */
async function differenceOf(
  { access, signal }: Call,
  admin: StrongroomAdmin,
  vaultId: string,
  exported: ExportFile,
): Promise<string | undefined> {
  const keys = admin.keys(vaultId);
  const expires_at = new Date(Date.now() + VERIFYING_MS).toISOString();
  const { id, token } = await keys.create(
    { type: "public", label: "strongroom import, verifying", expires_at },
    { signal },
  );
  try {
    const { changes } = access.vaultBy(token, PATIENCE);
    let [found, last] = [0, 0];
    for await (const change of changes.list({ full: true, limit: 1_000 }, { signal })) {
      if (change.type === "deleted") continue;
      const line = toLine(change);
      if (!exported.has(line)) return `${line.asset.id} differs, or is none of it`;
      const rev = Number(line.etag.slice(1, -1));
      if (rev <= last) return `${line.asset.id} is at another place`;
      last = rev;
      found++;
    }
    return found === exported.terms.assets
      ? undefined
      : `it has ${count(found)} of ${counted(exported.terms.assets, "asset")}`;
  } finally {
    await keys.revoke(id);
  }
}
