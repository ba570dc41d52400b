/** The settings of a vault: a form for the operator, and a list for everybody else. */

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { StrongroomError, type VaultChange, type VaultReport, type VaultSettings } from "../../client/index.ts";
import { ACTS_ALREADY } from "../../model/refusal.ts";
import { go } from "../route.ts";
import { session } from "../session.ts";
import { Button, confirm, Field as Labelled, TextField, toast, wordsOf } from "../ui/index.ts";
import type { Managed } from "./access.ts";
import { inLabels } from "../ui/labels.ts";
import { askWhile, useUnload } from "../ui/unload.ts";
import { DeleteVault } from "./delete.tsx";
import {
  changedMeanwhile,
  changeOf,
  type Field,
  FIELDS,
  NAMES,
  SETTING_LABELS,
  type Texts,
  textsOf,
} from "./fields.ts";
import { Notice, Part } from "./parts.tsx";
import type { ReportStore } from "./report.ts";

/** What is typed, over what, and what acts already and was not recorded: it is sent once more. */
interface Unsaved {
  readonly edited: Partial<Texts>;
  readonly began: Partial<Texts>;
  readonly owed: VaultChange;
}

/** What was not saved when the page went away, so that nothing is lost by a click beside it. */
let left: (Unsaved & { readonly by: Managed["operator"]; readonly vaultId: string }) | undefined;

// With the session it is lost anyway.
askWhile(() => left !== undefined && session.value !== undefined);

function takeUp(by: Managed["operator"], vaultId: string): Unsaved {
  const kept = left?.vaultId === vaultId && left.by === by ? left : { edited: {}, began: {}, owed: {} };
  left = undefined;
  return kept;
}

export function SettingsPage({ vault, report, store }: { vault: Managed; report: VaultReport; store: ReportStore }) {
  const isDeleted = useRef(false);
  const onDeleted = (): void => {
    isDeleted.current = true;
    go({ page: "vaults" });
  };
  return vault.operator && report.status === "active" ? (
    <>
      <SettingsForm operator={vault.operator} report={report} store={store} isDeleted={isDeleted} />
      <DeleteVault operator={vault.operator} report={report} onDeleted={onDeleted} />
    </>
  ) : (
    <SettingsList report={report} isOperator={vault.operator !== undefined} />
  );
}

function SettingsList({ report, isOperator }: { report: VaultReport; isOperator: boolean }) {
  const about = isOperator
    ? "Nothing of them changes while the vault is being deleted."
    : "Only the operator changes these, with the admin token.";
  return (
    <Part title="Settings" about={about}>
      <dl class="facts wide">
        {NAMES.map((name) => (
          <Shown key={name} field={FIELDS[name] as Field<unknown>} value={report.settings[name]} />
        ))}
      </dl>
    </Part>
  );
}

function Shown({ field, value }: { field: Field<unknown>; value: unknown }) {
  return (
    <>
      <dt>{field.label}</dt>
      <dd>
        {value === null ? <span class="unset">{field.unset}</span> : field.show(value)}
        <span class="hint">{field.about}</span>
      </dd>
    </>
  );
}

function SettingsForm({
  operator,
  report,
  store,
  isDeleted,
}: {
  operator: NonNullable<Managed["operator"]>;
  report: VaultReport;
  store: ReportStore;
  isDeleted: RefObject<boolean>;
}) {
  const [before] = useState(() => takeUp(operator, report.id));
  const [edited, setEdited] = useState(before.edited);
  const [began, setBegan] = useState(before.began);
  const [isSaving, setSaving] = useState(false);
  const [error, setError] = useState<unknown>();
  const [owed, setOwed] = useState(before.owed);
  // What is not being edited follows what others set.
  const texts: Texts = { ...textsOf(report), ...edited };
  const { change, rules } = changeOf(texts, report);
  const toSave = { ...owed, ...change };
  const [changes, wrong] = [Object.keys(toSave).length, Object.keys(rules).length];
  const isUnsaved = changes + wrong > 0;
  const now = useRef<(Unsaved & { readonly name: string }) | undefined>(undefined);
  now.current = isUnsaved ? { edited, began, owed, name: report.name } : undefined;
  useEffect(() => {
    const whose = session.value;
    return () => {
      // Whoever has signed out does not come back to it.
      if (!now.current || isDeleted.current || session.value !== whose) return;
      const { name, ...unsaved } = now.current;
      left = { ...unsaved, by: operator, vaultId: report.id };
      const run = (): void => go({ page: "vault", vaultId: report.id, section: "settings" });
      toast(`The settings of ${name} are not saved.`, { tone: "warn", action: { label: "Back to it", run } });
    };
  }, []);
  useUnload(isUnsaved);
  const edit = (name: keyof Texts, text: string): void => {
    setEdited({ ...edited, [name]: text });
    setBegan({ [name]: texts[name], ...began });
  };
  const undo = (): void => {
    setEdited({});
    setBegan({});
  };
  const save = async (): Promise<void> => {
    if (wrong > 0 || changes === 0) return;
    setSaving(true);
    setError(undefined);
    let sent = toSave;
    try {
      const fresh = await operator.get(report.id);
      const wanted = changeOf({ ...textsOf(fresh), ...edited }, fresh).change;
      sent = { ...owed, ...wanted };
      if (await isWanted(changedMeanwhile(began, wanted, fresh))) {
        store.show(Object.keys(sent).length > 0 ? await operator.update(report.id, sent) : fresh);
        undo();
        setOwed({});
        toast("Saved. It acts from now on.", { tone: "ok" });
      }
    } catch (failure) {
      setError(inLabels(failure, SETTING_LABELS));
      if (isActing(failure)) setOwed(sent);
    }
    setSaving(false);
  };
  return (
    <form
      class="settings"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Part title="Settings" about="They act as soon as they are saved. An empty field takes a setting away.">
        <TextField
          label="Name"
          name="name"
          value={texts.name}
          error={rules.name}
          onInput={(event) => edit("name", event.currentTarget.value)}
        />
        {NAMES.map((name) => (
          <SettingField
            key={name}
            name={name}
            text={texts[name]}
            rule={rules[name]}
            onInput={(text) => edit(name, text)}
          />
        ))}
      </Part>
      {error !== undefined && (
        <div role="alert">
          <Notice tone="danger" title={isActing(error) ? "It acts, but is not recorded yet" : "It was not saved"}>
            {isActing(error)
              ? "D1 did not answer in time. Save once more, so that it outlives a loss."
              : wordsOf(error)}
          </Notice>
        </div>
      )}
      <div class="settings-end">
        <Button kind="primary" type="submit" busy={isSaving} disabled={changes === 0 || wrong > 0}>
          Save
        </Button>
        <Button
          disabled={isSaving || Object.keys(edited).length === 0}
          onClick={() => {
            undo();
            setError(undefined);
          }}
        >
          Undo
        </Button>
        <span class="hint" role="status">
          {wrong > 0 ? "Mend what is marked first." : changes > 0 ? "Not saved yet." : ""}
        </span>
      </div>
    </form>
  );
}

/** Whether it is to be saved over what others have set meanwhile. */
async function isWanted(meanwhile: readonly string[]): Promise<boolean> {
  const body = `Changed meanwhile: ${meanwhile.join("; ")}.`;
  return meanwhile.length === 0 || confirm({ title: "Save all the same?", body, verb: "Save" });
}

/** A change of settings acts even where it could not be recorded. */
const isActing = (error: unknown): boolean =>
  error instanceof StrongroomError && error.status === 503 && error.message === ACTS_ALREADY;

function SettingField({
  name,
  text,
  rule,
  onInput,
}: {
  name: keyof VaultSettings;
  text: string;
  rule: string | undefined;
  onInput: (text: string) => void;
}) {
  const { label, about, unset, example, isLong } = FIELDS[name];
  const hint = `${about} ${meaning(FIELDS[name] as Field<unknown>, text)}`;
  return (
    <Labelled label={label} hint={hint} error={rule}>
      {(control) =>
        isLong ? (
          <textarea
            class="input"
            name={name}
            rows={2}
            spellcheck={false}
            placeholder={`${unset}; for example ${example}`}
            value={text}
            onInput={(event) => onInput(event.currentTarget.value)}
            {...control}
          />
        ) : (
          <input
            class="input"
            type="text"
            name={name}
            autocomplete="off"
            spellcheck={false}
            placeholder={`${unset}; for example ${example}`}
            value={text}
            onInput={(event) => onInput(event.currentTarget.value)}
            {...control}
          />
        )
      }
    </Labelled>
  );
}

/** How what is typed was understood, where it can be said in another way. */
function meaning(field: Field<unknown>, text: string): string {
  const typed = field.read(text);
  if ("rule" in typed || typed.value === null || typeof typed.value !== "number") return "";
  const written = field.write(typed.value);
  return written === text.trim() ? "" : `Taken as ${written}.`;
}
