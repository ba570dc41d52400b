import { List, listAt } from "./list.ts";
import type { Query, Transport } from "./transport.ts";
import type { Asset, AssetListParameters, CallOptions, IdListParameters, Page } from "./types.ts";
import { assetOf } from "./values.ts";

const NO_ASSETS: Page<Asset> = { data: [], cursor: null, has_more: false };

/** See `assets.list`. */
export function listAssets(
  transport: Transport,
  path: readonly string[],
  parameters: AssetListParameters,
  options: CallOptions,
): List<Asset> {
  // These are the names of the API. A filter that got lost would ask for more than is meant, and perhaps for everything.
  for (const [name, here] of [
    ["id", "ids"],
    ["tag", "tags"],
  ] as const) {
    if (name in parameters) throw new TypeError(`${name}: is called ${here} here`);
  }
  // Without ids in the query, all assets would be asked for.
  if (parameters.ids?.length === 0) return new List<Asset>({}, async () => NO_ASSETS);
  return listAt(transport, path, queryOfAssets(parameters), options, assetOf);
}

/** What lists assets, as it is sent. */
function queryOfAssets({ tags, ids, metadata = {}, ...rest }: AssetListParameters): IdListParameters & Query {
  const values = Object.entries(metadata).map(([key, value]) => {
    return [`metadata.${key}`, typeof value === "string" ? value : JSON.stringify(value)] as const;
  });
  return { ...rest, tag: tags, id: ids, ...Object.fromEntries(values) };
}
