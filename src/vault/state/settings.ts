import { changeSettings, type VaultChange } from "../../model/settings.ts";
import type { Operation } from "./group-commit.ts";

/** Changes a vault's name and settings. What the change does not name stays as it is. */
export const changeVault =
  ({ name, ...settings }: VaultChange): Operation<{ rev: number }> =>
  (change) => {
    const rev = change.next();
    if (name !== undefined) change.vault.name = name;
    change.vault.settings = changeSettings(change.row.settings, settings, rev);
    return { ok: true, rev };
  };
