import { useEffect, useState } from "preact/hooks";
import type { Asset, Strongroom } from "../../client/index.ts";
import { focusLater } from "../browse/focus.ts";
import { hasMore, rows } from "../browse/rows.ts";
import { clearSelection, selection } from "../browse/selection.ts";
import { canWrite, session } from "../session.ts";
import { Button, bytes, confirm, count, toast } from "../ui/index.ts";
import type { Change } from "./changing.ts";
import { DeleteFolder } from "./delete-folder.tsx";
import { MoveDialog } from "./move-dialog.tsx";
import { TagDialog } from "./tag-dialog.tsx";
import { start, underWay, type Work } from "./work.ts";
import { WorkDialog } from "./work-dialog.tsx";

/** What can be done with the assets that are selected. It is shown when there are some. */
export function SelectionBar() {
  const current = session.value;
  if (current?.kind !== "key" || !canWrite()) return null;
  return <Bar vault={current.vault} />;
}

function Bar({ vault }: { vault: Strongroom }) {
  const [asking, setAsking] = useState<"tags" | "place">();
  const list = rows.value;
  const chosen = list.filter(({ id }) => selection.value.has(id));
  const close = (): void => setAsking(undefined);
  // The button that was pressed last goes with the bar.
  useEffect(() => focusLater, [chosen.length > 0]);

  const begin = async (work: Omit<Work, "assets">, assets: readonly Asset[] = chosen): Promise<void> => {
    close();
    const { done, failed, left } = await start(vault, { ...work, assets });
    if (failed.length + left.length === 0) toast(`${count(done.length, "file")} ${work.done}.`, { tone: "ok" });
  };
  const update = (change: Change, done: string): void =>
    void begin({ action: { op: "update", ...change }, verb: done === "moved" ? "Move" : "Tag", done });
  const remove = async (): Promise<void> => {
    const isOne = chosen.length === 1;
    const question = {
      title: `Delete ${count(chosen.length, "file")}?`,
      body: `${isOne ? "It has" : "They have"} ${bytes(sizeOf(chosen))}${isOne ? "" : " together"}. Nothing brings ${isOne ? "it" : "them"} back, and links to ${isOne ? "it" : "them"} open nothing.`,
      verb: `Delete ${count(chosen.length, "file")}`,
      danger: true,
    };
    if (await confirm(question)) await begin({ action: { op: "delete" }, verb: "Delete", done: "deleted" });
  };

  return (
    <>
      {chosen.length > 0 && (
        <div class="selection-bar" role="toolbar" aria-label="Selected files">
          <Button kind="quiet" icon="close" aria-label="Clear the selection" onClick={clearSelection} />
          <p role="status">
            <strong class="numbers">{count(chosen.length, "file")}</strong>{" "}
            <span class="numbers">{bytes(sizeOf(chosen))}</span>
          </p>
          {chosen.length < list.length && (
            <Button
              kind="quiet"
              onClick={() => {
                selection.value = new Set(list.map(({ id }) => id));
              }}
            >
              {`Select all ${list.length.toLocaleString("en")} loaded`}
            </Button>
          )}
          {chosen.length === list.length && hasMore.value && <DeleteFolder vault={vault} />}
          <span class="selection-actions">
            <Button icon="tag" onClick={() => setAsking("tags")}>
              Tag
            </Button>
            <Button icon="move" onClick={() => setAsking("place")}>
              Move
            </Button>
            <Button icon="trash" class="deletes" onClick={() => void remove()}>
              Delete
            </Button>
          </span>
        </div>
      )}
      {asking === "tags" && <TagDialog assets={chosen} onClose={close} onDone={(change) => update(change, "tagged")} />}
      {asking === "place" && (
        <MoveDialog vault={vault} assets={chosen} onClose={close} onDone={(change) => update(change, "moved")} />
      )}
      {underWay.value && <WorkDialog work={underWay.value} onAgain={(work, assets) => void begin(work, assets)} />}
    </>
  );
}

const sizeOf = (assets: readonly Asset[]): number => assets.reduce((sum, { size }) => sum + size, 0);
