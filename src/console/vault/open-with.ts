import { go, NO_QUERY } from "../route.ts";
import { signIn } from "../session.ts";
import { useAttempt } from "../ui/index.ts";

/** Signs in with a key that was just made, in place of what one is signed in with, and opens the files of its vault. */
export function useOpenWith(
  token: string,
  vaultId: string,
): { open: () => Promise<void>; isBusy: boolean; error: unknown } {
  const { isBusy, error, attempt } = useAttempt();
  const open = (): Promise<void> =>
    attempt(async () => {
      await signIn(token, () => go({ page: "browse", vaultId, path: {}, query: NO_QUERY }));
    });
  return { open, isBusy, error };
}
