/** All vaults of the server, for the operator. */

import { useEffect, useMemo, useState } from "preact/hooks";
import type { StrongroomAdmin } from "../../client/index.ts";
import { href } from "../route.ts";
import { session } from "../session.ts";
import { ago, Button, Copy, Empty, Failure, moment } from "../ui/index.ts";
import { CreateVault } from "./create.tsx";
import { AllVaults } from "./vaults.ts";

export function VaultList() {
  const current = session.value;
  return current?.kind === "admin" ? <Vaults admin={current.admin} /> : null;
}

function Vaults({ admin }: { admin: StrongroomAdmin }) {
  const list = useMemo(() => new AllVaults(admin.vaults), [admin]);
  const [isMaking, setMaking] = useState(false);
  useEffect(() => {
    document.title = "Vaults – Strongroom";
    void list.load();
  }, [list]);
  const [vaults, error] = [list.items.value, list.error.value];
  const create = (
    <Button kind="primary" icon="add" onClick={() => setMaking(true)}>
      New vault
    </Button>
  );
  return (
    <div class="page vault-page" aria-busy={vaults === undefined && error === undefined}>
      <header class="vault-head part-head">
        <div>
          <h1>Vaults</h1>
          <p class="hint">The admin token makes vaults and keys, and opens no files: those open with a key.</p>
        </div>
        {create}
      </header>
      {error !== undefined && <Failure error={error} retry={() => void list.load()} />}
      {vaults?.length === 0 && (
        <Empty icon="vault" title="There are no vaults yet" action={create}>
          A vault holds the files of one tenant, with keys, limits and counts of its own.
        </Empty>
      )}
      {vaults && vaults.length > 0 && (
        <table class="sheet stacked">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Id</th>
              <th scope="col">Created</th>
            </tr>
          </thead>
          <tbody>
            {vaults.map(({ id, name, created_at, status }) => (
              <tr key={id}>
                <th scope="row">
                  <a href={href({ page: "vault", vaultId: id, section: "overview" })}>{name}</a>
                  {status === "deleting" && <span class="badge danger">Being deleted</span>}
                </th>
                <td data-name="Id">
                  <span class="with-copy">
                    <code class="breaks">{id}</code>
                    <Copy text={id} what={`Copy the id of ${name}`} />
                  </span>
                </td>
                <td data-name="Created" class="short" title={moment(created_at)}>
                  {ago(created_at)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {list.hasMore.value && (
        <Button busy={list.isLoading.value} onClick={() => void list.more()}>
          Show more vaults
        </Button>
      )}
      {isMaking && <CreateVault list={list} onClose={() => setMaking(false)} />}
    </div>
  );
}
