/** The keys of a vault. */

import { useEffect, useMemo, useState } from "preact/hooks";
import type { KeyInfo, VaultReport } from "../../client/index.ts";
import { KEY_KEPT_MS } from "../../model/limits.ts";
import { signOut } from "../session.ts";
import { ago, Button, confirm, count, day, Empty, Failure, Menu, moment, toast, wordsOf } from "../ui/index.ts";
import type { Managed } from "./access.ts";
import { EditKey } from "./edit-key.tsx";
import { folderOf, KeyList, nameOf, stateOf, TYPES } from "./keys.ts";
import { NewKey } from "./new-key.tsx";
import { Part } from "./parts.tsx";
import { exactSeconds } from "./units.ts";

export function KeysPage({ vault, report }: { vault: Managed; report: VaultReport }) {
  const list = useMemo(() => new KeyList(vault.keys), [vault]);
  const [isMaking, setMaking] = useState(false);
  const [edited, setEdited] = useState<KeyInfo>();
  useEffect(() => void list.load(), [list]);
  const [good, dead, error] = [list.good.value, list.dead.value, list.error.value];
  const actions = {
    ownKeyId: vault.ownKeyId,
    onEdit: setEdited,
    onRevoke: (key: KeyInfo) => void revoke(list, key, vault),
  };
  return (
    <>
      <Part
        title="Keys"
        about="A key opens this vault, or one folder of it. Its token is shown once, when it is made."
        action={
          report.status === "active" && (
            <Button kind="primary" icon="add" onClick={() => setMaking(true)}>
              New key
            </Button>
          )
        }
      >
        {good === undefined && error === undefined && <p class="nothing" aria-busy="true" />}
        {error !== undefined && <Failure error={error} retry={() => void list.load()} />}
        {good &&
          (good.length === 0 && !list.hasMore.value ? (
            <Empty icon="key" title="No key can be used">
              Nobody reaches this vault. Make a key to open it again.
            </Empty>
          ) : (
            <KeyTable keys={good} {...actions} />
          ))}
        {list.hasMore.value && (
          <Button busy={list.isLoading.value} onClick={() => void list.more()}>
            Show more keys
          </Button>
        )}
      </Part>
      {dead.length > 0 && (
        <details class="part dead-keys">
          <summary>
            {count(dead.length, "key")} that {dead.length === 1 ? "was" : "were"} revoked or{" "}
            {dead.length === 1 ? "has" : "have"} expired
          </summary>
          <p class="hint">They are refused, and are listed here for {exactSeconds(KEY_KEPT_MS / 1000)}.</p>
          <KeyTable keys={dead} ownKeyId={vault.ownKeyId} />
        </details>
      )}
      {isMaking && (
        <NewKey
          list={list}
          mayOpen={vault.operator !== undefined}
          partitions={report.partitions.map(({ name }) => name)}
          onClose={() => setMaking(false)}
        />
      )}
      {edited && <EditKey list={list} edited={edited} onClose={() => setEdited(undefined)} />}
    </>
  );
}

/** Revokes a key, after a question. */
async function revoke(list: KeyList, key: KeyInfo, { ownKeyId }: Managed): Promise<void> {
  const isOwn = key.id === ownKeyId;
  const isSure = await confirm({
    title: `Revoke the ${TYPES[key.type].title.toLowerCase()} key “${nameOf(key)}”?`,
    body: `${isOwn ? "You are signed in with this key, and will be signed out. " : ""}Whoever uses it is refused from the very next request on, and the links that it made end with it. This cannot be undone.`,
    verb: "Revoke",
    danger: true,
  });
  if (!isSure) return;
  try {
    await list.revoke(key);
    toast(`“${nameOf(key)}” is revoked.`, { tone: "ok" });
    if (isOwn) signOut();
  } catch (error) {
    toast(wordsOf(error), { tone: "danger" });
    void list.load();
  }
}

interface Actions {
  ownKeyId: string | undefined;
  onEdit?: (key: KeyInfo) => void;
  onRevoke?: (key: KeyInfo) => void;
}

function KeyTable({ keys, ...actions }: { keys: readonly KeyInfo[] } & Actions) {
  return (
    <table class="sheet stacked">
      <thead>
        <tr>
          <th scope="col">Label</th>
          <th scope="col">Type</th>
          <th scope="col">Good for</th>
          <th scope="col">Created</th>
          <th scope="col">Last used</th>
          <th scope="col">{actions.onEdit ? "Expires" : "Ended"}</th>
          {actions.onEdit && (
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <KeyRow key={key.id} shown={key} {...actions} />
        ))}
      </tbody>
    </table>
  );
}

function KeyRow({ shown: key, ownKeyId, onEdit, onRevoke }: { shown: KeyInfo } & Actions) {
  const folder = folderOf(key);
  return (
    <tr>
      <th scope="row">
        <span class={key.label === null ? "unset" : "key-label"}>{key.label ?? "No label"}</span>
        {key.id === ownKeyId && <span class="badge">Yours</span>}
        <code class="key-id">{key.id}</code>
      </th>
      <td data-name="Type" title={TYPES[key.type].can}>
        {TYPES[key.type].title}
      </td>
      <td data-name="Good for">{folder === undefined ? "Whole vault" : <code class="breaks">{folder}/</code>}</td>
      <td data-name="Created" class="short" title={moment(key.created_at)}>
        {day(key.created_at)}
      </td>
      <td data-name="Last used" class="short">
        {key.last_used_on === null ? <span class="unset">Never seen</span> : usedOn(key.last_used_on)}
      </td>
      <td data-name={onEdit ? "Expires" : "Ended"} class="short">
        <Ending shown={key} />
      </td>
      {onEdit && onRevoke && (
        <td class="key-actions">
          <Menu
            label={`Actions for ${nameOf(key)}`}
            icon="more"
            small
            items={[
              { label: "Edit", icon: "edit", onSelect: () => onEdit(key) },
              { label: "Revoke…", icon: "trash", danger: true, onSelect: () => onRevoke(key) },
            ]}
          />
        </td>
      )}
    </tr>
  );
}

/** The day on which a key was last used, which is one of UTC. */
function usedOn(date: string): string {
  const today = new Date().toISOString().slice(0, 10);
  return date === today ? "Today" : day(`${date}T12:00:00Z`);
}

function Ending({ shown: key }: { shown: KeyInfo }) {
  const state = stateOf(key);
  if (state === "revoked") return <span title={moment(key.revoked_at ?? "")}>Revoked {ago(key.revoked_at ?? "")}</span>;
  if (key.expires_at === null) return <span class="unset">Never</span>;
  return (
    <span title={moment(key.expires_at)}>
      {state === "expired" ? "Expired " : ""}
      {ago(key.expires_at)}
    </span>
  );
}
