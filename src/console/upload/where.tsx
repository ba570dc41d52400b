/** Where what was chosen goes, asked once for all of it. */

import { useEffect, useState } from "preact/hooks";
import { FolderFields, isName } from "../folder-names.tsx";
import type { Folder } from "../route.ts";
import type { Strongroom } from "../../client/index.ts";
import { PATH_COMPONENTS } from "../../model/asset.ts";
import { Button, bytes, count, Dialog } from "../ui/index.ts";
import { MOST_FILES, rootFolder } from "./collect.ts";
import { asLevel, type Chosen, namesakes, storedName, type Target } from "./names.ts";
import { type Asked, forget, uploads } from "./uploads.ts";

/** Where files went last: the next ones probably follow. */
let last: Target | undefined;

/** Where files go unless one says otherwise: where one is, and then where the last ones went. */
function likely(path: Folder, root: string | undefined): Target {
  const { partition, collection, channel } = path;
  const isSame = PATH_COMPONENTS.every((level) => path[level] === undefined || path[level] === last?.[level]);
  const target = { partition: "", collection: "", channel: "", ...(isSame ? last : {}) };
  for (const level of PATH_COMPONENTS) target[level] = path[level] ?? target[level];
  // A folder that is dropped into a collection becomes a channel of it.
  if (partition && collection && !channel && root !== undefined) target.channel = asLevel(root) || target.channel;
  return target;
}

export function Where({ asked, path, vault }: { asked: Asked; path: Folder; vault: Strongroom }) {
  const { collection, redraw } = asked;
  const isReading = asked.reading > 0;
  const { chosen, size, clutter, unreadable, isFull } = collection;
  void redraw.version.value;
  const [edited, setEdited] = useState<Target | undefined>();
  const [isTried, setTried] = useState(false);
  const [withFolders, setWithFolders] = useState<boolean | undefined>();
  // While folders are read it may still turn out that there are several.
  const target = edited ?? likely(path, isReading ? undefined : rootFolder(chosen));
  const shared = isReading ? 0 : namesakes(chosen);
  const isWithFolders = withFolders ?? shared > 0;
  const inFolder = chosen.find(({ folders }) => folders.length > 1) ?? (shared > 0 ? chosen[0] : undefined);
  // One writes what is missing, or says yes at once.
  const [first] = useState(() => PATH_COMPONENTS.find((level) => target[level] === ""));
  useEffect(() => () => asked.stop.abort(), [asked]);
  useEffect(() => {
    if (!isReading && (first === undefined || target[first] !== ""))
      document.querySelector<HTMLElement>("[form=upload-ask]")?.focus();
  }, [isReading]);

  const start = (event: Event): void => {
    event.preventDefault();
    setTried(true);
    const wrong = PATH_COMPONENTS.find((level) => !isName(target[level]));
    if (isReading || wrong !== undefined) {
      if (wrong !== undefined) document.querySelector<HTMLElement>(`.upload-path input[name=${wrong}]`)?.focus();
      return;
    }
    last = target;
    forget();
    uploads.add(
      chosen.map((each) => ({ file: each.file, name: storedName(each, isWithFolders) })),
      target,
      vault,
    );
  };
  const [only] = chosen;
  const what = chosen.length === 1 && only ? only.file.name : count(chosen.length, "file");
  const buttons = (
    <>
      <Button onClick={forget}>Cancel</Button>
      <Button kind="primary" type="submit" form="upload-ask" icon="upload" disabled={isReading}>
        {isReading ? "Reading…" : chosen.length === 1 ? "Upload" : `Upload ${count(chosen.length, "file")}`}
      </Button>
    </>
  );
  return (
    <Dialog title={isReading ? "Reading what was chosen" : `Upload ${what}`} onClose={forget} footer={buttons}>
      <form id="upload-ask" class="upload-ask" onSubmit={start} noValidate>
        <p class="numbers">
          {isReading && `${count(chosen.length, "file")} so far, `}
          {bytes(size)}
          {clutter > 0 && ` · ${count(clutter, "system file")} left out`}
          {unreadable > 0 && ` · ${count(unreadable, "file")} could not be read`}
          {isFull && ` · the first ${count(MOST_FILES, "file")}; upload the others afterwards`}
        </p>
        <p class="hint">
          Files are kept three folders deep: marketing, then blog, then hero-images. New names make new folders.
        </p>
        <div class="upload-path" role="group" aria-label="Where to">
          <FolderFields vault={vault} path={target} isTried={isTried} first={first} onChange={setEdited} />
        </div>
        {inFolder && !isReading && (
          <Names example={inFolder} shared={shared} withFolders={isWithFolders} onChange={setWithFolders} />
        )}
      </form>
    </Dialog>
  );
}

/** Whether the folders stay part of the names. */
function Names({
  example,
  shared,
  withFolders,
  onChange,
}: {
  example: Chosen;
  shared: number;
  withFolders: boolean;
  onChange: (withFolders: boolean) => void;
}) {
  const choice = (value: boolean, words: string) => (
    <label class="upload-choice">
      <input type="radio" name="names" checked={withFolders === value} onChange={() => onChange(value)} />
      <span>
        {words}
        <span class="hint">{storedName(example, value)}</span>
      </span>
    </label>
  );
  return (
    <fieldset class="upload-names">
      <legend>Names of the files</legend>
      {choice(false, "As they are")}
      {choice(true, "With the names of their folders")}
      {shared > 0 && !withFolders && (
        <p class="hint">{count(shared, "file")} share their name with another. All of them will be stored.</p>
      )}
    </fieldset>
  );
}
