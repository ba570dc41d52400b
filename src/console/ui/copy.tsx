import { useRef, useState } from "preact/hooks";
import { Button, type ButtonProps } from "./button.tsx";
import { toast } from "./toast.tsx";

/** How long it says that it has copied. Milliseconds. */
const SAID_MS = 1_500;

/** A button that copies a text. `what` names it: "Copy the link". Without children it is a sign alone. */
export function Copy({ text, what, children, ...rest }: { text: string; what: string } & ButtonProps) {
  const [isCopied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      toast("The browser did not let it be copied. Select the text and copy it.", { tone: "danger" });
      return;
    }
    setCopied(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(false), SAID_MS);
  };
  return (
    <Button
      kind="quiet"
      small
      {...rest}
      icon={isCopied ? "check" : "copy"}
      aria-label={what}
      onClick={() => void copy()}
    >
      {children}
      {isCopied && (
        <span class="unseen" role="status">
          Copied
        </span>
      )}
    </Button>
  );
}
