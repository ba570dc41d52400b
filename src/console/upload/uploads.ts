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
  isReading: boolean;
  readonly stop: AbortController;
}

export const asked = signal<Asked | undefined>(undefined);

/** Reads what was dropped or chosen, and asks where it goes. What was asked before is forgotten. */
export async function ask(given: readonly (FileSystemEntry | File)[]): Promise<void> {
  if (given.length === 0) return;
  forget();
  const redraw = new Redraw();
  const collection = new Collection(() => redraw.soon());
  const now: Asked = { collection, redraw, isReading: true, stop: new AbortController() };
  asked.value = now;
  try {
    for (const each of given) {
      if (each instanceof File) collection.addAll([each]);
      else await collection.read(each, [], now.stop.signal);
    }
  } catch {
    // It was cancelled.
    return;
  }
  now.isReading = false;
  redraw.soon();
  if (collection.chosen.length > 0) return;
  forget();
  toast(collection.unreadable > 0 ? "The browser could not read what was dropped." : "There are no files in it.", {
    tone: "warn",
  });
}

/** Nothing is asked any more. */
export function forget(): void {
  asked.value?.stop.abort();
  asked.value = undefined;
}
