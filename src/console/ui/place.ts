/** Between a button and what it opens. Pixels. */
const GAP = 4;

/** Puts what is over everything else below what has opened it or, where there is no room, above; always in the window. */
export function placeBeside(opener: HTMLElement | null, opened: HTMLElement | null): void {
  if (!opener || !opened) return;
  const at = opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = opened;
  const isBelow = at.bottom + GAP + height <= innerHeight || at.top < height + GAP;
  opened.style.left = `${Math.max(GAP, Math.min(at.left, innerWidth - width - GAP))}px`;
  opened.style.top = `${Math.max(GAP, isBelow ? Math.min(at.bottom + GAP, innerHeight - height - GAP) : at.top - GAP - height)}px`;
}
