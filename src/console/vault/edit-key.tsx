/** The dialog by which a key's label is changed, and its life shortened. */

import { useState } from "preact/hooks";
import type { KeyInfo } from "../../client/index.ts";
import { FormDialog, moment, TextField, toast, useAttempt } from "../ui/index.ts";
import { readName, type Typed } from "./fields.ts";
import { type KeyList, localTime, nameOf, readTime } from "./keys.ts";

export function EditKey({ list, edited: key, onClose }: { list: KeyList; edited: KeyInfo; onClose: () => void }) {
  const before = key.expires_at === null ? "" : localTime(key.expires_at);
  const [label, setLabel] = useState(key.label ?? "");
  const [until, setUntil] = useState(before);
  const { isBusy, error, attempt } = useAttempt();

  const named: Typed<string | null> = label === "" ? { value: null } : readName(label, "The label");
  // A field of the browser's knows no seconds: what was not touched stays.
  const ends: Typed<string | undefined> = until === before ? { value: undefined } : readTime(until, key.expires_at);
  const isRight = "value" in named && "value" in ends;
  const change = isRight
    ? {
        ...(named.value === key.label ? {} : { label: named.value }),
        ...(ends.value === undefined ? {} : { expires_at: ends.value }),
      }
    : {};
  const save = async (): Promise<void> => {
    if (Object.keys(change).length === 0) return;
    await attempt(async () => {
      await list.update(key.id, change);
      toast("The key is changed. It acts from now on.", { tone: "ok" });
      onClose();
    });
  };
  return (
    <FormDialog
      title={`Edit “${nameOf(key)}”`}
      verb="Save"
      isBusy={isBusy}
      isReady={Object.keys(change).length > 0}
      error={error}
      onSubmit={() => void save()}
      onClose={onClose}
    >
      <TextField
        label="Label"
        name="label"
        autofocus
        value={label}
        placeholder="What it is for"
        error={"rule" in named ? named.rule : undefined}
        onInput={(event) => setLabel(event.currentTarget.value)}
      />
      <TextField
        label="Expires"
        name="until"
        type="datetime-local"
        value={until}
        max={before}
        error={"rule" in ends ? ends.rule : undefined}
        hint={
          key.expires_at === null
            ? "Never, so far. To replace a key that is in use, make another and give this one some days. A key's life is never made longer again."
            : `Now: ${moment(key.expires_at)}. It can be made earlier, never later.`
        }
        onInput={(event) => setUntil(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
