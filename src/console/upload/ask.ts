import { signal } from "@preact/signals";

/** Files that somebody has chosen to upload; what `UploadPanel` takes up. A new object each time. */
export const chosen = signal<{ readonly files: readonly File[] } | undefined>(undefined);

/** Lets one choose files, and hands them to the panel. */
export function askToUpload(): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.addEventListener("change", () => {
    if (input.files?.length) chosen.value = { files: [...input.files] };
  });
  input.click();
}
