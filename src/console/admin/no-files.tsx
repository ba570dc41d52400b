/** Where the operator looks for files: why there are none, and how one comes to see them. */

import { useEffect, useState } from "preact/hooks";
import type { CreatedKey, KeyType, StrongroomAdmin } from "../../client/index.ts";
import { href } from "../route.ts";
import { Button, Dialog, Empty, Failure } from "../ui/index.ts";
import { inDays } from "../vault/keys.ts";
import { useOpenWith } from "../vault/open-with.ts";
import { Notice, Token } from "../vault/parts.tsx";

/** A key to look around with is forgotten about soon, so it ends by itself. Days. */
const KEY_DAYS = 1;

export function NoFiles({ admin, vaultId }: { admin: StrongroomAdmin; vaultId: string }) {
  const [made, setMade] = useState<CreatedKey>();
  const [busy, setBusy] = useState<KeyType>();
  const [error, setError] = useState<unknown>();
  const [isDeleted, setDeleted] = useState<boolean>();
  useEffect(() => {
    document.title = "Files – Strongroom";
    // Where it cannot be asked, the server says so when a key is made.
    admin.vaults.get(vaultId).then(
      ({ status }) => setDeleted(status === "deleting"),
      () => setDeleted(false),
    );
  }, []);
  const make = async (type: KeyType): Promise<void> => {
    setBusy(type);
    setError(undefined);
    try {
      setMade(await admin.keys(vaultId).create({ type, label: "console, for a day", expires_at: inDays(KEY_DAYS) }));
    } catch (failure) {
      setError(failure);
    }
    setBusy(undefined);
  };
  const actions = (
    <>
      <Button kind="primary" icon="key" busy={busy === "public"} onClick={() => void make("public")}>
        Key to look around
      </Button>
      <Button icon="edit" busy={busy === "secret"} onClick={() => void make("secret")}>
        Key to make changes
      </Button>
    </>
  );
  return (
    <div class="page vault-page">
      <header class="vault-head">
        <a class="vault-back" href={href({ page: "vaults" })}>
          All vaults
        </a>
        <h1>Files</h1>
      </header>
      {isDeleted === true && (
        <Empty icon="trash" title="This vault is being deleted">
          Its keys are refused, and none can be made. Its files go in the background, within some hours.
        </Empty>
      )}
      {isDeleted === false && (
        <Empty icon="key" title="The admin token opens no files" action={actions}>
          It makes vaults and keys. To see what is in this vault, make a key that is good for a day and sign in with it,
          or <a href={href({ page: "vault", vaultId, section: "keys" })}>one of your choice</a>. A key that you have
          already opens it too, once you have signed out.
        </Empty>
      )}
      {error !== undefined && <Failure error={error} />}
      {made && <SignInWith made={made} onClose={() => setMade(undefined)} />}
    </div>
  );
}

function SignInWith({ made, onClose }: { made: CreatedKey; onClose: () => void }) {
  const { open, isBusy, error } = useOpenWith(made.token, made.vault_id);
  const buttons = (
    <>
      <Button onClick={onClose}>Not now</Button>
      <Button kind="primary" busy={isBusy} onClick={() => void open()}>
        Sign in with it
      </Button>
    </>
  );
  return (
    <Dialog title="The key is made" onClose={onClose} footer={buttons} isFirm>
      <Notice tone="warn" title="It is shown this once">
        Signing in with it takes the place of the admin token in this tab. It ends in a day.
      </Notice>
      <Token name={made.type === "secret" ? "Secret key" : "Public key"} token={made.token} />
      {error !== undefined && <Failure error={error} />}
    </Dialog>
  );
}
