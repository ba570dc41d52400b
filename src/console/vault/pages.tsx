/** The pages of a vault itself: how it is, its keys, its settings and its health. */

import { useEffect, useMemo } from "preact/hooks";
import { StrongroomError } from "../../client/index.ts";
import { href, type Section } from "../route.ts";
import { session } from "../session.ts";
import { Copy, Empty, Failure } from "../ui/index.ts";
import { type Managed, managed } from "./access.ts";
import { HealthPage } from "./health.tsx";
import { KeysPage } from "./keys-page.tsx";
import { OverviewPage } from "./overview.tsx";
import { ReportStore } from "./report.ts";
import { SettingsPage } from "./settings.tsx";

/** A page of a vault, for whoever manages it. */
export function VaultPages({ vaultId, section }: { vaultId: string; section: Section }) {
  const current = session.value;
  const vault = useMemo(() => managed(current, vaultId), [current, vaultId]);
  return vault ? <Pages key={vaultId} vault={vault} section={section} /> : null;
}

const TITLES: Readonly<Record<Section, string>> = {
  overview: "Overview",
  keys: "Keys",
  settings: "Settings",
  health: "Health",
};

function Pages({ vault, section }: { vault: Managed; section: Section }) {
  const store = useMemo(() => new ReportStore(vault), [vault]);
  useEffect(() => {
    store.open();
    return () => store.close();
  }, [store]);
  const [report, error] = [store.report.value, store.error.value];
  const title = report && `${TITLES[section]} of ${report.name} – Strongroom`;
  useEffect(() => {
    if (title !== undefined) document.title = title;
  }, [title]);
  if (!report || codeOf(error) === "NOT_FOUND") {
    if (error === undefined) return <div class="page" aria-busy="true" />;
    return (
      <div class="page">
        <Unreached error={error} retry={() => void store.load()} isOperator={vault.operator !== undefined} />
      </div>
    );
  }
  return (
    <div class="page vault-page">
      <header class="vault-head">
        {vault.operator && (
          <a class="vault-back" href={href({ page: "vaults" })}>
            All vaults
          </a>
        )}
        <div class="vault-title">
          <h1>{report.name}</h1>
          {report.status === "deleting" && <span class="badge danger">Being deleted</span>}
        </div>
        <p class="vault-id">
          <code>{report.id}</code>
          <Copy text={report.id} what="Copy the vault's id" />
        </p>
      </header>
      {error !== undefined && <Failure error={error} retry={() => void store.load()} />}
      {section === "overview" && <OverviewPage vault={vault} report={report} />}
      {section === "keys" && <KeysPage vault={vault} report={report} />}
      {section === "settings" && <SettingsPage vault={vault} report={report} store={store} />}
      {section === "health" && <HealthPage vault={vault} report={report} store={store} />}
    </div>
  );
}

const codeOf = (error: unknown): string | undefined => (error instanceof StrongroomError ? error.code : undefined);

/** Why a vault cannot be seen. */
function Unreached({ error, retry, isOperator }: { error: unknown; retry: () => void; isOperator: boolean }) {
  const code = codeOf(error);
  if (code === "NOT_FOUND" && isOperator)
    return (
      <Empty icon="vault" title="There is no such vault" action={<a href={href({ page: "vaults" })}>See all vaults</a>}>
        It may have been deleted, or the address has a mistake.
      </Empty>
    );
  return <Failure error={error} retry={retry} />;
}
