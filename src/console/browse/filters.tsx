/** What the files are narrowed to: how it is chosen, and how it is taken back. */

import { useRef, useState } from "preact/hooks";
import { type BrowseRoute, go, type Query } from "../route.ts";
import { Button, day, Field, Icon, placeBeside, TextField } from "../ui/index.ts";
import { choiceName, TYPE_CHOICES } from "./kinds.ts";

/** The most tags of a list. */
const MOST_TAGS = 5;

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

const isTime = (time: string): boolean => !Number.isNaN(Date.parse(time));
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

/** A day of the calendar, as a date field has it, in the time of whoever looks. */
function dateOf(time: string | undefined): string {
  if (time === undefined || !isTime(time)) return "";
  const at = new Date(time);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Its beginning, as the API writes times. */
const timeOf = (date: string): string | undefined => (date ? new Date(`${date}T00:00`).toISOString() : undefined);

export function FilterButton({ to }: { to: BrowseRoute }) {
  const opener = useRef<HTMLSpanElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [tag, setTag] = useState("");
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const { query } = to;
  const set = (change: Partial<Query>): void => go({ ...to, query: { ...query, ...change } });
  const types = query.mime_type && !TYPE_CHOICES.some(([type]) => type === query.mime_type) ? [query.mime_type] : [];
  const add = (): void => {
    if (tag.trim()) set({ tag: [...new Set([...query.tag, tag.trim()])] });
    if (key.trim()) set({ metadata: { ...query.metadata, [key.trim()]: value } });
    setTag("");
    setKey("");
    setValue("");
    panel.current?.hidePopover();
  };
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
        onToggle={(event) => {
          if (event.newState !== "open") return;
          placeBeside(opener.current, panel.current);
          panel.current?.querySelector("input")?.focus();
        }}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            add();
          }}
        >
          <TextField
            label="Tag"
            value={tag}
            placeholder="hero"
            disabled={query.tag.length >= MOST_TAGS}
            hint={query.tag.length >= MOST_TAGS ? `At most ${MOST_TAGS} tags` : undefined}
            onInput={(event) => setTag(event.currentTarget.value)}
          />
          <Field label="Type">
            {(control) => (
              <select
                class="input"
                {...control}
                value={query.mime_type ?? ""}
                onChange={(event) => set({ mime_type: event.currentTarget.value || undefined })}
              >
                <option value="">Any</option>
                {[...TYPE_CHOICES, ...types.map((type) => [type, type] as const)].map(([type, name]) => (
                  <option key={type} value={type}>
                    {name}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <TextField
            label="Name begins with"
            value={query.filename_prefix ?? ""}
            onChange={(event) => set({ filename_prefix: event.currentTarget.value || undefined })}
          />
          <div class="pair">
            <TextField
              label="Added since"
              type="date"
              value={dateOf(query.created_since)}
              onChange={(event) => set({ created_since: timeOf(event.currentTarget.value) })}
            />
            <TextField
              label="Added before"
              type="date"
              value={dateOf(query.created_before)}
              onChange={(event) => set({ created_before: timeOf(event.currentTarget.value) })}
            />
          </div>
          <div class="pair">
            <TextField
              label="Metadata"
              placeholder="key"
              value={key}
              onInput={(event) => setKey(event.currentTarget.value)}
            />
            <TextField
              label="is"
              placeholder="value"
              value={value}
              onInput={(event) => setValue(event.currentTarget.value)}
            />
          </div>
          <Button kind="primary" type="submit">
            Show these files
          </Button>
        </form>
      </div>
    </span>
  );
}
