/** Follows a vault while one looks at its files. */

import { signal } from "@preact/signals";
import { type Strongroom, StrongroomError } from "../../client/index.ts";
import { signOut } from "../session.ts";
import { toast } from "../ui/toast.tsx";
import { refreshFolders } from "./folders.ts";
import { apply, reopen } from "./rows.ts";

/** `on`: what others do is seen at once. `broken`: the server does not answer, and is asked again. */
export const live = signal<"starting" | "on" | "broken">("starting");

/** Changes of a page. More of them come with the next one. */
const PAGE = 200;

/** Follows a vault; resolves once all that happens from now on will be seen. */
export function follow(vault: Strongroom, until: AbortSignal): Promise<void> {
  live.value = "starting";
  return new Promise((resolve) => {
    // A vault that cannot be followed can still be looked at.
    followOn(vault, until, resolve).then(resolve, resolve);
  });
}

async function followOn(vault: Strongroom, until: AbortSignal, onBegun: () => void): Promise<void> {
  let isMissing = false;
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
        onBegun();
        // Something may have happened since the place was lost.
        if (isMissing) reopen();
        isMissing = false;
        apply(data);
        if (data.length > 0) refreshFolders();
      }
    } catch (error) {
      if (until.aborted) return;
      const { code, status } = error instanceof StrongroomError ? error : { code: "", status: 0 };
      if (code === "CURSOR_EXPIRED") {
        isMissing = true;
        continue;
      }
      live.value = "broken";
      if (status !== 401) throw error;
      signOut();
      toast("The key is no longer accepted: it was revoked or has expired.", { tone: "danger" });
      return;
    }
  }
}
