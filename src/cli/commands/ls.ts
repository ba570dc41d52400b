import type { Asset } from "../../client/index.ts";
import { command } from "../command.ts";
import { filterOf, parseFolder, pathText } from "../place.ts";
import { bytes, time } from "../terminal/format.ts";
import { printList } from "../terminal/list.ts";
import { UsageError } from "../usage-error.ts";

const SHORT = [{ title: "SIZE", isRight: true }, { title: "CREATED" }, { title: "ASSET" }];
const LONG = [{ title: "ID" }, { title: "TYPE" }, ...SHORT];

export const ls = command({
  name: "ls",
  usage: "[FOLDER]",
  about: "lists assets, newest first",
  help: "Without a FOLDER all of the vault's. An older asset stands below a newer one of the same name; --long tells them apart.",
  takes: [0, 1],
  options: {
    long: { type: "boolean", short: "l", about: "with ids and media types" },
    limit: { type: "string", value: "N", about: "no more than the N newest" },
  },
  async run({ arguments: [folder = "/"], access, output, signal }, { long, limit }) {
    const filter = filterOf(parseFolder(folder));
    const most = limitOf(limit);
    const assets = access.vault().assets.list({ ...filter, limit: Math.min(most, 200) }, { signal });
    const row = (asset: Asset): string[] => [
      ...(long ? [asset.id, asset.mime_type] : []),
      bytes(asset.size),
      time(asset.created_at),
      pathText(asset),
    ];
    await printList(output, first(assets, most), long ? LONG : SHORT, row);
  },
});

function limitOf(text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError("--limit: must be a number, at least 1");
}

async function* first<T>(items: AsyncIterable<T>, most: number): AsyncGenerator<T, void, undefined> {
  let left = most;
  for await (const item of items) {
    yield item;
    if (--left === 0) return;
  }
}
