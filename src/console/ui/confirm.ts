import { signal } from "@preact/signals";

export interface Question {
  /** "Delete 3 files?" */
  title: string;
  /** What will be so afterwards. */
  body?: string;
  /** What the button does: "Delete". */
  verb: string;
  danger?: boolean;
}

/** The question that waits for its answer. */
export const asked = signal<(Question & { answer: (yes: boolean) => void }) | undefined>(undefined);

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
