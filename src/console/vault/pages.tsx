import type { Section } from "../route.ts";

/** The pages of a vault itself. */
export function VaultPages({ vaultId, section }: { vaultId: string; section: Section }) {
  return (
    <h1>
      {section} of {vaultId}
    </h1>
  );
}
