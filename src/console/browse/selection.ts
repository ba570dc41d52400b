import { type Signal, signal } from "@preact/signals";

/** The ids of the assets that are selected. It is replaced, never changed. */
export const selection: Signal<ReadonlySet<string>> = signal(new Set<string>());

export function toggle(id: string, isSelected = !selection.value.has(id)): void {
  const next = new Set(selection.value);
  if (isSelected) next.add(id);
  else next.delete(id);
  selection.value = next;
}

export const clearSelection = (): void => {
  if (selection.value.size > 0) selection.value = new Set();
};
