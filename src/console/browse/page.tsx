/** The files of a vault. */

import { useEffect, useRef } from "preact/hooks";
import { lazy } from "../lazy.tsx";
import { type BrowseRoute, go, route } from "../route.ts";
import { canWrite } from "../session.ts";
import { Button } from "../ui/button.tsx";
import { Empty } from "../ui/states.tsx";
import { askToUpload } from "../upload/ask.ts";
import { openFolder, pathOf } from "./folders.ts";
import { follow } from "./live.ts";
import { isNarrowed, parametersOf } from "./matches.ts";
import { close, failure, hasMore, isStale, open, rows } from "./rows.ts";
import { clearSelection, selection } from "./selection.ts";
import { Table } from "./table.tsx";
import { Toolbar, unfiltered } from "./toolbar.tsx";
import { FolderStrip, Tree } from "./tree.tsx";
import { openVault } from "./vault.ts";

const AssetPanel = lazy(async () => (await import("../asset/panel.tsx")).AssetPanel);
const SelectionBar = lazy(async () => (await import("../many/bar.tsx")).SelectionBar);

export function BrowsePage() {
  const to = route.value;
  return to.page === "browse" ? <Browse to={to} /> : null;
}

function Browse({ to }: { to: BrowseRoute }) {
  const vault = openVault.value;
  const isFollowed = useRef(false);
  const asked = JSON.stringify(parametersOf(to));
  useEffect(() => {
    if (!vault) return undefined;
    const controller = new AbortController();
    // Only from then on is nothing missed between the list and what comes later.
    const begin = async (): Promise<void> => {
      await follow(vault, controller.signal);
      const now = route.value;
      if (controller.signal.aborted || now.page !== "browse") return;
      isFollowed.current = true;
      open(vault, parametersOf(now));
    };
    void begin();
    return () => {
      isFollowed.current = false;
      controller.abort();
      close();
      clearSelection();
    };
  }, [vault]);
  useEffect(() => {
    clearSelection();
    if (vault && isFollowed.current) open(vault, parametersOf(to));
  }, [vault, asked]);
  useEffect(() => {
    if (vault) openFolder(vault, to.path);
  }, [vault, pathOf(to.path)]);
  useEffect(() => {
    document.title = `${pathOf(to.path) || "All files"} – Strongroom`;
  }, [pathOf(to.path)]);
  const isEmpty = rows.value.length === 0 && !hasMore.value && !isStale.value && failure.value === undefined;
  return (
    <div class="browse">
      <Tree to={to} />
      <section class="files-pane" aria-label="Files">
        <Toolbar to={to} />
        <FolderStrip to={to} />
        {isEmpty ? <Nothing to={to} /> : <Table to={to} />}
        {selection.value.size > 0 && <SelectionBar />}
      </section>
      {to.query.asset && <AssetPanel key={to.query.asset} id={to.query.asset} />}
    </div>
  );
}

function Nothing({ to }: { to: BrowseRoute }) {
  if (isNarrowed(to)) {
    return (
      <Empty
        icon="search"
        title="No file matches"
        action={<Button onClick={() => go(unfiltered(to))}>Clear search and filters</Button>}
      >
        Nothing in {pathOf(to.path) || "this vault"} has all of what is asked for.
      </Empty>
    );
  }
  const where = pathOf(to.path);
  const title = where ? `Nothing in ${where}` : "No files yet";
  if (!canWrite()) {
    return (
      <Empty icon="folder" title={title}>
        What is uploaded here appears by itself.
      </Empty>
    );
  }
  const upload = (
    <>
      <Button kind="primary" icon="upload" onClick={() => askToUpload("files")}>
        Upload files
      </Button>
      <Button icon="folder" onClick={() => askToUpload("folder")}>
        Upload a folder
      </Button>
    </>
  );
  return (
    <Empty icon="upload" title={title} action={upload}>
      Drop files or whole folders anywhere on this page. What others upload appears by itself.
    </Empty>
  );
}
