import { useState } from "preact/hooks";
import { inLabels } from "./labels.ts";

export interface Attempt {
  /** Whether it is under way. */
  readonly isBusy: boolean;
  /** What the last one failed with, in the words of forms; undefined when it did not. */
  readonly error: unknown;
  readonly attempt: (work: () => Promise<void>) => Promise<void>;
}

/** Something that a button begins and that may fail. It never throws. */
export function useAttempt(): Attempt {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await work();
    } catch (failure) {
      setError(inLabels(failure));
    }
    setBusy(false);
  };
  return { isBusy, error, attempt };
}
