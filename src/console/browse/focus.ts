import { session } from "../session.ts";
import { rows } from "./rows.ts";

/** Gives the focus to what stays, when what had it goes: to a row, or the nearest one, to the list, or to the page. */
export function focusNear(index = -1): void {
  const row = rows.value[Math.min(index, rows.value.length - 1)];
  const link = row && document.querySelector<HTMLElement>(`[data-id="${row.id}"]`);
  const list = rows.value.length > 0 ? document.querySelector<HTMLElement>(".scroller") : null;
  (link ?? list ?? document.getElementById("main"))?.focus({ preventScroll: true });
}

/** The same, once what goes has gone and if nothing has the focus then. */
export function focusLater(): void {
  setTimeout(() => {
    if (document.activeElement === document.body && session.value !== undefined) focusNear();
  });
}
