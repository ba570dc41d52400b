import { useState } from "preact/hooks";
import { ago, Button, Dialog } from "../ui/index.ts";
import { type Clash, title } from "./draft.ts";
import { same } from "./json.ts";
import type { Conflict, Opened } from "./opened.ts";

type Side = "theirs" | "yours";

interface Choice {
  readonly side: Side;
  readonly theirs: unknown;
}

const SIDES: readonly (readonly [Side, string])[] = [
  ["theirs", "Theirs"],
  ["yours", "Yours"],
];

/** What someone else has made of the asset beside what was edited here. One takes either, part by part. */
export function ConflictDialog({
  opened,
  conflict,
  onSaved,
}: {
  opened: Opened;
  conflict: Conflict;
  onSaved: () => void;
}) {
  const [choices, setChoices] = useState<ReadonlyMap<string, Choice>>(new Map());
  const { clashes, alsoTheirs, theirs } = conflict;
  /** A choice is one between what was seen: when theirs has changed once more, it must be made again. */
  const chosen = (clash: Clash): Side | undefined => {
    const choice = choices.get(clash.name);
    return choice && same(choice.theirs, clash.theirs) ? choice.side : undefined;
  };
  const choose = (side: Side, about: readonly Clash[] = clashes): void =>
    setChoices(new Map([...choices, ...about.map((each) => [each.name, { side, theirs: each.theirs }] as const)]));
  const isReady = clashes.every((clash) => chosen(clash) !== undefined);
  const save = async (): Promise<void> => {
    if (await opened.resolve((name) => choices.get(name)?.side ?? "theirs")) onSaved();
  };
  const close = (): void => {
    opened.isComparing.value = false;
  };
  return (
    <Dialog
      title="Someone else was faster"
      shape="wide"
      onClose={close}
      footer={
        <>
          <Button onClick={close}>Go on editing</Button>
          <Button onClick={() => opened.discard()}>Discard yours</Button>
          <Button kind="primary" disabled={!isReady} onClick={() => void save()}>
            {clashes.length === 0 ? "Save yours as well" : "Save what is chosen"}
          </Button>
        </>
      }
    >
      <p>
        The asset was changed {ago(theirs.updated_at)}, after you began to edit it. Nothing of yours is saved yet
        {clashes.length === 0
          ? ", and the two changes do not touch the same parts."
          : ". Choose what it shall be where both of you changed the same."}
      </p>
      {clashes.length > 1 && (
        <div class="sharing-line">
          {SIDES.map(([side, name]) => (
            <Button key={side} small onClick={() => choose(side)}>
              All {name.toLowerCase()}
            </Button>
          ))}
        </div>
      )}
      {clashes.map((clash) => (
        <fieldset class="clash" key={clash.name}>
          <legend>{capital(title(clash.name))}</legend>
          {SIDES.map(([side, name]) => (
            <label key={side} class={chosen(clash) === side ? "chosen" : ""}>
              <span>
                <input
                  type="radio"
                  name={`clash ${clash.name}`}
                  checked={chosen(clash) === side}
                  onChange={() => choose(side, [clash])}
                />
                {name}
              </span>
              <Value value={clash[side]} />
            </label>
          ))}
        </fieldset>
      ))}
      {alsoTheirs.length > 0 && (
        <p class="hint">Changed by them alone, and kept as they made it: {alsoTheirs.map(title).join(", ")}.</p>
      )}
    </Dialog>
  );
}

function Value({ value }: { value: unknown }) {
  if (value === undefined) return <em>removed</em>;
  if (value === "") return <em>empty</em>;
  if (Array.isArray(value) && value.length === 0) return <em>none</em>;
  if (Array.isArray(value) && value.every((each) => typeof each === "string"))
    return (
      <ul class="tag-chips">
        {value.map((each, at) => (
          <li class="tag-chip" key={at}>
            <bdi>{each}</bdi>
          </li>
        ))}
      </ul>
    );
  if (typeof value === "string") return <p class="clash-text">{value}</p>;
  return <pre>{JSON.stringify(value, null, 2)}</pre>;
}

const capital = (text: string): string => (text[0] ?? "").toUpperCase() + text.slice(1);
