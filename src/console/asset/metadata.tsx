import { useId } from "preact/hooks";
import { Button, Field } from "../ui/index.ts";
import type { Opened } from "./opened.ts";
import { KINDS, type Kind, newRow, type Row, withKind } from "./rows.ts";

const KIND_NAMES: Record<Kind, string> = {
  text: "Text",
  number: "Number",
  "yes or no": "Yes/no",
  nothing: "Null",
  json: "JSON",
};

/** Metadata, as rows or as one text of JSON. */
export function MetadataEditor({ opened, isReadOnly }: { opened: Opened; isReadOnly: boolean }) {
  const { raw, form } = opened;
  const isRaw = raw.value !== undefined;
  return (
    <section class="panel-section" aria-label="Metadata">
      <header>
        <h3>Metadata</h3>
        <div class="asset-switch" role="group" aria-label="Metadata is shown as">
          {[false, true].map((each) => (
            <button
              key={String(each)}
              type="button"
              aria-pressed={isRaw === each}
              disabled={isRaw !== each && !opened.isSound.value}
              onClick={() => opened.showRaw(each)}
            >
              {each ? "JSON" : "Fields"}
            </button>
          ))}
        </div>
      </header>
      {isRaw ? (
        <Field label="Metadata as JSON" error={form.value.problem}>
          {(control) => (
            <textarea
              class="input mono"
              rows={10}
              spellcheck={false}
              readOnly={isReadOnly}
              value={raw.value}
              onInput={(event) => {
                raw.value = event.currentTarget.value;
              }}
              {...control}
            />
          )}
        </Field>
      ) : (
        <Rows opened={opened} isReadOnly={isReadOnly} />
      )}
    </section>
  );
}

function Rows({ opened, isReadOnly }: { opened: Opened; isReadOnly: boolean }) {
  const rows = opened.rows.value;
  const change = (id: number, next: Row | undefined): void => {
    opened.rows.value = opened.rows.value.flatMap((row) => (row.id === id ? (next ?? []) : row));
  };
  if (isReadOnly) {
    if (rows.length === 0) return <p class="hint">No metadata.</p>;
    return (
      <dl class="asset-facts">
        {rows.map(({ id, key, text, kind }) => (
          <div key={id}>
            <dt>{key}</dt>
            <dd class={kind === "json" ? "mono" : ""}>{kind === "nothing" ? "null" : text}</dd>
          </div>
        ))}
      </dl>
    );
  }
  return (
    <>
      {rows.length === 0 && <p class="hint">Nothing yet: alt text, a copyright, a number of your own.</p>}
      {rows.map((row) => (
        <MetadataRow
          key={row.id}
          row={row}
          problem={opened.form.value.problems.get(row.id)}
          onChange={(next) => change(row.id, next)}
        />
      ))}
      <div>
        <Button
          small
          icon="add"
          onClick={() => {
            opened.rows.value = [...opened.rows.value, newRow()];
          }}
        >
          Add a field
        </Button>
      </div>
    </>
  );
}

function MetadataRow({
  row,
  problem,
  onChange,
}: {
  row: Row;
  problem: string | undefined;
  onChange: (next: Row | undefined) => void;
}) {
  const id = useId();
  const isNew = row.stored === undefined;
  const name = row.key !== "" ? row.key : isNew ? "the new field" : "the field without a name";
  const wrong = problem === undefined ? {} : { "aria-invalid": true, "aria-describedby": id };
  const typed = (text: string): void => onChange({ ...row, text });
  return (
    <div class="metadata-row">
      <input
        class="input metadata-key"
        aria-label={`Name of ${name}`}
        placeholder="name"
        autocomplete="off"
        spellcheck={false}
        value={row.key}
        onInput={(event) => onChange({ ...row, key: event.currentTarget.value })}
        // A field that one has just asked for is there to be named.
        ref={(element) => {
          if (element && isNew && row.key === "" && row.text === "" && !element.dataset["met"]) {
            element.dataset["met"] = "yes";
            element.focus();
          }
        }}
      />
      <div class="metadata-value">
        {row.kind === "yes or no" ? (
          <select
            class="input"
            aria-label={`Value of ${name}`}
            value={row.text}
            onChange={(event) => typed(event.currentTarget.value)}
          >
            <option value="true">Yes (true)</option>
            <option value="false">No (false)</option>
          </select>
        ) : row.kind === "json" || row.text.includes("\n") ? (
          <textarea
            class={row.kind === "json" ? "input mono" : "input"}
            rows={Math.min(8, row.text.split("\n").length + 1)}
            spellcheck={row.kind !== "json"}
            aria-label={`Value of ${name}`}
            value={row.text}
            onInput={(event) => typed(event.currentTarget.value)}
            {...wrong}
          />
        ) : (
          <input
            class="input"
            aria-label={`Value of ${name}`}
            placeholder={row.kind === "nothing" ? "null" : "value"}
            autocomplete="off"
            inputMode={row.kind === "number" ? "decimal" : "text"}
            disabled={row.kind === "nothing"}
            value={row.text}
            onInput={(event) => typed(event.currentTarget.value)}
            {...wrong}
          />
        )}
      </div>
      <select
        class="input metadata-kind"
        aria-label={`Kind of ${name}`}
        value={row.kind}
        onChange={(event) => onChange(withKind(row, event.currentTarget.value as Kind))}
      >
        {KINDS.map((kind) => (
          <option key={kind} value={kind}>
            {KIND_NAMES[kind]}
          </option>
        ))}
      </select>
      <Button kind="quiet" icon="close" aria-label={`Remove ${name}`} onClick={() => onChange(undefined)} />
      {problem !== undefined && (
        <p class="hint wrong" id={id}>
          {problem}
        </p>
      )}
    </div>
  );
}
