/** How a vault is, at a glance. */

import type { VaultReport } from "../../client/index.ts";
import { href, NO_QUERY } from "../route.ts";
import { ago, bytes, count, day, moment, number } from "../ui/index.ts";
import type { Managed } from "./access.ts";
import { isRunning, problems, unrecorded } from "./findings.ts";
import { Notice, Part } from "./parts.tsx";
import { exactSize, percentOf } from "./units.ts";

const MORE = { health: "See its health", settings: "See its settings" } as const;

export function OverviewPage({ vault, report }: { vault: Managed; report: VaultReport }) {
  const { usage, settings, partitions } = report;
  const found = problems(report);
  return (
    <>
      {found.map(({ tone, title, body, page }) => (
        <Notice
          key={title}
          tone={tone}
          title={title}
          action={<a href={href({ page: "vault", vaultId: report.id, section: page })}>{MORE[page]}</a>}
        >
          {body}
        </Notice>
      ))}
      <div class="meters">
        <Meter
          name="Assets"
          used={usage.assets}
          quota={settings.quota_assets}
          show={number}
          showQuota={number}
          under={usage.assets - report.assets}
        />
        <Meter
          name="Storage"
          used={usage.bytes}
          quota={settings.quota_bytes}
          show={bytes}
          showQuota={exactSize}
          under={usage.bytes - report.bytes}
        />
      </div>
      <Part title="Folders" {...(vault.operator ? { about: "The partitions. What is in them opens with a key." } : {})}>
        {partitions.length === 0 ? (
          <p class="nothing">Nothing is stored here yet.</p>
        ) : (
          <Partitions report={report} isOpen={!vault.operator} />
        )}
      </Part>
      <Part title="About">
        <dl class="facts">
          <dt>Created</dt>
          <dd title={moment(report.created_at)}>{day(report.created_at)}</dd>
          <dt>Revision</dt>
          <dd>
            {number(report.rev)}
            {recordedIn(report)}
          </dd>
          <dt>Stores compared</dt>
          <dd>{comparedAt(report)}</dd>
        </dl>
      </Part>
    </>
  );
}

function recordedIn(report: VaultReport): string {
  const waiting = unrecorded(report);
  if (waiting > 0) return `, ${count(waiting, "change")} not recorded yet`;
  return report.parked.length > 0 ? "" : ", all recorded in D1";
}

function comparedAt({ reconcile }: VaultReport): string {
  if (reconcile === null) return "Not yet; it happens once a week by itself";
  if (isRunning(reconcile) || reconcile.finished_at === null) return `Going on since ${moment(reconcile.started_at)}`;
  return ago(reconcile.finished_at);
}

/** How much is used, and of how much. */
function Meter({
  name,
  used,
  quota,
  show,
  showQuota,
  under,
}: {
  name: string;
  used: number;
  quota: number | null;
  show: (value: number) => string;
  showQuota: (value: number) => string;
  under: number;
}) {
  const percent = quota === null ? undefined : percentOf(used, quota);
  const tone = percent === undefined || percent < 90 ? "" : percent < 100 ? " warn" : " danger";
  return (
    <div class="meter">
      <h2>{name}</h2>
      <p class="meter-number numbers">{show(used)}</p>
      {quota !== null && (
        <progress
          class={`progress${tone}`}
          aria-label={`${name}: ${percent ?? 0}% of its limit`}
          max={Math.max(quota, 1)}
          value={quota === 0 ? 1 : Math.min(used, quota)}
        />
      )}
      <p class="hint">
        {quota === null ? "No limit is set" : `${percent ?? 0}% of ${showQuota(quota)}`}
        {under > 0 && `, ${show(under)} of it kept free for uploads under way`}
      </p>
    </div>
  );
}

function Partitions({ report, isOpen }: { report: VaultReport; isOpen: boolean }) {
  return (
    <table class="sheet">
      <thead>
        <tr>
          <th scope="col">Partition</th>
          <th scope="col" class="right">
            Assets
          </th>
          <th scope="col" class="right">
            Size
          </th>
          <th scope="col" class="share">
            Share
          </th>
        </tr>
      </thead>
      <tbody>
        {report.partitions.map(({ name, assets, bytes: size }) => (
          <tr key={name}>
            <th scope="row">
              {isOpen ? (
                <a href={href({ page: "browse", vaultId: report.id, path: { partition: name }, query: NO_QUERY })}>
                  {name}
                </a>
              ) : (
                name
              )}
            </th>
            <td class="right numbers">{number(assets)}</td>
            <td class="right numbers">{bytes(size)}</td>
            <td class="share">
              <progress class="progress" aria-label={`Share of ${name}`} max={Math.max(report.bytes, 1)} value={size} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
