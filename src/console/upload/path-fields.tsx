/** The three levels of a path, each with the names that there are. */

import { useEffect, useId, useState } from "preact/hooks";
import type { Strongroom } from "../../client/index.ts";
import { TextField } from "../ui/index.ts";
import { levelProblem, type Target } from "./names.ts";

/** The most names that a field proposes. */
const MOST_NAMES = 100;

/** How long one must have stopped typing before the names below it are asked for. Milliseconds. */
const TYPED_MS = 200;

/** The folders in a folder; none while they are not known. */
function useNames(vault: Strongroom, folder: { partition?: string; collection?: string } | undefined): string[] {
  const [names, setNames] = useState<string[]>([]);
  const key = JSON.stringify(folder);
  useEffect(() => {
    setNames([]);
    if (!folder) return undefined;
    const controller = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const { data } = await vault.folders.list({ ...folder, limit: MOST_NAMES }, { signal: controller.signal });
        setNames(data.map(({ name }) => name));
      } catch {
        // Nothing is proposed then.
      }
    };
    const timer = setTimeout(() => void ask(), TYPED_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [vault, key]);
  return names;
}

const isGood = (level: string): boolean => levelProblem(level) === undefined;

/** @param isTried whether what is missing is to be said */
export function PathFields({
  target,
  isTried,
  vault,
  first,
  onChange,
}: {
  target: Target;
  isTried: boolean;
  vault: Strongroom;
  /** What is to be written first. */
  first: keyof Target | undefined;
  onChange: (target: Target) => void;
}) {
  const id = useId();
  const { partition, collection } = target;
  const names = {
    partition: useNames(vault, {}),
    collection: useNames(vault, isGood(partition) ? { partition } : undefined),
    channel: useNames(vault, isGood(partition) && isGood(collection) ? { partition, collection } : undefined),
  };
  const field = (level: keyof Target, label: string) => {
    const value = target[level];
    const problem = value !== "" || isTried ? levelProblem(value) : undefined;
    return (
      <>
        <TextField
          label={label}
          name={level}
          value={value}
          {...{ list: `${id}-${level}` }}
          autocapitalize="none"
          autofocus={level === first}
          error={problem}
          onInput={(event: Event) => onChange({ ...target, [level]: (event.target as HTMLInputElement).value })}
        />
        <datalist id={`${id}-${level}`}>
          {names[level].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </datalist>
      </>
    );
  };
  return (
    <div class="upload-path" role="group" aria-label="Where to">
      {field("partition", "Partition")}
      {field("collection", "Collection")}
      {field("channel", "Channel")}
    </div>
  );
}
