import { useState } from "preact/hooks";
import type { StoredAsset, Strongroom } from "../../client/index.ts";
import { Button, bytes, confirm, toast, visible, wordsOf } from "../ui/index.ts";
import { saveFile } from "./download.ts";
import type { Opened } from "./opened.ts";

/** What can be done with the asset as a whole. */
export function Actions({
  vault,
  opened,
  asset,
  mayWrite,
  onDeleted,
}: {
  vault: Strongroom;
  opened: Opened;
  asset: StoredAsset;
  mayWrite: boolean;
  onDeleted: () => void;
}) {
  const [busy, setBusy] = useState<"download" | "delete">();
  const run = async (what: "download" | "delete", work: () => Promise<void>): Promise<void> => {
    setBusy(what);
    try {
      await work();
    } catch (error) {
      toast(wordsOf(error), { tone: "danger" });
    }
    setBusy(undefined);
  };
  const remove = async (): Promise<void> => {
    const question = {
      title: `Delete ${visible(asset.filename)}?`,
      body: `The file of ${bytes(asset.size)} and its record are gone for good, and links to it open nothing.`,
      verb: "Delete",
      danger: true,
    };
    if (!(await confirm(question))) return;
    await run("delete", async () => {
      if ((await opened.delete()) === "changed") {
        toast(`${asset.filename} was changed by someone else meanwhile. Look at it again; it is not deleted.`, {
          tone: "warn",
        });
        return;
      }
      toast(`${asset.filename} is deleted.`, { tone: "ok" });
      onDeleted();
    });
  };
  return (
    <div class="asset-actions">
      <Button
        icon="download"
        busy={busy === "download"}
        onClick={() => void run("download", () => saveFile(vault, asset, mayWrite))}
      >
        Download
      </Button>
      {mayWrite && (
        <Button icon="trash" class="deletes" busy={busy === "delete"} onClick={() => void remove()}>
          Delete
        </Button>
      )}
    </div>
  );
}
