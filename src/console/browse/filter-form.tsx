/** What files can be narrowed by, beside the folder and the search. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { MAX_TAG_FILTERS } from "../../model/limits.ts";
import { type BrowseRoute, go, type Query } from "../route.ts";
import { Button, Field, TextField } from "../ui/index.ts";
import { isTime, TYPE_CHOICES } from "../ui/kinds.ts";

/** A day of the calendar, as a date field has it, in the time of whoever looks. */
function dateOf(time: string | undefined): string {
  if (time === undefined || !isTime(time)) return "";
  const at = new Date(time);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Its beginning, as the API writes times. */
const timeOf = (date: string): string | undefined => (date ? new Date(`${date}T00:00`).toISOString() : undefined);

export interface FilterFormProps {
  to: BrowseRoute;
  /** Called when it is in the page, before it is seen. */
  onShown: () => void;
  onDone: () => void;
}

/** What is chosen acts at once; what is typed, when one goes on. */
export function FilterForm({ to, onShown, onDone }: FilterFormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [tag, setTag] = useState("");
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const { query } = to;
  useLayoutEffect(() => {
    onShown();
    form.current?.querySelector("input")?.focus();
  }, []);
  const set = (change: Partial<Query>): void => go({ ...to, query: { ...query, ...change } });
  const types = query.mime_type && !TYPE_CHOICES.some(([type]) => type === query.mime_type) ? [query.mime_type] : [];
  const add = (): void => {
    const [name, wanted] = [tag.trim(), key.trim()];
    set({
      ...(name ? { tag: [...new Set([...query.tag, name])] } : {}),
      ...(wanted ? { metadata: { ...query.metadata, [wanted]: value } } : {}),
    });
    onDone();
  };
  return (
    <form
      ref={form}
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
    >
      <TextField
        label="Tag"
        value={tag}
        placeholder="hero"
        disabled={query.tag.length >= MAX_TAG_FILTERS}
        hint={query.tag.length >= MAX_TAG_FILTERS ? `At most ${MAX_TAG_FILTERS} tags` : undefined}
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
  );
}
