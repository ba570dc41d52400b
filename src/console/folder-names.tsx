import { useEffect, useState } from "preact/hooks";
import type { Strongroom } from "../client/index.ts";

export const COMPONENTS = ["partition", "collection", "channel"] as const;

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;

export const isName = (text: string): boolean => NAME.test(text);

export const NAME_RULE = "1 to 64 lowercase letters, digits and hyphens; no hyphen at either end.";

/** The most folders that are offered to choose from. Whoever has more types what the folder is called. */
const OFFERED = 200;

type Path = Readonly<Record<(typeof COMPONENTS)[number], string>>;

/** The folders that there are, as lists for the inputs of a path: `id-partition`, `id-collection` and `id-channel`. */
export function FolderNames({ vault, id, path }: { vault: Strongroom; id: string; path: Path }) {
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
    const controller = new AbortController();
    vault.folders.list({ ...within, limit: OFFERED }, { signal: controller.signal }).then(
      ({ data }) => setNames(data.map(({ name }) => name)),
      // They are an offer. Without it one types.
      () => setNames([]),
    );
    return () => controller.abort();
  }, [within.partition, within.collection]);
  return (
    <datalist id={id}>
      {names.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </datalist>
  );
}
