/** Which assets are in a list, and in which order: for what the server tells of after the list was asked for. */

import type { Asset, AssetListParameters } from "../../client/index.ts";
import { lowerAscii, matcher } from "../../model/asset-match.ts";
import { MIN_SEARCH_LENGTH } from "../../model/list-limits.ts";
import type { BrowseRoute } from "../route.ts";

/** What is asked of the server for a route. */
export function parametersOf({ path, query }: BrowseRoute): AssetListParameters {
  const { tag, q = "", order, asset: _, metadata = {}, ...rest } = query;
  const asked: Record<string, unknown> = {
    ...path,
    ...rest,
    tags: tag,
    metadata,
    ...(q.length < MIN_SEARCH_LENGTH ? {} : { q }),
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

/** Makes the function that says whether an asset is in the list. */
export function matcherOf(asked: AssetListParameters): (asset: Asset) => boolean {
  const { partition, collection, channel, tags = [], filename_prefix, metadata = {}, mime_type, q } = asked;
  // Here times are compared as such: they stand in the address however one has written them.
  const since = asked.created_since === undefined ? -Infinity : Date.parse(asked.created_since);
  const before = asked.created_before === undefined ? Infinity : Date.parse(asked.created_before);
  const matches = matcher({
    filename_prefix,
    mime_type: mime_type && lowerAscii(mime_type),
    metadata: Object.entries(metadata).map(([key, value]) => [key, String(value)]),
    q: q && lowerAscii(q),
  });
  return (asset) => {
    const created = Date.parse(asset.created_at);
    return (
      (partition === undefined || asset.partition === partition) &&
      (collection === undefined || asset.collection === collection) &&
      (channel === undefined || asset.channel === channel) &&
      tags.every((tag) => asset.tags.includes(tag)) &&
      created >= since &&
      created < before &&
      matches({ ...asset, tags: JSON.stringify(asset.tags), metadata: JSON.stringify(asset.metadata) })
    );
  };
}

/** Less than zero when `a` comes before `b`, newest first. */
const byNewest = (a: Asset, b: Asset): number =>
  a.created_at === b.created_at ? (a.id < b.id ? 1 : -1) : a.created_at < b.created_at ? 1 : -1;

export const comparer = (order: AssetListParameters["order"]): ((a: Asset, b: Asset) => number) =>
  order === "oldest" ? (a, b) => byNewest(b, a) : byNewest;
