import { Menu } from "../ui/index.ts";
import { askToUpload } from "./ask.ts";

/** Chooses files or a folder to upload. */
export function UploadButton({ kind = "primary" }: { kind?: "primary" | "plain" }) {
  return (
    <Menu
      label="Upload"
      kind={kind}
      icon="upload"
      items={[
        { label: "Files…", icon: "file", onSelect: () => askToUpload("files") },
        { label: "A folder…", icon: "folder", onSelect: () => askToUpload("folder") },
      ]}
    >
      Upload
    </Menu>
  );
}
