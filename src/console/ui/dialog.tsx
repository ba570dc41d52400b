import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Button } from "./button.tsx";

export interface DialogProps {
  title: string;
  /** Called when one leaves it: by its button, by Escape, or by a click beside it. */
  onClose: () => void;
  children: ComponentChildren;
  /** The buttons below. */
  footer?: ComponentChildren;
  shape?: "small" | "wide";
  /** Neither Escape nor a click beside it closes it: something is shown this once. */
  isFirm?: boolean;
}

/** A dialog over everything else. It holds the focus while it is there, and gives it back to where it was. */
export function Dialog({ title, onClose, children, footer, shape = "small", isFirm = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- Escape does the same
    <dialog
      ref={ref}
      class={`dialog ${shape}`}
      aria-labelledby={id}
      onCancel={(event) => {
        // The one who shows it takes it away, so that both always know the same.
        event.preventDefault();
        if (event.target === ref.current && !isFirm) onClose();
      }}
      onClick={(event) => {
        if (event.target === ref.current && !isFirm) onClose();
      }}
    >
      <div class="dialog-inside">
        <header>
          <h2 id={id}>{title}</h2>
          {!isFirm && <Button kind="quiet" icon="close" aria-label="Close" onClick={onClose} />}
        </header>
        <div class="dialog-body">{children}</div>
        {footer && <footer>{footer}</footer>}
      </div>
    </dialog>
  );
}
