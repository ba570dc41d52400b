import type { StoredAsset } from "../../client/index.ts";
import { command } from "../command.ts";
import { parseAsset, pathText } from "../place.ts";
import { bytes, count, time } from "../terminal/format.ts";
import type { Output } from "../terminal/output.ts";
import { idOf } from "../transfer/remote.ts";

export const show = command({
  name: "show",
  usage: "ASSET",
  about: "shows what is known of an asset",
  takes: [1, 1],
  options: {},
  async run({ arguments: [asset = ""], access, output, signal }) {
    const place = parseAsset(asset);
    const vault = access.vault();
    await printAsset(output, await vault.assets.get(await idOf(vault, place, signal), { signal }));
  },
});

/** An asset with everything that is known of it. */
export async function printAsset(output: Output, asset: StoredAsset): Promise<void> {
  if (output.isJson) {
    await output.json(asset);
    return;
  }
  const { width, height, metadata, tags } = asset;
  const pairs: [string, string][] = [
    ["id", asset.id],
    ["asset", pathText(asset)],
    ["size", asset.size < 1000 ? bytes(asset.size) : `${bytes(asset.size)} (${count(asset.size)} bytes)`],
    ["type", asset.mime_type],
    ...(width === null || height === null ? [] : [["pixels", `${width} × ${height}`] as [string, string]]),
    ["created", time(asset.created_at, true)],
    ["updated", time(asset.updated_at, true)],
    ...(tags.length === 0 ? [] : [["tags", tags.join(", ")] as [string, string]]),
    ...Object.entries(metadata).map(([key, value]): [string, string] => [
      `metadata.${key}`,
      // Text that could be taken for something else is shown as what it is.
      typeof value === "string" && !isJson(value) ? value : JSON.stringify(value),
    ]),
  ];
  await output.fields(pairs);
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
