import { PATH_COMPONENTS } from "../../model/asset.ts";
import { command } from "../command.ts";
import { parseFolder, pathText } from "../place.ts";
import { visible } from "../terminal/visible.ts";
import { fields } from "../terminal/table.ts";
import { filesOf, type LocalFile } from "../transfer/local-files.ts";
import { type Offence, pathOf, plan } from "../transfer/plan.ts";
import { PARALLEL, parallel, Transfer } from "../transfer/transfer.ts";
import { Uploader } from "../transfer/upload.ts";
import { UsageError } from "../usage-error.ts";

/** Of what is left out, what is named: there may be thousands of links. */
const MOST_NAMED = 10;

export const put = command({
  name: "put",
  usage: "FILE|DIR… FOLDER",
  about: "uploads files and folders",
  help: `
What FOLDER lacks of partition/collection/channel/ comes from the folders below DIR: by "put photos marketing/", photos/blog/hero/a.jpg becomes marketing/blog/hero/a.jpg.
All names are checked before anything is sent. If some do not fit, all of these are listed, and nothing is sent.
A name that is there already gets a newer asset; the older one stays.
A file above 16 MiB goes in several requests. If it is broken off, the same command goes on with it for 24 hours.
Links below DIR are left out.`,
  takes: [2, Infinity],
  options: {
    flatten: {
      type: "boolean",
      about: "put all files into FOLDER, a full path, whatever folders they are in",
    },
    "skip-existing": {
      type: "boolean",
      about: "leave out files whose name is there already with the same content (SHA-256)",
    },
    exclude: {
      type: "string",
      multiple: true,
      value: "NAME",
      about: "leave out files and folders of this name, in which * stands for anything; may be repeated",
    },
    parallel: PARALLEL,
  },
  async run(call, values) {
    const { flatten: isFlat = false, "skip-existing": isSkipping = false, exclude: excluded = [] } = values;
    const { access, output, signal } = call;
    const selection = { sources: call.arguments.slice(0, -1), excluded };
    const target = call.arguments.at(-1) ?? "";
    const folder = parseFolder(target);
    if (isFlat && folder.length < PATH_COMPONENTS.length)
      throw new UsageError(`${target}: --flatten needs a full path, partition/collection/channel/`);
    const width = parallel(values.parallel);
    const vault = access.vault();

    const { files, size, leftOut, offences } = await plan(selection, folder, isFlat, signal);
    if (offences.length > 0) throw new UsageError(refusal(offences, target));
    for (const path of leftOut.slice(0, MOST_NAMED))
      output.warn(`${visible(path)}: is a link or no file, and left out`);
    if (leftOut.length > MOST_NAMED) output.warn(`and ${leftOut.length - MOST_NAMED} more are left out`);

    const uploader = new Uploader(call, vault, isSkipping);
    const transfer = new Transfer<LocalFile>(call, { going: "uploading", done: "uploaded" });
    transfer.expect(files, size);
    return transfer.run(filesOf(selection), {
      nameOf: ({ path }) => path,
      width,
      work: async (file, moved) => {
        const path = pathOf(file, folder, isFlat);
        if (path === undefined) throw new Error("was moved while others were uploaded");
        const { asset, id, size: sent, earlier } = await uploader.upload(file.path, path, moved);
        const json = { file: file.path, ...(asset ? { asset } : { reason: "already there", id }) };
        return {
          ...(asset ? {} : { skipped: "already there" }),
          size: sent,
          earlier,
          text: asset ? `${asset.id}  ${visible(pathText(path))}` : "",
          json,
        };
      },
    });
  },
});

function refusal(offences: readonly Offence[], target: string): string {
  const lines = fields(
    offences.map(({ where, why }) => [where, why] as const),
    (text) => text,
  );
  const isMendable = offences.some(({ isAboutFolders }) => isAboutFolders);
  return [
    `nothing was sent: ${offences.length === 1 ? "this does" : `these ${offences.length} do`} not fit into ${target}`,
    ...lines.map((line) => `  ${line}`),
    ...(isMendable ? ["--flatten puts all files into one full path, whatever folders they are in"] : []),
  ].join("\n");
}
