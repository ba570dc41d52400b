import { useEffect, useId, useState } from "preact/hooks";
import type { Strongroom } from "../client/index.ts";
import { PATH_COMPONENT, PATH_COMPONENTS } from "../model/asset.ts";
import { MAX_COMPONENT_LENGTH } from "../model/limits.ts";
import { TextField } from "./ui/index.ts";

export const isName = (text: string): boolean => PATH_COMPONENT.test(text);

/** What is wrong with the name of a folder, for a person; undefined when nothing is. */
function problemOf(name: string): string | undefined {
  if (isName(name)) return undefined;
  if (name === "") return "Needs a name.";
  if (name.length > MAX_COMPONENT_LENGTH) return `At most ${MAX_COMPONENT_LENGTH} characters.`;
  if (/[A-Z]/.test(name)) return "Lowercase letters only.";
  if (/^-|-$/.test(name)) return "Must begin and end with a letter or digit.";
  return "Lowercase letters, digits and hyphens only.";
}

/** The most folders that are offered to choose from. Whoever has more types what the folder is called. */
const OFFERED = 100;

/** How long one must have stopped typing before the folders below are asked for. Milliseconds. */
const TYPED_MS = 200;

type Component = (typeof PATH_COMPONENTS)[number];

type Path = Readonly<Record<Component, string>>;

/** The fields of a path. Its folders need not be there yet, and those that are there are offered. */
export function FolderFields({
  vault,
  path,
  mayLack = false,
  isTried = true,
  first,
  onChange,
}: {
  vault: Strongroom;
  path: Path;
  /** Whether a part may be left empty. */
  mayLack?: boolean;
  /** Whether it is to be said where a name is missing. */
  isTried?: boolean;
  /** What is to be written first. */
  first?: Component | undefined;
  onChange: (path: Path) => void;
}) {
  const id = useId();
  return (
    <>
      {PATH_COMPONENTS.map((name) => (
        <TextField
          key={name}
          label={`${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`}
          name={name}
          error={path[name] === "" && (mayLack || !isTried) ? undefined : problemOf(path[name])}
          {...{ list: `${id}-${name}` }}
          autocapitalize="none"
          autofocus={name === first}
          placeholder={mayLack ? "stays as it is for each" : undefined}
          value={path[name]}
          onInput={(event) => onChange({ ...path, [name]: event.currentTarget.value.trim() })}
        />
      ))}
      <FolderNames vault={vault} id={id} path={path} />
    </>
  );
}

/** The folders that there are, as lists for the inputs of a path: `id-partition`, `id-collection` and `id-channel`. */
function FolderNames({ vault, id, path }: { vault: Strongroom; id: string; path: Path }) {
  const { partition, collection } = path;
  return (
    <>
      <Names vault={vault} id={`${id}-partition`} within={{}} />
      {isName(partition) && <Names vault={vault} id={`${id}-collection`} within={{ partition }} />}
      {isName(partition) && isName(collection) && (
        <Names vault={vault} id={`${id}-channel`} within={{ partition, collection }} />
      )}
    </>
  );
}

function Names({
  vault,
  id,
  within,
}: {
  vault: Strongroom;
  id: string;
  within: { partition?: string; collection?: string };
}) {
  const [names, setNames] = useState<readonly string[]>([]);
  useEffect(() => {
    setNames([]);
    const controller = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const { data } = await vault.folders.list({ ...within, limit: OFFERED }, { signal: controller.signal });
        setNames(data.map(({ name }) => name));
      } catch {
        // They are an offer. Without it one types.
      }
    };
    const timer = setTimeout(() => void ask(), TYPED_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [vault, within.partition, within.collection]);
  return (
    <datalist id={id}>
      {names.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </datalist>
  );
}
