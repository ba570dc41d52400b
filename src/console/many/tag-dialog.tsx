import { useState } from "preact/hooks";
import type { Asset } from "../../client/index.ts";
import { Button, count, Dialog } from "../ui/index.ts";
import { tagCounts, TagEditor } from "../ui/tags.tsx";
import type { Change } from "./changing.ts";

/** The most tags that are shown to take away: the most frequent ones. */
const SHOWN = 60;

/** Gives tags to assets and takes tags from them. Their other tags stay. */
export function TagDialog({
  assets,
  onClose,
  onDone,
}: {
  assets: readonly Asset[];
  onClose: () => void;
  onDone: (change: Change) => void;
}) {
  const [added, setAdded] = useState<readonly string[]>([]);
  const [removed, setRemoved] = useState<ReadonlySet<string>>(new Set());
  const counts = tagCounts(assets);
  // What is typed is meant, whether or not Enter was pressed.
  const [typed, setTyped] = useState("");
  const adding = [...new Set([...added, typed.trim()])].filter((tag) => tag !== "");
  const isNothing = adding.length === 0 && removed.size === 0;
  const toggle = (tag: string): void => {
    const next = new Set(removed);
    if (!next.delete(tag)) next.add(tag);
    setRemoved(next);
  };
  const done = (): void =>
    onDone({
      ...(adding.length > 0 ? { add_tags: adding } : {}),
      ...(removed.size > 0 ? { remove_tags: [...removed] } : {}),
    });
  return (
    <Dialog
      title={`Tag ${count(assets.length, "file")}`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" disabled={isNothing} onClick={done}>
            {`Tag ${count(assets.length, "file")}`}
          </Button>
        </>
      }
    >
      <div class="field">
        <span class="label">Tags to add</span>
        <TagEditor
          tags={added}
          known={counts.slice(0, SHOWN).map(([tag]) => tag)}
          isReadOnly={false}
          onChange={setAdded}
          onTyping={setTyped}
        />
      </div>
      {counts.length > 0 && (
        <div class="field">
          <span class="label">Tags to take away</span>
          <ul class="tag-chips">
            {counts.slice(0, SHOWN).map(([tag, times]) => (
              <li key={tag}>
                <button
                  type="button"
                  class="tag-chip removable"
                  aria-pressed={removed.has(tag)}
                  onClick={() => toggle(tag)}
                >
                  <bdi>{tag}</bdi>
                  <span class="tag-count numbers">{times}</span>
                </button>
              </li>
            ))}
          </ul>
          {counts.length > SHOWN && (
            <p class="hint">
              The {SHOWN} most frequent of {counts.length} tags.
            </p>
          )}
        </div>
      )}
    </Dialog>
  );
}
