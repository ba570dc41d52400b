import { useState } from "preact/hooks";
import type { Asset, Strongroom } from "../../client/index.ts";
import { PATH_COMPONENTS } from "../../model/asset.ts";
import { isName, FolderFields } from "../folder-names.tsx";
import { count, FormDialog } from "../ui/index.ts";
import type { Change } from "./changing.ts";

/** The part of a path that all of the assets have; empty where they differ. */
const common = (assets: readonly Asset[], name: (typeof PATH_COMPONENTS)[number]): string => {
  const value = assets[0]?.[name] ?? "";
  return assets.every((asset) => asset[name] === value) ? value : "";
};

/** Moves assets. What is left empty stays as it is for each of them. */
export function MoveDialog({
  vault,
  assets,
  onClose,
  onDone,
}: {
  vault: Strongroom;
  assets: readonly Asset[];
  onClose: () => void;
  onDone: (change: Change) => void;
}) {
  const [path, setPath] = useState(() => ({
    partition: common(assets, "partition"),
    collection: common(assets, "collection"),
    channel: common(assets, "channel"),
  }));
  const change = Object.fromEntries(
    PATH_COMPONENTS.filter((name) => path[name] !== "" && path[name] !== common(assets, name)).map((name) => [
      name,
      path[name],
    ]),
  );
  const isSound = PATH_COMPONENTS.every((name) => path[name] === "" || isName(path[name]));
  const isReady = isSound && Object.keys(change).length > 0;
  const title = `Move ${count(assets.length, "file")}`;
  return (
    <FormDialog
      title={title}
      verb={title}
      isBusy={false}
      isReady={isReady}
      error={undefined}
      onSubmit={() => isReady && onDone(change)}
      onClose={onClose}
    >
      <FolderFields vault={vault} path={path} mayLack onChange={setPath} />
      <p class="hint">Folders need not be made: one that is not there yet comes with its first file.</p>
    </FormDialog>
  );
}
