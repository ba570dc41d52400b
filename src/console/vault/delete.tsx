/** How the operator deletes a vault: its name is typed first. */

import { useState } from "preact/hooks";
import type { VaultReport, Vaults } from "../../client/index.ts";
import { bytes, Button, count, FormDialog, TextField, toast, useAttempt } from "../ui/index.ts";
import { Part } from "./parts.tsx";

export function DeleteVault({
  operator,
  report,
  onDeleted,
}: {
  operator: Vaults;
  report: VaultReport;
  onDeleted: () => void;
}) {
  const [isAsking, setAsking] = useState(false);
  return (
    <Part
      title="Delete this vault"
      about="Its keys are refused at once, and all that it holds is deleted. This cannot be undone."
      action={
        <Button icon="trash" onClick={() => setAsking(true)}>
          Delete…
        </Button>
      }
    >
      {isAsking && (
        <Question operator={operator} report={report} onDeleted={onDeleted} onClose={() => setAsking(false)} />
      )}
    </Part>
  );
}

function Question({
  operator,
  report,
  onDeleted,
  onClose,
}: {
  operator: Vaults;
  report: VaultReport;
  onDeleted: () => void;
  onClose: () => void;
}) {
  const [typed, setTyped] = useState("");
  const { isBusy, error, attempt } = useAttempt();
  const isName = typed.trim() === report.name.trim();
  const remove = async (): Promise<void> => {
    if (!isName) return;
    await attempt(async () => {
      await operator.delete(report.id);
      toast(`“${report.name}” is being deleted. Its keys are refused from now on.`, { tone: "ok" });
      onDeleted();
    });
  };
  return (
    <FormDialog
      title={`Delete “${report.name}”?`}
      verb="Delete the vault"
      kind="danger"
      isBusy={isBusy}
      isReady={isName}
      error={error}
      onSubmit={() => void remove()}
      onClose={onClose}
    >
      <p>
        It holds {count(report.assets, "asset")} with {bytes(report.bytes)}. All of them are deleted, and every key of
        the vault is refused from then on.
      </p>
      <TextField
        label="Type its name to go on"
        name="confirm"
        autofocus
        hint={report.name}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
