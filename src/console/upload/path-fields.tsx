/** The three levels of a path, each with the names that there are. */

import { useId } from "preact/hooks";
import type { Strongroom } from "../../client/index.ts";
import { FolderNames } from "../folder-names.tsx";
import { TextField } from "../ui/index.ts";
import { levelProblem, type Target } from "./names.ts";

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
  const field = (level: keyof Target, label: string) => {
    const value = target[level];
    const problem = value !== "" || isTried ? levelProblem(value) : undefined;
    return (
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
    );
  };
  return (
    <div class="upload-path" role="group" aria-label="Where to">
      {field("partition", "Partition")}
      {field("collection", "Collection")}
      {field("channel", "Channel")}
      <FolderNames vault={vault} id={id} path={target} />
    </div>
  );
}
