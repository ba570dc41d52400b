/** What is being done with the selected assets, for as long as it takes and until one has read what came of it. */

import { batch, type Signal, signal } from "@preact/signals";
import type { Asset, Strongroom } from "../../client/index.ts";
import { patch, remove } from "../browse/rows.ts";
import { session } from "../session.ts";
import { selection } from "../browse/selection.ts";
import { type Action, changeAll, changedBy, type Outcome } from "./changing.ts";

export interface Work {
  readonly action: Action;
  readonly assets: readonly Asset[];
  /** "Delete", as a button says it. */
  readonly verb: string;
  /** "deleted", as it is said afterwards. */
  readonly done: string;
}

export interface UnderWay extends Work {
  readonly tried: number;
  readonly isStopping: boolean;
  readonly outcome?: Outcome;
}

export const underWay: Signal<UnderWay | undefined> = signal(undefined);

/** Ends it after the request that is under way. */
export function stop(): void {
  if (underWay.value) underWay.value = { ...underWay.value, isStopping: true };
}

/**
 * Does it to all of them, and brings the list up to it. What was not done stays selected. Returns the outcome; when there is
 * something to read in it, it is also kept until `dismiss`.
 */
export async function start(vault: Strongroom, work: Work): Promise<Outcome> {
  underWay.value = { ...work, tried: 0, isStopping: false };
  const outcome = await changeAll(vault, work.assets, work.action, {
    onProgress: ({ tried }) => {
      if (underWay.value) underWay.value = { ...underWay.value, tried };
    },
    // Nothing is done with a key that was signed out.
    isStopped: () => underWay.value?.isStopping !== false || session.value === undefined,
  });
  if (session.value === undefined) {
    underWay.value = undefined;
    return outcome;
  }
  const open = [...outcome.failed.map(({ asset }) => asset), ...outcome.left];
  const isWhole = open.length === 0;
  batch(() => {
    show(work.action, outcome);
    // Even when one has gone to another folder meanwhile, one is told.
    if (!isWhole) selection.value = new Set(open.map(({ id }) => id));
    underWay.value = isWhole || !underWay.value ? undefined : { ...underWay.value, outcome };
  });
  return outcome;
}

export function dismiss(): void {
  underWay.value = undefined;
}

function show(action: Action, { done }: Outcome): void {
  if (action.op === "delete") for (const { id } of done) remove(id);
  else {
    const { op: _, ...change } = action;
    for (const asset of done) patch(changedBy(asset, change));
  }
  const isTagged = action.op === "update" && (action.add_tags ?? action.remove_tags) !== undefined;
  // Whoever has tagged them may want to move them next. Whoever has moved or deleted them is done with them.
  if (isTagged) return;
  const gone = new Set(done.map(({ id }) => id));
  selection.value = new Set([...selection.value].filter((id) => !gone.has(id)));
}
