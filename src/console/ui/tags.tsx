import { useId, useState } from "preact/hooks";
import type { Asset } from "../../client/index.ts";
import { Button } from "./button.tsx";

/** Tags as chips, with a line to write new ones in. */
export function TagEditor({
  tags,
  known,
  isReadOnly,
  onChange,
  onTyping,
}: {
  tags: readonly string[];
  /** Tags to choose from. */
  known: readonly string[];
  isReadOnly: boolean;
  onChange: (tags: readonly string[]) => void;
  /** Told what is typed and not added yet. */
  onTyping?: (text: string) => void;
}) {
  const id = useId();
  const [text, setTyped] = useState("");
  const setText = (typed: string): void => {
    setTyped(typed);
    onTyping?.(typed);
  };
  const add = (): void => {
    const tag = text.trim();
    setText("");
    if (tag !== "" && !tags.includes(tag)) onChange([...tags, tag]);
  };
  return (
    <div class="tag-editor">
      {tags.length > 0 && (
        <ul class="tag-chips" aria-label="Tags">
          {tags.map((tag, at) => (
            <li class="tag-chip" key={`${at} ${tag}`}>
              <bdi>{tag}</bdi>
              {!isReadOnly && (
                <Button
                  kind="quiet"
                  small
                  icon="close"
                  aria-label={`Remove the tag ${tag}`}
                  onClick={() => onChange(tags.filter((_, other) => other !== at))}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      {isReadOnly && tags.length === 0 && <p class="hint">No tags.</p>}
      {!isReadOnly && (
        <>
          <input
            class="input"
            aria-label="Add a tag"
            placeholder="Add a tag, then Enter"
            list={id}
            autocomplete="off"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              // While a word is being composed, Enter ends that and nothing else.
              if (event.isComposing) return;
              if (event.key === "Enter") {
                event.preventDefault();
                add();
              } else if (event.key === "s" && (event.ctrlKey || event.metaKey)) add();
              else if (event.key === "Backspace" && text === "" && tags.length > 0) onChange(tags.slice(0, -1));
            }}
            onBlur={add}
          />
          <datalist id={id}>
            {known
              .filter((tag) => !tags.includes(tag))
              .map((tag) => (
                <option key={tag}>{tag}</option>
              ))}
          </datalist>
        </>
      )}
    </div>
  );
}

/** How often each tag is among assets, the most frequent first. */
export function tagCounts(assets: readonly Asset[]): [tag: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { tags } of assets) for (const tag of new Set(tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}
