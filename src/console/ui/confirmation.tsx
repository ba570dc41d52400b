import { asked } from "./confirm.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";

/** Where the question is shown: once in the shell, which loads it with the first question. */
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
