/** The dialog by which a key is made, and shown this once. */

import { useId, useState } from "preact/hooks";
import type { CreatedKey, KeyType } from "../../client/index.ts";
import { KEY_TYPES } from "../../model/vault.ts";
import { Button, Dialog, Field, Failure, FormDialog, TextField, useAttempt } from "../ui/index.ts";
import { readName, type Typed } from "./fields.ts";
import { inDays, type KeyList, LIVES, localTime, readFolder, readTime, TYPES } from "./keys.ts";
import { useOpenWith } from "./open-with.ts";
import { Notice, Token } from "./parts.tsx";

/** The choice of a time of one's own. */
const OTHER = "other";

export function NewKey({
  list,
  partitions,
  mayOpen,
  onClose,
}: {
  list: KeyList;
  partitions: readonly string[];
  /** Whether one may want to sign in with the key: the operator opens no files without one. */
  mayOpen: boolean;
  onClose: () => void;
}) {
  const [made, setMade] = useState<CreatedKey>();
  return made ? (
    <ShownOnce made={made} mayOpen={mayOpen} onClose={onClose} />
  ) : (
    <KeyForm list={list} partitions={partitions} onMade={setMade} onClose={onClose} />
  );
}

function KeyForm({
  list,
  partitions,
  onMade,
  onClose,
}: {
  list: KeyList;
  partitions: readonly string[];
  onMade: (key: CreatedKey) => void;
  onClose: () => void;
}) {
  const id = useId();
  const [type, setType] = useState<KeyType>("public");
  const [label, setLabel] = useState("");
  const [folder, setFolder] = useState("");
  const [life, setLife] = useState<string>("0");
  const [until, setUntil] = useState(() => localTime(inDays(30)));
  const [isTried, setTried] = useState(false);
  const { isBusy, error, attempt } = useAttempt();

  const named: Typed<string | null> = label === "" ? { value: null } : readName(label, "The label");
  const scope = readFolder(folder);
  const ends = endOf(life, until);
  const make = async (): Promise<void> => {
    setTried(true);
    if (!("value" in named && "value" in scope && "value" in ends)) return;
    const fields = { type, label: named.value, scope: scope.value, expires_at: ends.value };
    await attempt(async () => onMade(await list.create(fields)));
  };
  return (
    <FormDialog
      title="New key"
      verb="Make the key"
      isBusy={isBusy}
      error={error}
      onSubmit={() => void make()}
      onClose={onClose}
    >
      <fieldset class="choices">
        <legend>What it can do</legend>
        {KEY_TYPES.map((each) => (
          <div class="choice" key={each}>
            <input
              type="radio"
              id={`${id}-${each}`}
              name="type"
              value={each}
              checked={type === each}
              aria-describedby={`${id}-${each}-can`}
              onChange={() => setType(each)}
            />
            <label for={`${id}-${each}`}>{TYPES[each].title}</label>
            <span class="hint" id={`${id}-${each}-can`}>
              {TYPES[each].can}
            </span>
          </div>
        ))}
      </fieldset>
      <TextField
        label="Label"
        name="label"
        placeholder="What it is for, such as: website"
        value={label}
        error={isTried ? ruleOf(named) : undefined}
        onInput={(event) => setLabel(event.currentTarget.value)}
      />
      <Field
        label="Folder"
        hint="Such as marketing/blog. For the key, nothing else exists; and it manages no keys. This never changes."
        error={isTried || folder.includes("/") ? ruleOf(scope) : undefined}
      >
        {(control) => (
          <input
            class="input"
            type="text"
            name="scope"
            list={`${id}-folders`}
            autocomplete="off"
            spellcheck={false}
            placeholder="The whole vault"
            value={folder}
            onInput={(event) => setFolder(event.currentTarget.value)}
            {...control}
          />
        )}
      </Field>
      <datalist id={`${id}-folders`}>
        {partitions.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </datalist>
      <Field label="Expires">
        {(control) => (
          <select
            class="input"
            name="life"
            value={life}
            onChange={(event) => setLife(event.currentTarget.value)}
            {...control}
          >
            {LIVES.map(([name, days]) => (
              <option key={days} value={String(days)}>
                {name}
              </option>
            ))}
            <option value={OTHER}>At a time of your choice</option>
          </select>
        )}
      </Field>
      {life === OTHER && (
        <TextField
          label="Until"
          name="until"
          type="datetime-local"
          value={until}
          error={ruleOf(ends)}
          onInput={(event) => setUntil(event.currentTarget.value)}
        />
      )}
    </FormDialog>
  );
}

function endOf(life: string, until: string): Typed<string | null> {
  if (life === OTHER) return readTime(until, null);
  return { value: life === "0" ? null : inDays(Number(life)) };
}

const ruleOf = (typed: Typed<unknown>): string | undefined => ("rule" in typed ? typed.rule : undefined);

/** The token of a new key. Only its buttons close it, since nobody can see the token again. */
function ShownOnce({ made, mayOpen, onClose }: { made: CreatedKey; mayOpen: boolean; onClose: () => void }) {
  const { open, isBusy, error } = useOpenWith(made.token, made.vault_id);
  const buttons = (
    <>
      {mayOpen && (made.type === "secret" || made.type === "public") && (
        <Button busy={isBusy} onClick={() => void open()}>
          Sign in with it
        </Button>
      )}
      <Button kind="primary" onClick={onClose}>
        I have copied it
      </Button>
    </>
  );
  return (
    <Dialog title="Copy the key now" onClose={onClose} footer={buttons} isFirm>
      <Notice tone="warn" title="It is shown this once">
        Nobody can read it back, not even the operator. If it is lost, make another and revoke this one.
      </Notice>
      <Token name={`${TYPES[made.type].title} key`} token={made.token} />
      <p>{TYPES[made.type].warning}</p>
      {error !== undefined && <Failure error={error} />}
    </Dialog>
  );
}
