/** The files, of which the rows in view alone are in the page. */

import { batch, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Asset } from "../../client/index.ts";
import { type BrowseRoute, go } from "../route.ts";
import { canWrite } from "../session.ts";
import { Button } from "../ui/button.tsx";
import { count } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { Failure } from "../ui/states.tsx";
import { Row } from "./row.tsx";
import { failure, fresh, hasMore, isLoading, isStale, more, MOST_ROWS, rows } from "./rows.ts";
import { clearSelection, selection, selectRange, toggle } from "./selection.ts";

/** The height of a row, which styles/browse.css has, too. Pixels. */
const ROW = 44;

/** Rows beyond those in view, on either side. */
const BESIDE = 10;

/** The most rows in the page, however high the window is. */
const MOST_IN_PAGE = 190;

/** The next page is loaded when so few rows are left below. */
const AHEAD = 40;

export function Table({ to }: { to: BrowseRoute }) {
  const scroller = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(800);
  /** The row that the arrow keys move on from, and that Tab comes to. */
  const active = useSignal<string | undefined>(undefined);
  /** The row that is focused once it is in the page. */
  const wanted = useRef<string>(undefined);
  const wasFocused = useRef(false);
  const canSelect = canWrite();

  const all = rows.value;
  const first = Math.min(Math.floor(top.value / ROW), Math.max(0, all.length - 1));
  const seen = Math.min(Math.ceil(height.value / ROW) + 1, MOST_IN_PAGE - 2 * BESIDE);
  const from = Math.max(0, first - BESIDE);
  const until = Math.min(all.length, first + seen + BESIDE);
  const inPage = all.slice(from, until);
  const activeId = inPage.some(({ id }) => id === active.value) ? active.value : all[first]?.id;

  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => (height.value = element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // What comes in above the rows in view does not move them.
  const anchor = useRef<{ id: string; index: number; rows: readonly Asset[] }>(undefined);
  useLayoutEffect(() => {
    const before = anchor.current;
    const element = scroller.current;
    if (element && before && before.rows !== all && element.scrollTop > 0) {
      const index = all.findIndex(({ id }) => id === before.id);
      if (index >= 0 && index !== before.index) element.scrollTop += (index - before.index) * ROW;
    }
    const row = all[first];
    anchor.current = row && { id: row.id, index: first, rows: all };
  });

  // A list of something else begins at its top.
  const place = JSON.stringify([to.vaultId, to.path, { ...to.query, asset: "" }]);
  useLayoutEffect(() => {
    anchor.current = undefined;
    if (scroller.current) scroller.current.scrollTop = 0;
    batch(() => {
      top.value = 0;
      active.value = undefined;
    });
  }, [place]);

  useEffect(() => {
    if (until + AHEAD >= all.length && hasMore.value && !isLoading.value && failure.value === undefined) void more();
  });

  useLayoutEffect(() => {
    const element = scroller.current;
    // A row that is scrolled out of the page takes the focus with it: the keys must still come here.
    if (wasFocused.current && document.activeElement === document.body) element?.focus({ preventScroll: true });
    if (wanted.current === undefined) return;
    const link = element?.querySelector<HTMLElement>(`[data-id="${wanted.current}"]`);
    if (!link) return;
    wanted.current = undefined;
    link.focus({ preventScroll: true });
  });

  const open = (asset: Asset): void => go({ ...to, query: { ...to.query, asset: asset.id } });

  /** Goes to a row, wherever it is. */
  const goTo = (index: number, isSelecting: boolean): void => {
    const element = scroller.current;
    const row = all[Math.max(0, Math.min(index, all.length - 1))];
    if (!row || !element) return;
    const at = all.indexOf(row);
    const inView = element.clientHeight - ROW;
    if (at * ROW < element.scrollTop) element.scrollTop = at * ROW;
    else if ((at + 1) * ROW > element.scrollTop + inView) element.scrollTop = (at + 1) * ROW - inView;
    if (isSelecting && canSelect) selectRange(all, activeId, row.id);
    wanted.current = row.id;
    batch(() => {
      top.value = element.scrollTop;
      active.value = row.id;
    });
    // It may be in the page and focusable already.
    const link = element.querySelector<HTMLElement>(`[data-id="${row.id}"]`);
    link?.focus({ preventScroll: true });
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const at = all.findIndex(({ id }) => id === activeId);
    const screen = Math.max(1, Math.floor(height.value / ROW) - 2);
    const isRow = event.target instanceof HTMLAnchorElement || event.target === scroller.current;
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + screen,
      PageUp: at - screen,
      Home: 0,
      End: all.length - 1,
    };
    const target = moves[event.key];
    if (target !== undefined && isRow) goTo(target, event.shiftKey);
    else if (event.key === " " && isRow && canSelect && activeId !== undefined) toggle(activeId);
    else if (event.key === "a" && (event.ctrlKey || event.metaKey) && canSelect)
      selectRange(all, all[0]?.id, all.at(-1)?.id);
    else if (event.key === "Escape" && selection.value.size > 0) clearSelection();
    else return;
    event.preventDefault();
  };

  const select = (asset: Asset, event: MouseEvent): void => {
    if (event.shiftKey && active.value !== undefined) selectRange(all, active.value, asset.id);
    else toggle(asset.id);
    active.value = asset.id;
  };

  const isWaiting = isStale.value && all.length === 0 && failure.value === undefined;
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- keys that are pressed on its rows come up to it
    <div
      ref={scroller}
      tabindex={-1}
      onKeyDown={onKeyDown}
      onFocusIn={() => (wasFocused.current = true)}
      onFocusOut={(event) => (wasFocused.current = event.relatedTarget === null)}
      class={isStale.value ? "scroller stale" : "scroller"}
      onScroll={(event) => (top.value = event.currentTarget.scrollTop)}
    >
      {/* A grid: its rows can be selected, and arrow keys move among them. */}
      <table
        class={canSelect ? "files can-select" : "files"}
        role="grid"
        aria-label="Files"
        aria-rowcount={hasMore.value ? -1 : all.length + 1}
        aria-multiselectable={canSelect}
        aria-busy={isStale.value}
      >
        <Head to={to} canSelect={canSelect} />
        <tbody>
          {from > 0 && <Space rows={from} />}
          {inPage.map((asset, i) => (
            <Row
              key={asset.id}
              asset={asset}
              to={to}
              rowIndex={from + i + 2}
              isVisible={from + i >= first && from + i < first + seen}
              isActive={asset.id === activeId}
              isSelected={selection.value.has(asset.id)}
              isFresh={fresh.value.has(asset.id)}
              canSelect={canSelect}
              onOpen={open}
              onSelect={select}
              onActive={({ id }) => (active.value = id)}
            />
          ))}
          {until < all.length && <Space rows={all.length - until} />}
        </tbody>
      </table>
      {isWaiting && <Skeleton />}
      <Foot to={to} />
    </div>
  );
}

/** Stands for rows that are not in the page. */
function Space({ rows: n }: { rows: number }) {
  return (
    <tr aria-hidden="true" class="space">
      <td style={{ height: `${n * ROW}px` }} />
    </tr>
  );
}

function Head({ to, canSelect }: { to: BrowseRoute; canSelect: boolean }) {
  const all = rows.value;
  const chosen = selection.value.size;
  const isOldest = to.query.order === "oldest";
  return (
    <thead>
      <tr aria-rowindex={1}>
        {canSelect && (
          <th class="c-select" scope="col">
            <label class="hit">
              <input
                type="checkbox"
                aria-label={`Select all ${count(all.length, "file")} that are listed`}
                checked={chosen > 0 && chosen >= all.length}
                indeterminate={chosen > 0 && chosen < all.length}
                disabled={all.length === 0}
                onChange={() => (chosen > 0 ? clearSelection() : selectRange(all, all[0]?.id, all.at(-1)?.id))}
              />
            </label>
          </th>
        )}
        <th class="c-thumb" scope="col">
          <span class="unseen">Picture</span>
        </th>
        <th class="c-name" scope="col">
          Name
        </th>
        <th class="c-size" scope="col">
          Size
        </th>
        <th class="c-type" scope="col">
          Type
        </th>
        <th class="c-tags" scope="col">
          Tags
        </th>
        <th class="c-date" scope="col" aria-sort={isOldest ? "ascending" : "descending"}>
          <button
            type="button"
            class="sort"
            title={isOldest ? "Oldest first" : "Newest first"}
            onClick={() => go({ ...to, query: { ...to.query, order: isOldest ? undefined : "oldest" } })}
          >
            Added
            <span class={isOldest ? "sort-sign up" : "sort-sign"}>
              <Icon name="down" size={12} />
            </span>
          </button>
        </th>
      </tr>
    </thead>
  );
}

function Skeleton() {
  return (
    <div class="skeleton" role="status">
      <span class="unseen">Loading</span>
      {Array.from({ length: 12 }, (_, i) => (
        <span key={i} class="skeleton-row" />
      ))}
    </div>
  );
}

/** Below the last row: that more is coming, that it could not come, or that so many are not shown. */
function Foot({ to }: { to: BrowseRoute }) {
  const all = rows.value;
  if (failure.value !== undefined) {
    return (
      <div class="foot">
        <Failure error={failure.value} retry={() => void more()} />
      </div>
    );
  }
  if (all.length >= MOST_ROWS) {
    return (
      <div class="foot">
        <p class="hint">These are the first {count(all.length, "file")}. Search or filter to see others.</p>
        <Button
          small
          onClick={() => go({ ...to, query: { ...to.query, order: to.query.order ? undefined : "oldest" } })}
        >
          Begin at the other end
        </Button>
      </div>
    );
  }
  return hasMore.value && !isStale.value ? (
    <p class="foot hint" role="status">
      {all.length === 0 ? "Still looking…" : "Loading more…"}
    </p>
  ) : null;
}
