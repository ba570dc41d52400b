import { Menu } from "../ui/menu.tsx";
import { askToUpload } from "./ask.ts";

/** Chooses files or a folder to upload. */
export function UploadButton() {
  return (
    <Menu
      label="Upload"
      kind="primary"
      class="to-upload"
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
