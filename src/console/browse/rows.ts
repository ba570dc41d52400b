/** The assets that are listed, in their order, as far as they were loaded. */

import { type Signal, signal } from "@preact/signals";
import type { Asset } from "../../client/index.ts";

export const rows: Signal<readonly Asset[]> = signal([]);

/** The asset has changed: what is listed of it changes too. It stays where it is, even if it no longer matches. */
export function patch(asset: Asset): void {
  rows.value = rows.value.map((each) => (each.id === asset.id ? asset : each));
}

/** The asset is gone. */
export function remove(id: string): void {
  rows.value = rows.value.filter((each) => each.id !== id);
}
