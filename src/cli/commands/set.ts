import { type StoredAsset, type Strongroom, StrongroomError } from "../../client/index.ts";
import { inspectJson } from "../../model/json-text.ts";
import { MAX_JSON_FIELD_BYTES, MAX_METADATA_DEPTH } from "../../model/limits.ts";
import { command } from "../command.ts";
import { parseAsset } from "../place.ts";
import { idOf } from "../transfer/remote.ts";
import { sleep } from "../transfer/pause.ts";
import { UsageError } from "../usage-error.ts";
import { isJson, printAsset } from "./show.ts";

/** How often a change of tags is made anew because somebody else was faster. */
const MOST_ATTEMPTS = 10;
const LONGEST_PAUSE_MS = 200;

export const set = command({
  name: "set",
  usage: "ASSET [key=value …]",
  about: "changes metadata and tags of an asset",
  help: `
Metadata is merged: keys that are not named stay as they are.
A value that is JSON is taken as JSON, anything else as text: width=640 is a number, draft=true a boolean, sizes='[1,2]' a list, alt='A cat' a text. A text that could be taken for JSON is written as JSON: version='"1.0"'.`,
  takes: [1, Infinity],
  options: {
    tag: { type: "string", multiple: true, value: "TAG", about: "adds a tag; may be repeated" },
    untag: { type: "string", multiple: true, value: "TAG", about: "removes a tag; may be repeated" },
    unset: { type: "string", multiple: true, value: "KEY", about: "removes a key of the metadata; may be repeated" },
  },
  async run({ arguments: [asset = "", ...pairs], access, output, signal }, { tag = [], untag = [], unset = [] }) {
    const place = parseAsset(asset);
    const metadata = new Map(pairs.map(pairOf));
    const change = { metadata, unset, tag, untag };
    if (pairs.length + tag.length + untag.length + unset.length === 0)
      throw new UsageError("nothing to change: give key=value, --tag, --untag or --unset");
    const both = unset.find((key) => metadata.has(key)) ?? tag.find((name) => untag.includes(name));
    if (both !== undefined) throw new UsageError(`${both}: cannot be added and removed at once`);
    const vault = access.vault();
    await printAsset(output, await changed(vault, await idOf(vault, place, signal), change, signal));
  },
});

interface Change {
  readonly metadata: ReadonlyMap<string, unknown>;
  readonly unset: readonly string[];
  readonly tag: readonly string[];
  readonly untag: readonly string[];
}

/** Tags are replaced as a whole: what they are made of must be what they replace. */
async function changed(vault: Strongroom, id: string, change: Change, signal: AbortSignal): Promise<StoredAsset> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write(vault, await vault.assets.get(id, { signal }), change, signal);
    } catch (error) {
      const isLate = error instanceof StrongroomError && error.code === "PRECONDITION_FAILED";
      if (!isLate || attempt === MOST_ATTEMPTS) throw error;
      await sleep(Math.random() * LONGEST_PAUSE_MS, signal);
    }
  }
}

/**
 * What is set is merged as it is, with the nulls that it holds and in place of what was there. Only a merge patch removes, and
 * it would read the nulls and the objects of what is set in another way: then these go first, in a change of their own.
 *
 * @throws StrongroomError `PRECONDITION_FAILED` when the asset is not as it was any more
 */
async function write(
  { assets }: Strongroom,
  { id, etag, tags: before }: StoredAsset,
  { metadata, unset, tag, untag }: Change,
  signal: AbortSignal,
): Promise<StoredAsset> {
  const kept = before.filter((each) => !untag.includes(each));
  const tags =
    tag.length + untag.length === 0 ? {} : { tags: [...kept, ...new Set(tag.filter((each) => !kept.includes(each)))] };
  // fromEntries defines, it does not assign: `__proto__` is a key like any other.
  const values = metadata.size === 0 ? {} : { metadata: Object.fromEntries(metadata) };
  if (unset.length === 0) return assets.update(id, { ...values, ...tags }, { ifMatch: etag, signal });

  const nulls = unset.map((key) => [key, null] as const);
  const isPlain = [...metadata.values()].every((value) => typeof value !== "object" || Array.isArray(value));
  if (isPlain) {
    const patch = { metadata: Object.fromEntries([...metadata, ...nulls]), ...tags };
    return assets.update(id, patch, { ifMatch: etag, signal, mergePatch: true });
  }
  const between = await assets.update(id, { ...values, ...tags }, { ifMatch: etag, signal });
  const patch = { metadata: Object.fromEntries(nulls) };
  return assets.update(id, patch, { ifMatch: between.etag, signal, mergePatch: true });
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
