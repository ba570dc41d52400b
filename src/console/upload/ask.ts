/** What the rest of the console needs of uploads, before their code is there. */

import { signal } from "@preact/signals";

/** Files that somebody has chosen to upload; what `UploadPanel` takes up. A new object each time. */
export const chosen = signal<{ readonly files: readonly File[] } | undefined>(undefined);

/** Lets one choose files or a whole folder, and hands them to the panel. It must be called by a click. */
export function askToUpload(what: "files" | "folder" = "files"): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.webkitdirectory = what === "folder";
  input.addEventListener("change", () => {
    if (input.files?.length) chosen.value = { files: [...input.files] };
  });
  input.click();
}
