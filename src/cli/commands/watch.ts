import type { Change } from "../../client/index.ts";
import { command } from "../command.ts";
import { CURSOR_FILE, CursorFile } from "../cursor-file.ts";
import { explain } from "../explain.ts";
import { pathText } from "../place.ts";
import { time } from "../terminal/format.ts";
import { Table } from "../terminal/table.ts";

const COLUMNS = [{ title: "TIME" }, { title: "WHAT" }, { title: "ID" }, { title: "ASSET" }];

export const watch = command({
  name: "watch",
  usage: "",
  about: "shows what changes in a vault, as it happens, until Ctrl-C",
  help: `
It begins with what changes from now on. With --cursor-file it goes on where the last watch or export with that file ended, and keeps how far it is.
When the server does not answer, it is asked again until it does: nothing is left out. Of several changes of an asset that come together the last one is shown.`,
  takes: [0, 0],
  options: { "cursor-file": CURSOR_FILE },
  async run({ access, output, signal }, { "cursor-file": cursorFile }) {
    const cursors = new CursorFile(cursorFile);
    const { changes, vaultId } = access.vault();
    const table = new Table(COLUMNS);
    let said: string | undefined;
    const onRetry = (error: Error): void => {
      const text = explain(error);
      if (text !== said) output.warn(`${text}; trying again`);
      said = text;
    };
    try {
      let hasBegun = false;
      for await (const { data, cursor } of changes.watch({
        cursor: (await cursors.read()) ?? "now",
        signal,
        onRetry,
      })) {
        if (!hasBegun) output.note(`watching ${vaultId}; Ctrl-C ends it`);
        hasBegun = true;
        said = undefined;
        for (const change of data) {
          if (output.isJson) await output.json(change);
          else for (const line of table.lines([row(change)])) await output.line(line);
        }
        await cursors.save(cursor);
      }
    } catch (error) {
      throw cursors.explained(error);
    }
  },
});

const row = (change: Change): string[] =>
  change.type === "deleted"
    ? [time(change.deleted_at, true), "deleted", change.id]
    : [time(change.asset.updated_at, true), "changed", change.asset.id, pathText(change.asset)];
