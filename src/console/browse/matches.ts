/** Which assets are in a list, and in which order: what the server decides, for what it tells of meanwhile. */

import type { Asset, AssetListParameters } from "../../client/index.ts";
import type { BrowseRoute } from "../route.ts";

/** The shortest text that the server looks for. Characters. */
export const MIN_SEARCH = 3;

/** What is asked of the server for a route. */
export function parametersOf({ path, query }: BrowseRoute): AssetListParameters {
  const { tag, q = "", order, asset: _, metadata = {}, ...rest } = query;
  const asked: Record<string, unknown> = {
    ...path,
    ...rest,
    tags: tag,
    metadata,
    ...(Array.from(q).length < MIN_SEARCH ? {} : { q }),
    ...(order === "oldest" ? { order } : {}),
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
}

/** Whether anything is filtered beside the folder. */
export const isNarrowed = ({ query }: BrowseRoute): boolean => {
  const {
    tags = [],
    metadata = {},
    order: _,
    ...rest
  } = parametersOf({ page: "browse", vaultId: "", path: {}, query });
  return tags.length > 0 || Object.keys(metadata).length > 0 || Object.keys(rest).length > 0;
};

const lower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

const essence = (type: string): string => lower((type.split(";")[0] ?? "").trim());

/** Makes the function that says whether an asset is in the list. */
export function matcherOf(asked: AssetListParameters): (asset: Asset) => boolean {
  const { partition, collection, channel, tags = [], filename_prefix = "", metadata = {} } = asked;
  const since = asked.created_since === undefined ? -Infinity : Date.parse(asked.created_since);
  const before = asked.created_before === undefined ? Infinity : Date.parse(asked.created_before);
  const q = lower(asked.q ?? "");
  const type = asked.mime_type === undefined ? undefined : lower(asked.mime_type);
  return (asset) => {
    const created = Date.parse(asset.created_at);
    return (
      (partition === undefined || asset.partition === partition) &&
      (collection === undefined || asset.collection === collection) &&
      (channel === undefined || asset.channel === channel) &&
      tags.every((tag) => asset.tags.includes(tag)) &&
      asset.filename.startsWith(filename_prefix) &&
      (type === undefined ||
        (type.endsWith("/*")
          ? essence(asset.mime_type).startsWith(type.slice(0, -1))
          : essence(asset.mime_type) === type)) &&
      created >= since &&
      created < before &&
      (lower(asset.filename).includes(q) || asset.tags.some((tag) => lower(tag).includes(q))) &&
      Object.entries(metadata).every(
        ([key, value]) => Object.hasOwn(asset.metadata, key) && textOf(asset.metadata[key]) === String(value),
      )
    );
  };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Less than zero when `a` comes before `b`, newest first. */
const byNewest = (a: Asset, b: Asset): number =>
  a.created_at === b.created_at ? (a.id < b.id ? 1 : -1) : a.created_at < b.created_at ? 1 : -1;

export const comparer = (order: AssetListParameters["order"]): ((a: Asset, b: Asset) => number) =>
  order === "oldest" ? (a, b) => byNewest(b, a) : byNewest;
