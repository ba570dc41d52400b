import type { StoredAsset, Strongroom } from "../../client/index.ts";
import { inspectJson } from "../../model/json-text.ts";
import { MAX_JSON_FIELD_BYTES, MAX_METADATA_DEPTH } from "../../model/limits.ts";
import { command } from "../command.ts";
import { parseAsset } from "../place.ts";
import { idOf } from "../transfer/remote.ts";
import { UsageError } from "../usage-error.ts";
import { isJson, printAsset } from "./show.ts";

export const set = command({
  name: "set",
  usage: "ASSET [key=value …]",
  about: "changes metadata and tags of an asset",
  help: `
Metadata is merged: keys that are not named stay as they are.
A value that is JSON is taken as JSON, anything else as text: width=640 is a number, draft=true a boolean, sizes='[1,2]' a list, alt='A cat' a text. A text that could be taken for JSON is written as JSON: version='"1.0"'.`,
  takes: [1, Infinity],
  options: {
    "add-tag": { type: "string", multiple: true, value: "TAG", about: "adds a tag; may be repeated" },
    "remove-tag": { type: "string", multiple: true, value: "TAG", about: "removes a tag; may be repeated" },
    tag: { type: "string", multiple: true, value: "TAG", about: "the same as --add-tag" },
    untag: { type: "string", multiple: true, value: "TAG", about: "the same as --remove-tag" },
    unset: { type: "string", multiple: true, value: "KEY", about: "removes a key of the metadata; may be repeated" },
  },
  async run({ arguments: [asset = "", ...pairs], access, output, signal }, { unset = [], ...tags }) {
    const place = parseAsset(asset);
    const metadata = new Map(pairs.map(pairOf));
    const add = [...(tags["add-tag"] ?? []), ...(tags.tag ?? [])];
    const remove = [...(tags["remove-tag"] ?? []), ...(tags.untag ?? [])];
    if (pairs.length + add.length + remove.length + unset.length === 0)
      throw new UsageError("nothing to change: give key=value, --add-tag, --remove-tag or --unset");
    const both = unset.find((key) => metadata.has(key)) ?? add.find((name) => remove.includes(name));
    if (both !== undefined) throw new UsageError(`${both}: cannot be added and removed at once`);
    const vault = access.vault();
    const id = await idOf(vault, place, signal);
    await printAsset(output, await write(vault, id, { metadata, unset, add, remove }, signal));
  },
});

interface Change {
  readonly metadata: ReadonlyMap<string, unknown>;
  readonly unset: readonly string[];
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/**
 * What is set is merged as it is, with the nulls that it holds and in place of what was there. Only a merge patch removes, and
 * it would read the nulls and the objects of what is set in another way: then these go first, in a change of their own.
 */
async function write(
  { assets }: Strongroom,
  id: string,
  { metadata, unset, add, remove }: Change,
  signal: AbortSignal,
): Promise<StoredAsset> {
  const tags = {
    ...(add.length === 0 ? {} : { add_tags: [...add] }),
    ...(remove.length === 0 ? {} : { remove_tags: [...remove] }),
  };
  // fromEntries defines, it does not assign: `__proto__` is a key like any other.
  const values = metadata.size === 0 ? {} : { metadata: Object.fromEntries(metadata) };
  if (unset.length === 0) return assets.update(id, { ...values, ...tags }, { signal });

  const nulls = unset.map((key) => [key, null] as const);
  const isPlain = [...metadata.values()].every((value) => typeof value !== "object" || Array.isArray(value));
  if (isPlain) {
    const patch = { metadata: Object.fromEntries([...metadata, ...nulls]), ...tags };
    return assets.update(id, patch, { signal, mergePatch: true });
  }
  await assets.update(id, { ...values, ...tags }, { signal });
  return assets.update(id, { metadata: Object.fromEntries(nulls) }, { signal, mergePatch: true });
}

/** @throws UsageError */
function pairOf(text: string): [string, unknown] {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`${text}: must be key=value`);
  const [key, value] = [text.slice(0, at), text.slice(at + 1)];
  if (!isJson(value)) return [key, value];
  // JSON.parse would change such a number without a word.
  const limits = { bytes: MAX_JSON_FIELD_BYTES };
  const objection = inspectJson(`{"value":${value}}`, () => limits, { depth: MAX_METADATA_DEPTH });
  if (objection?.rule === "number")
    throw new UsageError(
      `${key}: the number ${objection.number} cannot be kept exactly; as text it is ${key}='"${objection.number}"'`,
    );
  return [key, JSON.parse(value)];
}
