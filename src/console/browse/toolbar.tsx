/** Above the files: where one is, how much is there, what it is narrowed to, and the way in for more. */

import { useEffect, useRef, useState } from "preact/hooks";
import { MIN_SEARCH_LENGTH } from "../../model/list-limits.ts";
import { type BrowseRoute, type Folder, go, href, NO_QUERY } from "../route.ts";
import { canWrite } from "../session.ts";
import { bytes, count } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { UploadButton } from "../upload/button.tsx";
import { Chips, FilterButton } from "./filters.tsx";
import { totalOf } from "./folders.ts";
import { live } from "./live.ts";

/** Typing goes on; when it pauses for so long, it is looked for. Milliseconds. */
const TYPED_MS = 250;

export function Toolbar({ to }: { to: BrowseRoute }) {
  return (
    <div class="toolbar">
      <div class="toolbar-line">
        <Crumbs to={to} />
        <Summary to={to} />
        <div class="toolbar-end">
          <Search to={to} />
          <FilterButton to={to} />
          {canWrite() && <UploadButton />}
        </div>
      </div>
      <Chips to={to} />
    </div>
  );
}

/** The folders that one is in, from the outermost on. */
function crumbsOf({ partition, collection, channel }: Folder): { name: string; path: Folder }[] {
  return [
    { name: "All files", path: {} },
    ...(partition === undefined ? [] : [{ name: partition, path: { partition } }]),
    ...(collection === undefined ? [] : [{ name: collection, path: { partition, collection } }]),
    ...(channel === undefined ? [] : [{ name: channel, path: { partition, collection, channel } }]),
  ];
}

function Crumbs({ to }: { to: BrowseRoute }) {
  const crumbs = crumbsOf(to.path);
  return (
    <nav class="crumbs" aria-label="Where you are">
      <ol>
        {crumbs.map(({ name, path }, i) => (
          <li key={i}>
            {i < crumbs.length - 1 ? (
              <>
                <a href={href({ ...to, path, query: { ...to.query, asset: undefined } })}>{name}</a>
                <span class="slash" aria-hidden="true">
                  /
                </span>
              </>
            ) : (
              <h1 aria-current="page">{name}</h1>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Summary({ to }: { to: BrowseRoute }) {
  const total = totalOf(to.path);
  const isBroken = live.value === "broken";
  return (
    <p class="summary numbers" role="status">
      {total && (
        <span>
          {count(total.assets, "file")} · {bytes(total.bytes)}
        </span>
      )}
      {isBroken && (
        <span class="not-live" title="What others do is not seen yet.">
          <Icon name="warn" size={12} /> Reconnecting
        </span>
      )}
    </p>
  );
}

function Search({ to }: { to: BrowseRoute }) {
  const [text, setText] = useState(to.query.q ?? "");
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // Where one goes back to, something else may have been looked for.
  useEffect(() => {
    if (document.activeElement !== field.current) setText(to.query.q ?? "");
  }, [to.query.q]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof Element && event.target.closest("input, textarea, select, dialog");
      if (event.key !== "/" || event.ctrlKey || event.metaKey || isTyping) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => {
      removeEventListener("keydown", onKey);
      clearTimeout(timer.current);
    };
  }, []);
  const look = (q: string): void => {
    clearTimeout(timer.current);
    go({ ...to, query: { ...to.query, q: q.trim() || undefined } }, { replace: true });
  };
  const length = text.trim().length;
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        look(text);
      }}
    >
      <Icon name="search" size={14} />
      <input
        ref={field}
        class="input"
        type="search"
        aria-label="Search names and tags"
        placeholder="Search names and tags"
        autocomplete="off"
        spellcheck={false}
        value={text}
        aria-describedby="search-told"
        onInput={(event) => {
          const { value } = event.currentTarget;
          setText(value);
          clearTimeout(timer.current);
          timer.current = setTimeout(look, TYPED_MS, value);
        }}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || text === "") return;
          event.preventDefault();
          setText("");
          look("");
        }}
      />
      <span id="search-told" class="search-told" role="status">
        {length > 0 && length < MIN_SEARCH_LENGTH && `${MIN_SEARCH_LENGTH - length} more…`}
      </span>
    </form>
  );
}

/** The same folder with nothing filtered. */
export const unfiltered = (to: BrowseRoute): BrowseRoute => ({ ...to, query: { ...NO_QUERY, order: to.query.order } });
