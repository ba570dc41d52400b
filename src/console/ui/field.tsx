import type { ComponentChildren, InputHTMLAttributes } from "preact";
import { useId } from "preact/hooks";

/** What joins a control with the words around it. */
export interface FieldControl {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: boolean;
}

export interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  /** What is wrong with it, in words. */
  error?: string | undefined;
}

/** A label, a control, and what is to be known of it. */
export function Field({
  label,
  hint,
  error,
  children,
}: FieldProps & { children: (control: FieldControl) => ComponentChildren }) {
  const id = useId();
  const told = error !== undefined || hint !== undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        ...(told ? { "aria-describedby": `${id}-told` } : {}),
        ...(error === undefined ? {} : { "aria-invalid": true }),
      })}
      {told && (
        <p
          id={`${id}-told`}
          class={error === undefined ? "hint" : "hint wrong"}
          role={error === undefined ? undefined : "alert"}
        >
          {error ?? hint}
        </p>
      )}
    </div>
  );
}

/** A line of text with its label. */
export function TextField({ label, hint, error, ...rest }: FieldProps & Omit<InputHTMLAttributes, "label">) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <input class="input" type="text" autocomplete="off" spellcheck={false} {...(rest as object)} {...control} />
      )}
    </Field>
  );
}
