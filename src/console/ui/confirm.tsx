import { signal } from "@preact/signals";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";

export interface Question {
  /** "Delete 3 files?" */
  title: string;
  /** What will be so afterwards. */
  body?: string;
  /** What the button does: "Delete". */
  verb: string;
  danger?: boolean;
}

const asked = signal<(Question & { answer: (yes: boolean) => void }) | undefined>(undefined);

/** Asks a last question; resolves to whether it was said yes to. */
export function confirm(question: Question): Promise<boolean> {
  asked.value?.answer(false);
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer: (yes) => {
        asked.value = undefined;
        resolve(yes);
      },
    };
  });
}

/** Takes the question away, as if it was said no to. */
export const dismissQuestion = (): void => asked.value?.answer(false);

/** Where the question is shown: once in the shell. */
export function Confirmation() {
  const question = asked.value;
  if (!question) return null;
  const { title, body, verb, danger = false, answer } = question;
  const buttons = (
    <>
      <Button onClick={() => answer(false)}>Cancel</Button>
      <Button kind={danger ? "danger" : "primary"} onClick={() => answer(true)}>
        {verb}
      </Button>
    </>
  );
  return (
    <Dialog title={title} onClose={() => answer(false)} footer={buttons}>
      {body && <p>{body}</p>}
    </Dialog>
  );
}
