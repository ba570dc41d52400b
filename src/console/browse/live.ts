/** Follows a vault while one looks at its files. */

import { signal } from "@preact/signals";
import { type Strongroom, StrongroomError } from "../../client/index.ts";
import { isFree, leave, signOut } from "../session.ts";
import { wordsOf } from "../ui/states.tsx";
import { toast } from "../ui/toast.tsx";
import { refreshFolders } from "./folders.ts";
import { apply, reopen } from "./rows.ts";

/** `on`: what others do is seen at once. `broken`: it is not, and the server is asked again. */
export const live = signal<"starting" | "on" | "broken">("starting");

/** Changes of a page. More of them come with the next one. */
const PAGE = 200;

/** How long a list waits until it can be followed: one that comes before its changes comes twice. Milliseconds. */
const FIRST_MS = 1_000;

/** Between a failure, which was repeated some times, and the next try. Milliseconds. */
const PAUSE_MS = 3_000;

/** Follows a vault. Resolves once all that happens from now on will be seen, or when that takes long: it is seen later. */
export function follow(vault: Strongroom, until: AbortSignal): Promise<void> {
  live.value = "starting";
  return new Promise((resolve) => void followOn(vault, until, resolve));
}

async function followOn(vault: Strongroom, until: AbortSignal, onBegun: () => void): Promise<void> {
  /** Whether something may have happened that the list does not have. */
  let isMissing = false;
  const miss = (): void => {
    if (until.aborted) return;
    live.value = "broken";
    isMissing = true;
    onBegun();
  };
  const timer = setTimeout(miss, FIRST_MS);
  for (;;) {
    try {
      const pages = vault.changes.watch({
        cursor: "now",
        limit: PAGE,
        signal: until,
        onRetry: () => (live.value = "broken"),
        onAnswer: () => (live.value = "on"),
      });
      for await (const { data } of pages) {
        clearTimeout(timer);
        onBegun();
        if (isMissing) {
          reopen();
          refreshFolders();
        }
        isMissing = false;
        apply(data);
        if (data.length > 0) refreshFolders();
      }
    } catch (error) {
      if (until.aborted) return;
      if (error instanceof StrongroomError && error.status === 401) {
        const said = { tone: "danger" } as const;
        if (isFree()) {
          signOut();
          toast(wordsOf(error), said);
        } else {
          // What is edited or uploaded stays until one lets go of it.
          miss();
          toast(wordsOf(error), { ...said, action: { label: "Sign in with another key", run: () => void leave() } });
        }
        return;
      }
      // The place in the feed may be lost, too: the next try has another.
      miss();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
