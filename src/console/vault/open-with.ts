import { useState } from "preact/hooks";
import { go, NO_QUERY } from "../route.ts";
import { signIn } from "../session.ts";

/** Signs in with a key that was just made, in place of what one is signed in with, and opens the files of its vault. */
export function useOpenWith(
  token: string,
  vaultId: string,
): { open: () => Promise<void>; isBusy: boolean; error: unknown } {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const open = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await signIn(token);
      go({ page: "browse", vaultId, path: {}, query: NO_QUERY });
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return { open, isBusy, error };
}
