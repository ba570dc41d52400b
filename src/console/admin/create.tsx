/** The dialog by which a vault is made. Its first two keys are shown this once. */

import { useState } from "preact/hooks";
import type { CreatedVault } from "../../client/index.ts";
import { Button, Dialog, Failure, FormDialog, TextField, useAttempt } from "../ui/index.ts";
import { readName } from "../vault/fields.ts";
import { useOpenWith } from "../vault/open-with.ts";
import { Notice, Token } from "../vault/parts.tsx";
import type { AllVaults } from "./vaults.ts";

export function CreateVault({ list, onClose }: { list: AllVaults; onClose: () => void }) {
  const [name, setName] = useState("");
  const [isTried, setTried] = useState(false);
  const { isBusy, error, attempt } = useAttempt();
  const [made, setMade] = useState<CreatedVault>();
  if (made) return <FirstKeys made={made} onClose={onClose} />;

  const typed = readName(name, "The name");
  const make = async (): Promise<void> => {
    setTried(true);
    if ("rule" in typed) return;
    await attempt(async () => setMade(await list.create(typed.value)));
  };
  return (
    <FormDialog
      title="New vault"
      verb="Make the vault"
      isBusy={isBusy}
      error={error}
      onSubmit={() => void make()}
      onClose={onClose}
    >
      <TextField
        label="Name"
        name="name"
        autofocus
        placeholder="Such as: shop"
        hint="For people. It can be changed later, and need not be unique."
        value={name}
        error={isTried && "rule" in typed ? typed.rule : undefined}
        onInput={(event) => setName(event.currentTarget.value)}
      />
    </FormDialog>
  );
}

function FirstKeys({ made, onClose }: { made: CreatedVault; onClose: () => void }) {
  const { open, isBusy, error } = useOpenWith(made.secret_key, made.id);
  const buttons = (
    <>
      <Button busy={isBusy} onClick={() => void open()}>
        Open the vault
      </Button>
      <Button kind="primary" onClick={onClose}>
        I have copied them
      </Button>
    </>
  );
  return (
    <Dialog title={`Copy the keys of “${made.name}” now`} onClose={onClose} footer={buttons} isFirm>
      <Notice tone="warn" title="They are shown this once">
        Nobody can read them back. If they are lost, make others on the vault’s page of keys.
      </Notice>
      <Token name="Secret key" token={made.secret_key} />
      <p class="hint">Reads and writes everything, and makes keys. For your own servers.</p>
      <Token name="Public key" token={made.public_key} />
      <p class="hint">Reads everything and changes nothing.</p>
      {error !== undefined && <Failure error={error} />}
    </Dialog>
  );
}
