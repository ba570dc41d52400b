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

/** Selects all from one to the other. */
export function selectRange(
  all: readonly { readonly id: string }[],
  from: string | undefined,
  to: string | undefined,
): void {
  const ends = [from, to].map((end) => all.findIndex(({ id }) => id === end));
  if (ends.includes(-1)) return;
  const next = new Set(selection.value);
  for (const { id } of all.slice(Math.min(...ends), Math.max(...ends) + 1)) next.add(id);
  selection.value = next;
}
