/** Deletes all that a folder holds, also what the list has not loaded. */

import { useState } from "preact/hooks";
import type { FolderFields, Strongroom } from "../../client/index.ts";
import { pathOf, totalOf } from "../browse/folders.ts";
import { href, NO_QUERY, route } from "../route.ts";
import { Button, bytes, confirm, count, toast, wordsOf } from "../ui/index.ts";

/** The folder that is shown whole, with nothing filtered away; undefined when there is none. */
function wholeFolder(): FolderFields | undefined {
  const to = route.value;
  if (to.page !== "browse" || to.path.partition === undefined) return undefined;
  const { asset: _, order: __, ...filters } = to.query;
  if (href({ ...to, query: filters }) !== href({ ...to, query: NO_QUERY })) return undefined;
  const { partition, collection, channel } = to.path;
  return { partition, ...(collection && { collection }), ...(channel && { channel }) };
}

/** Offers that, where a folder is shown whole. */
export function DeleteFolder({ vault }: { vault: Strongroom }) {
  const [isBusy, setBusy] = useState(false);
  const path = wholeFolder();
  if (!path) return null;
  const total = totalOf(path);
  const files = total ? count(total.assets, "file") : "all files";

  const remove = async (): Promise<void> => {
    const question = {
      title: `Delete ${files} in ${pathOf(path)}?`,
      body: `${total ? `They have ${bytes(total.bytes)} together. ` : ""}What is uploaded there meanwhile goes too. Nothing brings them back, and links to them open nothing.`,
      verb: `Delete ${files}`,
      danger: true,
    };
    if (!(await confirm(question))) return;
    setBusy(true);
    try {
      const { deleted } = await vault.assets.deleteFolder(path);
      toast(`${count(deleted, "file")} deleted.`, { tone: "ok" });
      // The list goes, too, unless one has begun something else meanwhile.
      if (!document.activeElement?.matches("input, textarea, dialog *")) document.getElementById("main")?.focus();
    } catch (error) {
      toast(`Not all of ${pathOf(path)} was deleted. ${wordsOf(error)}`, { tone: "danger" });
    }
    setBusy(false);
  };
  return (
    <Button kind="quiet" busy={isBusy} onClick={() => void remove()}>
      {`Delete the folder, ${files}`}
    </Button>
  );
}
