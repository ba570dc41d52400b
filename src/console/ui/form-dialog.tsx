import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { Button, type ButtonProps } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Failure } from "./states.tsx";

/** A dialog with a form. What it does stands on the button below it, and Enter does the same. */
export function FormDialog({
  title,
  verb,
  kind = "primary",
  isBusy,
  isReady = true,
  error,
  onSubmit,
  onClose,
  children,
}: {
  title: string;
  verb: string;
  kind?: ButtonProps["kind"];
  isBusy: boolean;
  /** Whether the button can be pressed. */
  isReady?: boolean;
  /** What the last attempt failed with. */
  error: unknown;
  onSubmit: () => void;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const id = useId();
  const buttons = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button kind={kind} type="submit" form={id} busy={isBusy} disabled={!isReady}>
        {verb}
      </Button>
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} footer={buttons}>
      <form
        id={id}
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        {children}
        {error !== undefined && <Failure error={error} />}
      </form>
    </Dialog>
  );
}
