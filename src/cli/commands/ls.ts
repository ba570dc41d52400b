import type { Asset, AssetListParameters, Folder, FolderFields } from "../../client/index.ts";
import { command } from "../command.ts";
import { type Folder as Place, filterOf, folderText, parseFolder, pathText } from "../place.ts";
import { bytes, count, time } from "../terminal/format.ts";
import { printList } from "../terminal/list.ts";
import { parseTimestamp } from "../../model/time.ts";
import { UsageError } from "../usage-error.ts";

const SHORT = [{ title: "SIZE", isRight: true }, { title: "CREATED" }, { title: "ASSET" }];
const LONG = [{ title: "ID" }, { title: "TYPE" }, ...SHORT];
const FOLDERS = [{ title: "ASSETS", isRight: true }, { title: "SIZE", isRight: true }, { title: "FOLDER" }];

export const ls = command({
  name: "ls",
  usage: "[FOLDER]",
  about: "lists and finds assets, newest first",
  help:
    "Without a FOLDER all of the vault's. An older asset stands below a newer one of the same name; --long tells them apart. " +
    "What is given several times must all match.",
  takes: [0, 1],
  options: {
    long: { type: "boolean", short: "l", about: "with ids and media types" },
    limit: { type: "string", value: "N", about: "no more than the first N" },
    oldest: { type: "boolean", about: "oldest first" },
    tag: { type: "string", value: "TAG", multiple: true, about: "with this tag" },
    name: { type: "string", value: "PREFIX", about: "whose names begin so" },
    type: { type: "string", value: "TYPE", about: "of a media type: image/png, or image/* for all images" },
    since: { type: "string", value: "TIME", about: "created then or later: 2026-01-15, or 2026-01-15T10:30:00Z" },
    before: { type: "string", value: "TIME", about: "created earlier" },
    meta: { type: "string", value: "KEY=VALUE", multiple: true, about: "with this value in the metadata" },
    search: { type: "string", value: "TEXT", about: "with this text in the name or in a tag; at least 3 characters" },
    folders: { type: "boolean", about: "the folders in the FOLDER instead, with what is in them" },
  },
  async run({ arguments: [text = "/"], access, output, signal }, { long, limit, folders, ...found }) {
    const folder = parseFolder(text);
    const most = limitOf(limit);
    const page = { limit: Math.min(most, 200) };
    if (folders) {
      if (long || FINDING.some((name) => found[name] !== undefined))
        throw new UsageError("--folders: goes with --limit alone");
      const list = access.vault().folders.list({ ...parentOf(folder), ...page }, { signal });
      const row = ({ name, assets, bytes: size }: Folder): string[] => [
        count(assets),
        bytes(size),
        folderText([...folder, name]),
      ];
      return printList(output, first(list, most), FOLDERS, row);
    }
    const assets = access.vault().assets.list({ ...filterOf(folder), ...searchOf(found), ...page }, { signal });
    const row = (asset: Asset): string[] => [
      ...(long ? [asset.id, asset.mime_type] : []),
      bytes(asset.size),
      time(asset.created_at),
      pathText(asset),
    ];
    return printList(output, first(assets, most), long ? LONG : SHORT, row);
  },
});

/** The options that find assets. */
const FINDING = ["oldest", "tag", "name", "type", "since", "before", "meta", "search"] as const;

/** What was given of what finds assets. */
interface Search {
  oldest?: boolean | undefined;
  tag?: string[] | undefined;
  name?: string | undefined;
  type?: string | undefined;
  since?: string | undefined;
  before?: string | undefined;
  meta?: string[] | undefined;
  search?: string | undefined;
}

/** The server says what is wrong with a value. */
function searchOf({ oldest, tag, name, type, since, before, meta = [], search }: Search): AssetListParameters {
  return {
    ...(oldest ? { order: "oldest" } : {}),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(name === undefined ? {} : { filename_prefix: name }),
    ...(type === undefined ? {} : { mime_type: type }),
    ...(since === undefined ? {} : { created_since: timeOf("--since", since) }),
    ...(before === undefined ? {} : { created_before: timeOf("--before", before) }),
    ...(search === undefined ? {} : { q: search }),
    metadata: Object.fromEntries(meta.map(pairOf)),
  };
}

/** A day is taken for its beginning, where the reader lives. */
function timeOf(option: string, text: string): string {
  // A day that does not exist would become another one.
  if (parseTimestamp(`${text}T00:00:00Z`) !== undefined) return new Date(`${text}T00:00:00`).toISOString();
  if (parseTimestamp(text) !== undefined) return text;
  throw new UsageError(`${option}: must be a day, or an RFC 3339 time, that exists, such as 2026-01-15`);
}

function pairOf(text: string): [key: string, value: string] {
  const cut = text.indexOf("=");
  if (cut < 1) throw new UsageError(`--meta ${text}: must be KEY=VALUE`);
  return [text.slice(0, cut), text.slice(cut + 1)];
}

function parentOf(folder: Place): Partial<FolderFields> {
  const [partition, collection, channel] = folder;
  if (channel !== undefined) throw new UsageError(`${folderText(folder)}: a channel has no folders in it`);
  return {
    ...(partition === undefined ? {} : { partition }),
    ...(collection === undefined ? {} : { collection }),
  };
}

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
