import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { Changes } from "../../client/index.ts";
import { type Call, command } from "../command.ts";
import { CURSOR_FILE, CursorFile } from "../cursor-file.ts";
import { counted } from "../terminal/format.ts";
import { visible, visibleJson } from "../terminal/visible.ts";
import { withTemporary } from "../transfer/destination.ts";
import { BodyFolder } from "../transfer/export-bodies.ts";
import { PARALLEL, parallel } from "../transfer/transfer.ts";
import { UsageError } from "../usage-error.ts";

export const exportRecords = command({
  name: "export",
  usage: "[FILE]",
  about: "writes the records of all assets, or what has changed since, as JSON lines",
  help: `
A line is {"type":"asset","asset":{…},"etag":…,"seq":…,"sha256":…}, or {"type":"deleted","id":…,"deleted_at":…} of one that was deleted meanwhile. Of several lines about an asset the last one counts.
Unless FILE is given, lines go to standard output. A FILE gets its name when all of it has come; one that is there is replaced.
With --cursor-file the first export has everything, and each later one what has changed since the one before.
With --bodies it is a backup, which strongroom import brings back. Files that are in the folder already stay there, even when their asset has gone.`,
  takes: [0, 1],
  options: {
    "cursor-file": CURSOR_FILE,
    bodies: { type: "string", value: "DIR", about: "the files of the assets too, into this folder" },
    parallel: PARALLEL,
  },
  async run(call, { "cursor-file": cursorFile, bodies: folder, parallel: width }) {
    const [file] = call.arguments;
    if (file === "") throw new UsageError("FILE: must not be empty");
    if (folder === "") throw new UsageError("--bodies: must not be empty");
    const most = parallel(width);
    const cursors = new CursorFile(cursorFile);
    const vault = call.access.vault();
    const bodies = folder === undefined ? undefined : await BodyFolder.open(folder, vault, most);
    const source = { changes: vault.changes, bodies };
    try {
      const from = await cursors.read();
      const { cursor } =
        file === undefined ? await writeOut(call, source, from) : await write(file, call, source, from);
      await cursors.save(cursor);
    } catch (error) {
      throw cursors.explained(error);
    }
  },
});

interface Source {
  readonly changes: Changes;
  readonly bodies: BodyFolder | undefined;
}

/** How many lines were written, and where the feed goes on behind them. */
interface Exported {
  readonly lines: number;
  readonly cursor: string;
}

const writeOut = (call: Call, source: Source, from: string | undefined): Promise<Exported> =>
  lines(call, source, from, (text) => call.output.bytes(text));

async function write(file: string, call: Call, source: Source, from: string | undefined): Promise<Exported> {
  const exported = await withTemporary(dirname(file), async (temporary) => {
    const handle: FileHandle = await open(temporary, "wx");
    let written: Exported;
    try {
      written = await lines(call, source, from, (text) => handle.writeFile(text));
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    return written;
  });
  call.output.note(`${counted(exported.lines, "line")} in ${visible(file)}`);
  return exported;
}

/** Reads the feed to its end, a page at a time. */
async function lines(
  { signal }: Call,
  { changes, bodies }: Source,
  from: string | undefined,
  print: (text: string) => Promise<void>,
): Promise<Exported> {
  let cursor = from;
  for (let count = 0; ;) {
    const page = await changes.list(
      { limit: 1_000, full: true, ...(cursor === undefined ? {} : { cursor }) },
      { signal },
    );
    // Before the lines: what is in FILE has its file.
    await bodies?.write(page, signal);
    const text = page.data.map((change) => `${visibleJson(change)}\n`).join("");
    if (text !== "") await print(text);
    count += page.data.length;
    ({ cursor } = page);
    if (!page.has_more) return { lines: count, cursor };
  }
}
