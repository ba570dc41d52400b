/**
 * What may be edited of an asset, all in one draft: which parts of it were changed, what is sent for that, and what becomes
 * of it when someone else was faster.
 */

import type { AssetChange, AssetMergePatch } from "../../client/index.ts";
import { type JsonObject, isObject, same } from "./json.ts";

/** An asset, or an edited copy of it, as far as it can be changed. */
export interface Draft {
  readonly partition: string;
  readonly collection: string;
  readonly channel: string;
  readonly filename: string;
  readonly tags: readonly string[];
  readonly metadata: JsonObject;
}

const PLAIN = ["filename", "partition", "collection", "channel", "tags"] as const;

/** Before the name of a part that is a key of the metadata. None of the others has a dot. */
const METADATA = "metadata.";

/** The parts of a draft by their names, each key of the metadata by itself. What is not there is undefined. */
type Parts = ReadonlyMap<string, unknown>;

export const draftOf = ({ partition, collection, channel, filename, tags, metadata }: Draft): Draft => ({
  partition,
  collection,
  channel,
  filename,
  tags,
  metadata,
});

const partsOf = (draft: Draft): Parts =>
  new Map<string, unknown>([
    ...PLAIN.map((name) => [name, draft[name]] as const),
    ...Object.entries(draft.metadata).map(([key, value]) => [METADATA + key, value] as const),
  ]);

function fromParts(parts: Parts): Draft {
  const metadata = [...parts].filter(([name]) => name.startsWith(METADATA));
  const plain = Object.fromEntries(PLAIN.map((name) => [name, parts.get(name)])) as Omit<Draft, "metadata">;
  // fromEntries defines properties and does not assign them: so `__proto__` stays a key like any other.
  return {
    ...plain,
    metadata: Object.fromEntries(metadata.map(([name, value]) => [name.slice(METADATA.length), value])),
  };
}

const namesOf = (...all: readonly Parts[]): string[] => [...new Set(all.flatMap((parts) => [...parts.keys()]))];

/** The names of the parts that differ. */
export function changed(before: Draft, after: Draft): string[] {
  const [old, now] = [partsOf(before), partsOf(after)];
  return namesOf(old, now).filter((name) => !same(old.get(name), now.get(name)));
}

/** A part as a person reads it: `metadata.alt` is “alt”. */
export const title = (name: string): string =>
  name.startsWith(METADATA) ? `metadata “${name.slice(METADATA.length)}”` : name;

/** A part that two have changed in different ways. Undefined is a key of the metadata that was removed. */
export interface Clash {
  readonly name: string;
  readonly theirs: unknown;
  readonly yours: unknown;
}

/** What two have made of the same state. */
export interface Meeting {
  /** What both have changed, and differently. */
  readonly clashes: readonly Clash[];
  /** What only the other one has changed. It stays as they made it. */
  readonly alsoTheirs: readonly string[];
  /** Both changes together, with what is chosen of each clash. */
  resolve(chosen: (name: string) => "theirs" | "yours"): Draft;
}

/** Puts two changes of the same state together. */
export function meet(base: Draft, yours: Draft, theirs: Draft): Meeting {
  const [old, mine, other] = [partsOf(base), partsOf(yours), partsOf(theirs)];
  const isMine = (name: string): boolean => !same(old.get(name), mine.get(name));
  const isTheirs = (name: string): boolean => !same(old.get(name), other.get(name));
  const names = namesOf(other, mine, old);
  const clashes = names
    .filter((name) => isMine(name) && isTheirs(name) && !same(mine.get(name), other.get(name)))
    .map((name) => ({ name, theirs: other.get(name), yours: mine.get(name) }));
  const clashing = new Set(clashes.map(({ name }) => name));
  return {
    clashes,
    alsoTheirs: names.filter((name) => isTheirs(name) && !clashing.has(name) && !isMine(name)),
    resolve: (chosen) =>
      fromParts(
        new Map(
          names
            .map((name) => {
              const takesMine = clashing.has(name) ? chosen(name) === "yours" : isMine(name);
              return [name, (takesMine ? mine : other).get(name)] as const;
            })
            .filter(([, value]) => value !== undefined),
        ),
      ),
  };
}

/** One request that changes an asset. */
export type Request =
  | { readonly change: AssetChange; readonly mergePatch: false }
  | { readonly change: AssetMergePatch; readonly mergePatch: true };

/**
 * The requests that make one state of the other. It is one, but for a change that neither form can say: a merge patch cannot
 * store a null, and only a merge patch removes a key. Then the keys are removed first.
 */
export function requestsFor(before: Draft, after: Draft): Request[] {
  const plain: AssetChange = {};
  for (const name of ["filename", "partition", "collection", "channel"] as const)
    if (before[name] !== after[name]) plain[name] = after[name];
  if (!same(before.tags, after.tags)) plain.tags = [...after.tags];
  const set = Object.entries(after.metadata).filter(([key, value]) => !same(valueOf(before.metadata, key), value));
  const removed = Object.keys(before.metadata)
    .filter((key) => valueOf(after.metadata, key) === undefined)
    .map((key) => [key, null] as const);
  const withSet: AssetChange = set.length > 0 ? { ...plain, metadata: Object.fromEntries(set) } : plain;
  if (removed.length === 0) return Object.keys(withSet).length > 0 ? [{ change: withSet, mergePatch: false }] : [];
  const patch = set.map(([key, value]) => [key, patchFor(valueOf(before.metadata, key), value)] as const);
  if (patch.every(([, value]) => value !== undefined))
    return [{ change: { ...plain, metadata: Object.fromEntries([...removed, ...patch]) }, mergePatch: true }];
  return [
    { change: { metadata: Object.fromEntries(removed) }, mergePatch: true },
    { change: withSet, mergePatch: false },
  ];
}

const valueOf = (object: JsonObject, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined);

/** The merge patch (RFC 7396) that makes one value of another. Undefined when there is none, because of a null. */
function patchFor(before: unknown, after: unknown): unknown {
  if (after === null) return undefined;
  if (!isObject(after)) return after;
  const old = isObject(before) ? before : {};
  const entries: [string, unknown][] = Object.keys(old)
    .filter((key) => !Object.hasOwn(after, key))
    .map((key) => [key, null]);
  for (const [key, value] of Object.entries(after)) {
    if (same(valueOf(old, key), value)) continue;
    const patch = patchFor(valueOf(old, key), value);
    if (patch === undefined) return undefined;
    entries.push([key, patch]);
  }
  return Object.fromEntries(entries);
}
