import { useState } from "preact/hooks";
import type { Strongroom } from "../../client/index.ts";
import { PATH_COMPONENTS } from "../../model/asset.ts";
import { nameProblem } from "../filename.ts";
import { FolderFields } from "../folder-names.tsx";
import { href, NO_QUERY } from "../route.ts";
import { Button, TextField } from "../ui/index.ts";
import type { Opened } from "./opened.ts";

/** Where the asset is, and how it is moved and renamed. Its file stays where it is, and so do its links. */
export function PlaceEditor({ vault, opened, isReadOnly }: { vault: Strongroom; opened: Opened; isReadOnly: boolean }) {
  const [isOpen, setOpen] = useState(false);
  const asset = opened.asset.value;
  if (!asset) return null;
  const { vaultId } = vault;
  const { partition, collection, channel } = asset;
  const isEdited = opened.changes.value.some((name) => name === "filename" || isComponent(name));
  const link = (path: object, name: string) => (
    <a href={href({ page: "browse", vaultId, path, query: NO_QUERY })}>{name}</a>
  );
  return (
    <section class="panel-section" aria-label="Place and name">
      <header>
        <h3>Place</h3>
        {!isReadOnly && !isOpen && !isEdited && (
          <Button kind="quiet" small icon="move" onClick={() => setOpen(true)}>
            Move or rename
          </Button>
        )}
      </header>
      {isOpen || isEdited ? (
        <div class="place-fields">
          <TextField
            label="Name"
            value={opened.place.value.filename}
            error={nameProblem(opened.place.value.filename)}
            onInput={(event) => {
              opened.place.value = { ...opened.place.value, filename: event.currentTarget.value };
            }}
          />
          <FolderFields
            vault={vault}
            path={opened.place.value}
            onChange={(path) => {
              opened.place.value = { ...opened.place.value, ...path };
            }}
          />
          <p class="hint">Links and delivery URLs by id stay good. URLs by path and name change.</p>
        </div>
      ) : (
        <p class="asset-place">
          {link({ partition }, partition)} / {link({ partition, collection }, collection)} /{" "}
          {link({ partition, collection, channel }, channel)}
        </p>
      )}
    </section>
  );
}

const isComponent = (name: string): boolean => (PATH_COMPONENTS as readonly string[]).includes(name);
