/** The uploads of this tab. */

import { signal } from "@preact/signals";
import { toast } from "../ui/index.ts";
import { Collection } from "./collect.ts";
import { UploadQueue } from "./queue.ts";
import { Redraw } from "./totals.ts";

export const uploads = new UploadQueue(({ name }) => {
  toast(`${name} was cancelled, but something of it may be left on the server.`, { tone: "warn" });
});

/** What was chosen, and waits for the word where it goes. */
export interface Asked {
  readonly collection: Collection;
  /** Changes while folders are read. */
  readonly redraw: Redraw;
  /** How often something is being read of it just now. */
  reading: number;
  readonly stop: AbortController;
}

export const asked = signal<Asked | undefined>(undefined);

/** Reads what was dropped or chosen, and asks where it goes. What is being asked already gets it in addition. */
export async function ask(given: readonly (FileSystemEntry | File)[]): Promise<void> {
  if (given.length === 0) return;
  const now = (asked.value ??= nothingYet());
  const { collection, redraw, stop } = now;
  const before = collection.chosen.length;
  now.reading++;
  redraw.soon();
  try {
    for (const each of given) {
      if (each instanceof File) collection.addAll([each]);
      else await collection.read(each, [], stop.signal);
    }
  } catch {
    // It was cancelled, as below.
  }
  if (stop.signal.aborted) return;
  now.reading--;
  redraw.soon();
  if (collection.chosen.length > before || collection.isFull) return;
  if (before === 0 && now.reading === 0) forget();
  toast(collection.unreadable > 0 ? "The browser could not read what was dropped." : "There are no files in it.", {
    tone: "warn",
  });
}

function nothingYet(): Asked {
  const redraw = new Redraw();
  return { collection: new Collection(() => redraw.soon()), redraw, reading: 0, stop: new AbortController() };
}

/** Nothing is asked any more. */
export function forget(): void {
  asked.value?.stop.abort();
  asked.value = undefined;
}
