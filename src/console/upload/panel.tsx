/** Uploads, over every page: where files are dropped, where one is asked where they go, and how they are getting on. */

import { effect, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type Folder, route } from "../route.ts";
import { canWrite, session } from "../session.ts";
import { Icon, toast } from "../ui/index.ts";
import { Announcer } from "./announce.ts";
import { chosen } from "./ask.ts";
import { droppedOf } from "./collect.ts";
import { UploadList } from "./list.tsx";
import { Where } from "./where.tsx";
import { ask, asked, forget, uploads } from "./uploads.ts";

/** Whoever may not upload is told so when they drop something: else the browser would open it in this page's place. */
export function UploadPanel() {
  return canWrite() ? <Uploading /> : <DropZone path={{}} />;
}

function Uploading() {
  const current = session.value;
  const to = route.value;
  const path: Folder = to.page === "browse" ? to.path : {};
  useConnection();
  useEffect(
    () =>
      effect(() => {
        const files = chosen.value?.files;
        // Once: a panel that is shown again begins with nothing.
        chosen.value = undefined;
        if (files) void ask(files);
      }),
    [],
  );
  // With the key goes what it was uploading.
  useEffect(
    () => () => {
      forget();
      uploads.cancelAll();
    },
    [],
  );
  if (current?.kind !== "key") return null;
  return (
    <>
      <DropZone path={path} />
      {asked.value && <Where asked={asked.value} path={path} vault={current.vault} />}
      <UploadList />
      <Announcements />
    </>
  );
}

/** The browser tells when it believes to be offline or online, and asks before the tab is closed; so does signing out. */
function useConnection(): void {
  useEffect(() => {
    const listeners = {
      online: () => void uploads.hope(),
      offline: () => void uploads.suspect(),
      beforeunload: (event: Event) => uploads.isBusy && event.preventDefault(),
    };
    for (const [name, listener] of Object.entries(listeners)) addEventListener(name, listener);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) removeEventListener(name, listener);
    };
  }, []);
}

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;

const refusal = (): string =>
  session.value?.kind === "admin" ? "The admin token uploads nothing" : "This key may not upload";

/** Files may be dropped anywhere. */
function DropZone({ path }: { path: Folder }) {
  const isOver = useSignal(false);
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
      isOver.value = true;
    };
    const leave = (event: DragEvent): void => {
      // It has left the window, and not one element for another.
      if (event.relatedTarget === null) isOver.value = false;
    };
    const drop = (event: DragEvent): void => {
      isOver.value = false;
      if (!hasFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      if (canWrite()) void ask(droppedOf(event.dataTransfer));
      else toast(`${refusal()}.`, { tone: "warn" });
    };
    addEventListener("dragenter", over);
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragenter", over);
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, []);
  if (!isOver.value) return null;
  const mayUpload = canWrite();
  const folder = [path.partition, path.collection, path.channel].filter((level) => level !== undefined);
  return (
    <div class="upload-drop" aria-hidden="true">
      <div>
        <Icon name={mayUpload ? "upload" : "warn"} size={24} />
        <strong>
          {mayUpload ? `Drop to upload${folder.length > 0 ? ` to ${folder.join(" / ")}` : ""}` : refusal()}
        </strong>
        <span>{mayUpload ? "Files and whole folders" : "Sign in with a secret key to upload."}</span>
      </div>
    </div>
  );
}

/** What screen readers are told. */
function Announcements() {
  const said = useSignal("");
  useEffect(() => {
    const announcer = new Announcer();
    return effect(() => {
      void uploads.version.value;
      const { state, isBusy } = uploads.gate;
      // What it is tried with in between is no change that is told.
      const gate = state.value === "open" && isBusy.value ? "held" : state.value;
      const next = announcer.next(uploads.totals(), gate, performance.now());
      if (next !== undefined) said.value = next;
    });
  }, []);
  return (
    <p class="unseen" role="status" data-announced>
      {said.value}
    </p>
  );
}
