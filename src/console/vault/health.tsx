/** What is queued, set aside or lost, and whether the vault's stores agree. */

import { useState } from "preact/hooks";
import type { ReconcileFindings, VaultReport } from "../../client/index.ts";
import { href, NO_QUERY } from "../route.ts";
import { ago, Button, confirm, count, moment, number, toast, wordsOf } from "../ui/index.ts";
import type { Managed } from "./access.ts";
import { isRunning, linesOf, problems, unrecorded } from "./findings.ts";
import { Notice, Part } from "./parts.tsx";
import type { ReportStore } from "./report.ts";

interface Shown {
  vault: Managed;
  report: VaultReport;
  store: ReportStore;
}

export function HealthPage({ vault, report, store }: Shown) {
  const found = problems(report);
  return (
    <>
      {found.length === 0 ? (
        <Notice tone="ok" title="All is well">
          Every change is recorded in D1, and nothing was lost.
        </Notice>
      ) : (
        found.map(({ tone, title, body }) => (
          <Notice key={title} tone={tone} title={title}>
            {body}
          </Notice>
        ))
      )}
      <Record report={report} />
      {report.parked.length > 0 && <Parked report={report} isOpen={!vault.operator} />}
      {report.lost_windows.length > 0 && <LostWindows vault={vault} report={report} store={store} />}
      <Reconciliation report={report} store={store} isOpen={!vault.operator} />
    </>
  );
}

/** How far D1 follows the vault. */
function Record({ report }: { report: VaultReport }) {
  const waiting = unrecorded(report);
  return (
    <Part
      title="Record"
      about="Each change of the vault has a number, its revision. D1 follows with every one of them."
    >
      <dl class="facts">
        <dt>Revision of the vault</dt>
        <dd class="numbers">{number(report.rev)}</dd>
        <dt>D1 is complete up to</dt>
        <dd class="numbers">
          {number(report.recorded_rev)}
          {report.parked.length > 0 ? (
            <span class="badge warn">Next is what D1 refuses</span>
          ) : (
            <span class={waiting > 0 ? "badge warn" : "badge ok"}>
              {waiting > 0 ? `${number(waiting)} behind` : "All of it"}
            </span>
          )}
        </dd>
        <dt>Kept for D1 and R2</dt>
        <dd class="numbers">
          {report.outbox === 0
            ? "Nothing"
            : `${count(report.outbox, "change")} that ${report.outbox === 1 ? "has" : "have"} not reached both`}
        </dd>
      </dl>
    </Part>
  );
}

function AssetLink({ vaultId, id, isOpen }: { vaultId: string; id: string; isOpen: boolean }) {
  if (!isOpen) return <code>{id}</code>;
  return (
    <a href={href({ page: "browse", vaultId, path: {}, query: { ...NO_QUERY, asset: id } })}>
      <code>{id}</code>
    </a>
  );
}

function Parked({ report, isOpen }: { report: VaultReport; isOpen: boolean }) {
  return (
    <Part
      title="Set aside"
      about="D1 refuses these for what they hold. They are served as usual, and tried again every hour, after a day every day, and with each comparison. Change what D1 objects to, or delete the asset."
    >
      <table class="sheet">
        <thead>
          <tr>
            <th scope="col">Asset</th>
            <th scope="col">What D1 says</th>
          </tr>
        </thead>
        <tbody>
          {report.parked.map(({ id, error }) => (
            <tr key={id}>
              <th scope="row">
                <AssetLink vaultId={report.id} id={id} isOpen={isOpen} />
              </th>
              <td class="breaks">{error}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Part>
  );
}

function LostWindows({ vault: { operator }, report, store }: Shown) {
  const clear = async (): Promise<void> => {
    if (!operator) return;
    const isSure = await confirm({
      title: "Is there nothing more to be found?",
      body: "The lost windows are forgotten, and files of that time that no asset names are deleted with the next comparison. This cannot be undone.",
      verb: "Clear the lost windows",
      danger: true,
    });
    if (!isSure) return;
    try {
      await operator.clearLostWindows(report.id);
      toast("The lost windows are cleared.", { tone: "ok" });
    } catch (error) {
      toast(wordsOf(error), { tone: "danger" });
    }
    await store.load();
  };
  return (
    <Part
      title="Lost windows"
      about={
        operator
          ? "Between these times the vault's own storage was lost. What D1 had came back. Files of that time are kept, even those that no asset names, until you say that nothing more is to be found."
          : "Between these times the vault's own storage was lost. What D1 had came back. Files of that time are kept until the operator says that nothing more is to be found."
      }
      action={operator && <Button onClick={() => void clear()}>Clear…</Button>}
    >
      <table class="sheet">
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">Until</th>
          </tr>
        </thead>
        <tbody>
          {report.lost_windows.map(({ since, until }) => (
            <tr key={since}>
              <td class="numbers">{moment(since)}</td>
              <td class="numbers">{moment(until)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Part>
  );
}

function Reconciliation({ report, store, isOpen }: { report: VaultReport; store: ReportStore; isOpen: boolean }) {
  const [isAsking, setAsking] = useState(false);
  const isGoing = store.isReconciling.value;
  const start = async (): Promise<void> => {
    setAsking(true);
    try {
      await store.reconcile();
    } catch (error) {
      toast(wordsOf(error), { tone: "danger" });
    }
    setAsking(false);
  };
  const found = report.reconcile;
  return (
    <Part
      title="Comparison of the stores"
      about="Compares the vault's index, D1 and R2 and makes them agree. It happens once a week by itself, and whenever it is asked for."
      action={
        <Button icon="reload" busy={isAsking || isGoing} onClick={() => void start()}>
          {isGoing ? "Comparing…" : "Compare now"}
        </Button>
      }
    >
      <div role="status" class="findings">
        {found === null ? (
          <p class="nothing">{isGoing ? "It is about to begin." : "The stores have not been compared yet."}</p>
        ) : (
          <Findings found={found} vaultId={report.id} isOpen={isOpen} />
        )}
      </div>
    </Part>
  );
}

function Findings({ found, vaultId, isOpen }: { found: ReconcileFindings; vaultId: string; isOpen: boolean }) {
  const lines = linesOf(found);
  const when =
    isRunning(found) || found.finished_at === null
      ? `Going on since ${moment(found.started_at)}`
      : `Ended ${ago(found.finished_at)}, ${moment(found.finished_at)}`;
  return (
    <>
      <p class="hint">{when}</p>
      {lines.length === 0 ? (
        <p>
          {isRunning(found) ? "Nothing was found so far." : "Everything agrees: nothing was found and nothing changed."}
        </p>
      ) : (
        <ul class="finding-list">
          {lines.map(({ tone, amount, title, body }) => (
            <li key={title} class={tone}>
              <span class="finding-number numbers">{number(amount)}</span>
              <span>
                <strong>{title}</strong>
                <span class="hint">{body}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
      {found.missing_ids.length > 0 && (
        <p class="missing">
          {found.missing > found.missing_ids.length
            ? `The first ${found.missing_ids.length} without a file: `
            : "Without a file: "}
          {found.missing_ids.map((id) => (
            <AssetLink key={id} vaultId={vaultId} id={id} isOpen={isOpen} />
          ))}
        </p>
      )}
    </>
  );
}
