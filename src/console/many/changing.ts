/** How many assets are changed or deleted: in bites, with what became of each of them. */

import type { Asset, BatchOperation, BatchResult, Strongroom } from "../../client/index.ts";
import { PATH_COMPONENTS } from "../../model/asset.ts";
import { MAX_BATCH_OPERATIONS } from "../../model/limits.ts";
import { inLabels, labelled, OUT_OF_REACH } from "../ui/labels.ts";

const GONE = "It was deleted by someone else.";

/** The most that are looked for to tell why none was found. */
const LOOKED_FOR = 5;

/** What is done to each. An update is the same for all of them. */
export type Action = { readonly op: "delete" } | ({ readonly op: "update" } & Change);

export interface Change {
  readonly partition?: string;
  readonly collection?: string;
  readonly channel?: string;
  readonly add_tags?: string[];
  readonly remove_tags?: string[];
}

/** An asset that was not changed, and why. */
export interface Failure {
  readonly asset: Asset;
  readonly reason: string;
}

/** What has become of all so far. */
export interface Outcome {
  readonly done: readonly Asset[];
  readonly failed: readonly Failure[];
  /** What was not tried, because it was stopped or a request failed. */
  readonly left: readonly Asset[];
  /** Why it ended early. */
  readonly error?: unknown;
}

export interface Run {
  /** Called after each request. */
  readonly onProgress: (so: { readonly tried: number; readonly of: number }) => void;
  /** Ends it after the request that is under way, of which one would else not know what it did. */
  readonly isStopped: () => boolean;
}

/** Does it to all of them. It does not throw: an error is part of the outcome. */
export async function changeAll(
  vault: Strongroom,
  assets: readonly Asset[],
  action: Action,
  { onProgress, isStopped }: Run,
): Promise<Outcome> {
  const done: Asset[] = [];
  const failed: Failure[] = [];
  const isMove = action.op === "update" && PATH_COMPONENTS.some((name) => action[name] !== undefined);
  let waiting = [...assets];
  while (waiting.length > 0 && !isStopped()) {
    const bite = waiting.slice(0, MAX_BATCH_OPERATIONS);
    let results: readonly BatchResult[];
    try {
      ({ data: results } = await vault.assets.batch(bite.map(({ id }): BatchOperation => ({ ...action, id }))));
    } catch (error) {
      return { done, failed, left: waiting, error: inLabels(error) };
    }
    const again: Asset[] = [];
    const missing: Asset[] = [];
    for (const [at, asset] of bite.entries()) {
      const result = results[at];
      const error = result && "error" in result ? result.error : undefined;
      // Gone is what was wanted of it.
      if (!error || (action.op === "delete" && error.status === 404)) done.push(asset);
      // The request as a whole was too much: so this one belongs into another, unless it was the first.
      else if (error.status === 413 && at > 0) again.push(asset);
      else if (error.status === 404) missing.push(asset);
      else failed.push({ asset, reason: labelled(error.message) });
    }
    const isThere = isMove && done.length === 0 ? await firstThere(vault, missing) : missing.length;
    for (const [at, asset] of missing.entries()) failed.push({ asset, reason: at < isThere ? GONE : OUT_OF_REACH });
    waiting = [...again, ...waiting.slice(bite.length)];
    onProgress({ tried: assets.length - waiting.length, of: assets.length });
  }
  return { done, failed, left: waiting };
}

/**
 * Which of the assets that were not found is there: it is their new place then that the key does not reach, and all have the
 * same. Where none is there, as many as they are.
 */
async function firstThere(vault: Strongroom, missing: readonly Asset[]): Promise<number> {
  for (const [at, { id }] of missing.slice(0, LOOKED_FOR).entries()) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- the first is there, as a rule
      await vault.assets.get(id);
      return at;
    } catch {
      // It is gone, or it is not known.
    }
  }
  return missing.length;
}

/** An asset as an update leaves it, before the server has told. */
export function changedBy(asset: Asset, { add_tags = [], remove_tags = [], ...path }: Change): Asset {
  const kept = asset.tags.filter((tag) => !remove_tags.includes(tag));
  const added = add_tags.filter((tag) => !kept.includes(tag));
  return { ...asset, ...path, tags: [...kept, ...new Set(added)] };
}
