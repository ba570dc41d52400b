import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { StoredAsset, Strongroom } from "../../client/index.ts";
import { focusNear } from "../browse/focus.ts";
import { rows } from "../browse/rows.ts";
import { nameProblem } from "../filename.ts";
import { go, NO_QUERY, route } from "../route.ts";
import { canWrite, session } from "../session.ts";
import { Button, confirm, Empty, Failure, Icon, Progress, toast, visible } from "../ui/index.ts";
import { tagCounts, TagEditor } from "../ui/tags.tsx";
import { askWhile, useUnload } from "../ui/unload.ts";
import { Actions } from "./actions.tsx";
import { ConflictDialog } from "./conflict.tsx";
import { Facts, RecordJson } from "./facts.tsx";
import { MetadataEditor } from "./metadata.tsx";
import { Opened } from "./opened.ts";
import { isName } from "../folder-names.tsx";
import { PlaceEditor } from "./place.tsx";
import { PreviewPane } from "./preview-pane.tsx";
import { Sharing } from "./sharing.tsx";

/** The most tags that are offered to choose from: the most frequent ones of what is listed. */
const OFFERED_TAGS = 100;

/** What was being edited when the panel went away, by id, so that nothing is lost by a click beside it. */
const unsaved = new Map<string, Opened>();

// With the session it is lost anyway.
askWhile(() => unsaved.size > 0 && session.value !== undefined);

/** One asset. It is closed by taking `asset` out of the route. */
export function AssetPanel({ id }: { id: string }) {
  const current = session.value;
  // Another asset is another panel: nothing of the one before is left in it.
  return current?.kind === "key" ? <Panel key={id} id={id} vault={current.vault} /> : null;
}

function openedOf(vault: Strongroom, id: string): Opened {
  const kept = unsaved.get(id);
  unsaved.delete(id);
  return kept ?? new Opened(vault, id);
}

function show(id: string | undefined): void {
  const to = route.value;
  if (to.page === "browse") go({ ...to, query: { ...to.query, asset: id } });
}

function Panel({ id, vault }: { id: string; vault: Strongroom }) {
  const [opened] = useState(() => openedOf(vault, id));
  const panel = useRef<HTMLElement>(null);
  const asset = opened.asset.value;
  const isEdited = opened.changes.value.length > 0;

  /** The asset's place in the list, or the last that it had. */
  const at = useRef(-1);
  const index = rows.value.findIndex((each) => each.id === id);
  if (index >= 0) at.current = index;
  /** What had the focus before has it again. What is gone with the asset gives way to the row that is there now. */
  const giveFocus = (before: Element | null): void => {
    const isThere = before instanceof HTMLElement && before !== document.body && before.isConnected;
    if (isThere && !opened.isGone.value) before.focus();
    else if (session.value !== undefined) focusNear(at.current);
  };

  useEffect(() => {
    const before = document.activeElement;
    panel.current?.focus();
    void opened.refresh();
    // Whoever comes back to the window sees what is so now.
    const look = (): void => void (document.hidden || opened.refresh());
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      giveFocus(before);
      keep(opened, vault.vaultId);
    };
  }, []);
  useSignalEffect(() => opened.compareWithList());
  useUnload(isEdited);

  const close = async (): Promise<void> => {
    const question = { title: "Discard what you edited?", verb: "Discard", danger: true };
    if (isEdited && !opened.isGone.value && !(await confirm(question))) return;
    opened.discard();
    show(undefined);
  };
  const save = async (): Promise<void> => {
    if (opened.changes.value.length > 0 && isPlaceSound(opened) && (await opened.save())) sayIsSaved();
  };
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (!isForPanel(event, panel.current)) return;
      if (event.key === "Escape") void close();
      else if (event.key.toLowerCase() === "s" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        void save();
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  });
  return (
    <aside ref={panel} class="asset-panel" aria-label={asset ? `Asset ${asset.filename}` : "Asset"} tabindex={-1}>
      <header class="asset-head">
        <h2>
          <bdi>{asset ? visible(asset.filename) : "…"}</bdi>
        </h2>
        <Neighbours id={id} />
        <Button kind="quiet" icon="close" aria-label="Close" onClick={() => void close()} />
      </header>
      <div class="asset-body">
        {opened.isGone.value ? (
          <Empty
            icon="trash"
            title="This asset is gone"
            action={<Button onClick={() => show(undefined)}>Close</Button>}
          >
            {asset
              ? "It was deleted by someone else, with its file."
              : "It was deleted, or this key does not reach it."}
          </Empty>
        ) : asset ? (
          <Content vault={vault} opened={opened} asset={asset} />
        ) : opened.error.value === undefined ? (
          <Progress label="The asset is on its way" />
        ) : (
          <Failure error={opened.error.value} retry={() => void opened.refresh()} />
        )}
      </div>
      {asset && !opened.isGone.value && isEdited && <SaveBar opened={opened} onSave={() => void save()} />}
      {opened.conflict.value && opened.isComparing.value && (
        <ConflictDialog opened={opened} conflict={opened.conflict.value} onSaved={sayIsSaved} />
      )}
    </aside>
  );
}

/**
 * Whether a key is meant for the panel: it was pressed in it, or nowhere, as it is when a button has just gone away that
 * had the focus.
 */
function isForPanel({ target, defaultPrevented }: Event, panel: HTMLElement | null): boolean {
  if (defaultPrevented || document.querySelector("dialog[open], :popover-open")) return false;
  return target === document.body || (target instanceof Node && panel?.contains(target) === true);
}

const isPlaceSound = ({ place }: Opened): boolean => {
  const { filename, partition, collection, channel } = place.value;
  return nameProblem(filename) === undefined && [partition, collection, channel].every(isName);
};

const sayIsSaved = (): void => toast("Saved.", { tone: "ok" });

/** What was edited is kept for a while, and one is told. */
function keep(opened: Opened, vaultId: string): void {
  const asset = opened.asset.value;
  if (session.value === undefined || !asset || opened.isGone.value || opened.changes.value.length === 0) return;
  unsaved.set(asset.id, opened);
  const { partition, collection, channel, filename } = asset;
  const path = { partition, collection, channel };
  const run = (): void => go({ page: "browse", vaultId, path, query: { ...NO_QUERY, asset: asset.id } });
  toast(`What you edited of ${filename} is not saved.`, { tone: "warn", action: { label: "Back to it", run } });
}

/** The way to the assets before and after this one in the list. */
function Neighbours({ id }: { id: string }) {
  const list = rows.value;
  const at = list.findIndex((each) => each.id === id);
  if (at < 0) return null;
  const [before, after] = [list[at - 1]?.id, list[at + 1]?.id];
  return (
    <span class="neighbours">
      <Button
        kind="quiet"
        icon="down"
        class="up"
        aria-label="The one above"
        disabled={before === undefined}
        onClick={() => show(before)}
      />
      <Button
        kind="quiet"
        icon="down"
        aria-label="The one below"
        disabled={after === undefined}
        onClick={() => show(after)}
      />
    </span>
  );
}

function Content({ vault, opened, asset }: { vault: Strongroom; opened: Opened; asset: StoredAsset }) {
  const mayWrite = canWrite();
  return (
    <>
      {opened.conflict.value && !opened.isComparing.value && (
        <div class="asset-notice">
          <Icon name="warn" />
          <p>Someone else has changed this asset since you began to edit it.</p>
          <Button
            small
            onClick={() => {
              opened.isComparing.value = true;
            }}
          >
            Compare
          </Button>
        </div>
      )}
      <PreviewPane vault={vault} asset={asset} mayLink={mayWrite} />
      <Actions vault={vault} opened={opened} asset={asset} mayWrite={mayWrite} onDeleted={() => show(undefined)} />
      <Facts asset={asset} />
      <PlaceEditor vault={vault} opened={opened} isReadOnly={!mayWrite} />
      <section class="panel-section" aria-label="Tags">
        <header>
          <h3>Tags</h3>
        </header>
        <TagEditor
          tags={opened.tags.value}
          known={tagCounts(rows.value)
            .slice(0, OFFERED_TAGS)
            .map(([tag]) => tag)}
          isReadOnly={!mayWrite}
          onChange={(tags) => {
            opened.tags.value = tags;
          }}
        />
      </section>
      <MetadataEditor opened={opened} isReadOnly={!mayWrite} />
      <Sharing vault={vault} asset={asset} mayWrite={mayWrite} />
      <RecordJson asset={asset} />
    </>
  );
}

function SaveBar({ opened, onSave }: { opened: Opened; onSave: () => void }) {
  const error = opened.saveError.value;
  const names = [...new Set(opened.changes.value.map((name) => name.replace(/\..*/, "")))];
  return (
    <footer class="save-bar">
      {error !== undefined && <Failure error={error} />}
      <p role="status">Not saved: {names.join(", ")}</p>
      <Button disabled={opened.isSaving.value} onClick={() => opened.discard()}>
        Discard
      </Button>
      <Button
        kind="primary"
        busy={opened.isSaving.value}
        disabled={!opened.isSound.value || !isPlaceSound(opened)}
        onClick={onSave}
      >
        Save
      </Button>
    </footer>
  );
}
