/** What the files are narrowed to: how it is chosen, and how it is taken back. */

import { useRef, useState } from "preact/hooks";
import { lazy } from "../lazy.tsx";
import { type BrowseRoute, go, type Query } from "../route.ts";
import { Button } from "../ui/button.tsx";
import { day } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { placeBeside } from "../ui/place.ts";
import { choiceName, isTime } from "../ui/kinds.ts";

const FilterForm = lazy(async () => (await import("./filter-form.tsx")).FilterForm);

interface Chip {
  readonly label: string;
  readonly value: string;
  /** The query without it. */
  readonly without: Query;
}

function chipsOf(query: Query): Chip[] {
  const { tag, metadata = {}, mime_type, filename_prefix, created_since, created_before } = query;
  const without = (name: keyof Query): Query => ({ ...query, [name]: undefined });
  return [
    ...tag.map((each) => ({
      label: "Tag",
      value: each,
      without: { ...query, tag: tag.filter((other) => other !== each) },
    })),
    ...Object.entries(metadata).map(([key, value]) => ({
      label: key,
      value,
      without: { ...query, metadata: Object.fromEntries(Object.entries(metadata).filter(([other]) => other !== key)) },
    })),
    ...(mime_type ? [{ label: "Type", value: choiceName(mime_type), without: without("mime_type") }] : []),
    ...(filename_prefix
      ? [{ label: "Name begins with", value: filename_prefix, without: without("filename_prefix") }]
      : []),
    ...(created_since ? [{ label: "Since", value: shownDay(created_since), without: without("created_since") }] : []),
    ...(created_before
      ? [{ label: "Before", value: shownDay(created_before), without: without("created_before") }]
      : []),
  ];
}

const shownDay = (time: string): string => (isTime(time) ? day(time) : time);

export function Chips({ to }: { to: BrowseRoute }) {
  const chips = chipsOf(to.query);
  if (chips.length === 0) return null;
  const narrow = (query: Query): void => go({ ...to, query });
  return (
    <ul class="chips" aria-label="Filters">
      {chips.map(({ label, value, without }) => (
        <li class="chip" key={`${label} ${value}`}>
          <span class="chip-label">{label}</span>
          <span class="chip-value">{value}</span>
          <button type="button" aria-label={`Remove the filter ${label} ${value}`} onClick={() => narrow(without)}>
            <Icon name="close" size={10} />
          </button>
        </li>
      ))}
      <li>
        <Button
          kind="quiet"
          small
          onClick={() => narrow({ tag: [], q: to.query.q, order: to.query.order, asset: to.query.asset })}
        >
          Clear filters
        </Button>
      </li>
    </ul>
  );
}

export function FilterButton({ to }: { to: BrowseRoute }) {
  const opener = useRef<HTMLSpanElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);
  return (
    <span ref={opener} class="menu-opener">
      <Button icon="filter" aria-haspopup="dialog" onClick={() => panel.current?.togglePopover()}>
        Filter
      </Button>
      <div
        ref={panel}
        popover="auto"
        role="dialog"
        aria-label="Filter files"
        class="menu filter-panel"
        onToggle={(event) => setOpen(event.newState === "open")}
      >
        {isOpen && (
          <FilterForm
            to={to}
            onShown={() => placeBeside(opener.current, panel.current)}
            onDone={() => panel.current?.hidePopover()}
          />
        )}
      </div>
    </span>
  );
}
