/** The assets that are listed, in their order, as far as they were loaded. */

import { batch, type Signal, signal } from "@preact/signals";
import type { Asset, AssetListParameters, Change, Strongroom } from "../../client/index.ts";
import { comparer, matcherOf } from "./matches.ts";

/** Assets of a page: a few screens. */
const PAGE = 100;

/** The most that are held: some 20 MB with usual records. Whoever looks for something narrows the list. */
export const MOST_ROWS = 20_000;

export const rows: Signal<readonly Asset[]> = signal([]);

/** Whether there are more than were loaded. */
export const hasMore = signal(false);
/** A page is on its way. */
export const isLoading = signal(false);
/** `rows` are still those of the list before. */
export const isStale = signal(true);
/** Why the latest page did not come. */
export const failure = signal<unknown>(undefined);
/** The ids of what came by itself while the list was open. */
export const fresh: Signal<ReadonlySet<string>> = signal(new Set<string>());

/** One list, from its beginning to the next one. */
interface List {
  readonly vault: Strongroom;
  readonly asked: AssetListParameters;
  readonly controller: AbortController;
  cursor: string | undefined;
}

let list: List | undefined;

/** Lists what is asked for, from the beginning. What was listed before stands until the first page has come. */
export function open(vault: Strongroom, asked: AssetListParameters): void {
  list?.controller.abort();
  list = { vault, asked, controller: new AbortController(), cursor: undefined };
  batch(() => {
    isStale.value = true;
    isLoading.value = false;
    hasMore.value = true;
  });
  void more();
}

/** Loads the list anew. */
export function reopen(): void {
  if (list) open(list.vault, list.asked);
}

/** Forgets everything: nobody looks. */
export function close(): void {
  list?.controller.abort();
  list = undefined;
  batch(() => {
    rows.value = [];
    isStale.value = true;
    isLoading.value = false;
    failure.value = undefined;
  });
}

/** Loads the next page. A page of a search may be empty although there is more. */
export async function more(): Promise<void> {
  const current = list;
  if (!current || isLoading.value || !hasMore.value) return;
  isLoading.value = true;
  failure.value = undefined;
  try {
    const { vault, asked, controller, cursor } = current;
    const page = await vault.assets.list(
      { ...asked, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) },
      { signal: controller.signal },
    );
    if (list !== current) return;
    current.cursor = page.cursor ?? undefined;
    batch(() => {
      const before = isStale.value ? [] : rows.value;
      // What came by itself meanwhile may be on the page, too.
      const known = new Set(before.map(({ id }) => id));
      rows.value = [...before, ...page.data.filter(({ id }) => !known.has(id))];
      hasMore.value = page.has_more && rows.value.length < MOST_ROWS;
      if (isStale.value) fresh.value = new Set();
      isStale.value = false;
    });
  } catch (error) {
    if (list !== current) return;
    if (isStale.value) rows.value = [];
    failure.value = error;
  } finally {
    if (list === current) isLoading.value = false;
  }
}

/** The asset has changed: what is listed of it changes too. It stays where it is, even if it no longer matches. */
export function patch(asset: Asset): void {
  rows.value = rows.value.map((each) => (each.id === asset.id ? asset : each));
}

/** The asset is gone. */
export function remove(id: string): void {
  rows.value = rows.value.filter((each) => each.id !== id);
}

/** What has happened in the vault, whoever did it: what matches comes, what no longer does goes. */
export function apply(changes: readonly Change[]): void {
  if (!list || isStale.value || changes.length === 0) return;
  const matches = matcherOf(list.asked);
  const compare = comparer(list.asked.order);
  const coming = new Map<string, Asset>();
  const going = new Set<string>();
  for (const change of changes) {
    if (change.type === "deleted") going.add(change.id);
    else if (matches(change.asset)) coming.set(change.asset.id, change.asset);
    else going.add(change.asset.id);
  }
  let isChanged = false;
  const kept = rows.value.flatMap((row) => {
    const now = coming.get(row.id);
    coming.delete(row.id);
    if (now || going.has(row.id)) isChanged = true;
    return now ?? (going.has(row.id) ? [] : row);
  });
  const last = kept.at(-1);
  // What lies behind the last row comes with its page.
  const added = [...coming.values()].filter((asset) => !hasMore.value || (last && compare(asset, last) < 0));
  if (!isChanged && added.length === 0) return;
  batch(() => {
    rows.value = added.length === 0 ? kept : [...added, ...kept].toSorted(compare).slice(0, MOST_ROWS);
    if (added.length > 0) fresh.value = new Set(added.map(({ id }) => id));
  });
}
