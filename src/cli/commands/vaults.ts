import type { VaultChange, VaultReport } from "../../client/index.ts";
import { isVaultId } from "../../model/id.ts";
import { command } from "../command.ts";
import { sizeOf } from "../../model/size.ts";
import { bytes, count, counted, time } from "../terminal/format.ts";
import { printList } from "../terminal/list.ts";
import type { Output } from "../terminal/output.ts";
import { ask } from "../terminal/prompt.ts";
import { Table } from "../terminal/table.ts";
import { visible } from "../terminal/visible.ts";
import { UsageError } from "../usage-error.ts";

const COLUMNS = [{ title: "ID" }, { title: "STATUS" }, { title: "CREATED" }, { title: "NAME" }];

export const listVaults = command({
  name: "vaults ls",
  usage: "",
  about: "lists the server's vaults",
  help: "It is for the operator.",
  takes: [0, 0],
  options: {},
  async run({ access, output, signal }) {
    const vaults = access.admin().vaults.list({}, { signal });
    await printList(output, vaults, COLUMNS, ({ id, status, created_at, name }) => [
      id,
      status,
      time(created_at),
      name,
    ]);
  },
});

export const createVault = command({
  name: "vaults create",
  usage: "NAME",
  about: "makes a vault, with a secret and a public key",
  help: "It is for the operator.",
  takes: [1, 1],
  options: {},
  async run({ arguments: [name = ""], access, output, signal }) {
    const made = await access.admin().vaults.create({ name }, { signal });
    if (output.isJson) {
      await output.json(made);
      return;
    }
    const pairs = [
      ["id", made.id],
      ["name", made.name],
      ["secret key", made.secret_key],
      ["public key", made.public_key],
    ] as const;
    await output.fields(pairs);
    output.note("The keys are shown this once: nobody can read them back.");
  },
});

export const showVault = command({
  name: "vaults show",
  usage: "[VAULT-ID]",
  about: "shows a vault; unless named, the key's own",
  takes: [0, 1],
  options: {},
  async run({ arguments: [id], access, output, signal }) {
    const { vaults, vaultId } = access.report(checkedId(id));
    await printReport(output, await vaults.get(vaultId, { signal }));
  },
});

export const setVault = command({
  name: "vaults set",
  usage: "VAULT-ID",
  about: "renames a vault, and changes its settings",
  help: "It is for the operator. What is not named stays as it is; none takes a setting away. The settings act at once.",
  takes: [1, 1],
  options: {
    name: { type: "string", value: "NAME", about: "what it is called" },
    "quota-assets": { type: "string", value: "N", about: "the most assets, or none" },
    "quota-bytes": {
      type: "string",
      value: "SIZE",
      about: "the most that its files have together: 10GB, 500MiB, or none",
    },
    "max-file": { type: "string", value: "SIZE", about: "the most that one file has, or none" },
    types: { type: "string", value: "TYPES", about: "media types of files: image/*,application/pdf, or none" },
    rate: { type: "string", value: "N", about: "the most requests a second, of all keys together, or none" },
    cache: {
      type: "string",
      value: "SECONDS",
      about: "for how long caches keep what a delivery key was given; 0 for not at all, or none for 300",
    },
  },
  async run({ arguments: [given], access, output, signal }, values) {
    const id = checkedId(given) ?? "";
    const change: VaultChange = {
      ...(values.name === undefined ? {} : { name: values.name }),
      ...setting("quota_assets", "--quota-assets", values["quota-assets"], wholeNumber),
      ...setting("quota_bytes", "--quota-bytes", values["quota-bytes"], byteSize),
      ...setting("max_file_bytes", "--max-file", values["max-file"], byteSize),
      ...setting("allowed_types", "--types", values.types, (text) => text.split(",").map((type) => type.trim())),
      ...setting("requests_per_second", "--rate", values.rate, wholeNumber),
      ...setting("cache_seconds", "--cache", values.cache, wholeNumber),
    };
    if (Object.keys(change).length === 0)
      throw new UsageError(
        "nothing to change: give --name, --quota-assets, --quota-bytes, --max-file, --types, --rate or --cache",
      );
    await printReport(output, await access.admin().vaults.update(id, change, { signal }));
  },
});

/**
 * What an option sets a setting to: nothing when it was not given, null for `none`.
 *
 * @throws UsageError
 */
function setting<Name extends string, Value>(
  name: Name,
  option: string,
  text: string | undefined,
  read: (text: string) => Value | string,
): { [name in Name]?: Value | null } {
  if (text === undefined) return {};
  const value = text === "none" ? null : read(text);
  if (typeof value === "string") throw new UsageError(`${option} ${text}: ${value}`);
  return { [name]: value } as { [name in Name]?: Value | null };
}

const wholeNumber = (text: string): number | string =>
  /^\d{1,15}$/.test(text) ? Number(text) : "must be a whole number, or none";

const byteSize = (text: string): number | string =>
  sizeOf(text) ?? "must be a size such as 10GB, 500MiB or 2048, or none";

export const reconcileVault = command({
  name: "vaults reconcile",
  usage: "[VAULT-ID]",
  about: "makes what a vault's stores hold agree",
  help: "It goes on in the background; vaults show tells what it found.",
  takes: [0, 1],
  options: {},
  async run({ arguments: [id], access, output, signal }) {
    const { vaults, vaultId } = access.report(checkedId(id));
    const report = await vaults.reconcile(vaultId, { signal });
    if (output.isJson) await output.json(report);
    else output.note(`begun; strongroom vaults show ${vaultId} tells what it found`);
  },
});

export const removeVault = command({
  name: "vaults rm",
  usage: "VAULT-ID",
  about: "deletes a vault with all that it holds",
  help: "It is for the operator, and cannot be undone. It asks for the vault's name, unless --yes is given.",
  takes: [1, 1],
  options: { yes: { type: "boolean", about: "do not ask" } },
  async run({ arguments: [given], access, output, signal }, { yes = false }) {
    const id = checkedId(given) ?? "";
    const { vaults } = access.admin();
    if (!yes) {
      if (!process.stdin.isTTY) throw new UsageError("vaults rm asks first, and there is no terminal: add --yes");
      const { name, assets } = await vaults.get(id, { signal });
      output.note(`${id} "${visible(name)}" holds ${counted(assets, "asset")}. All are deleted with it.`);
      const answer = await ask("Type its name to go on: ", { isHidden: false, signal });
      if (answer !== name.trim()) throw new UsageError("that is not its name: nothing was deleted");
    }
    const report = await vaults.delete(id, { signal });
    if (output.isJson) await output.json(report);
    else output.note(`deleting ${id}; its keys are refused from now on`);
  },
});

/** @throws UsageError */
function checkedId(id: string | undefined): string | undefined {
  if (id !== undefined && !isVaultId(id)) throw new UsageError(`${id}: is no id of a vault, vault_…`);
  return id;
}

async function printReport(output: Output, report: VaultReport): Promise<void> {
  if (output.isJson) {
    await output.json(report);
    return;
  }
  const { rev, recorded_rev: recorded, parked, lost_windows: lost, partitions, reconcile, usage, settings } = report;
  const { quota_assets, quota_bytes } = settings;
  const pairs: [string, string][] = [
    ["id", report.id],
    ["name", report.name],
    ["status", report.status],
    ["created", time(report.created_at, true)],
    ["assets", quota_assets === null ? count(usage.assets) : used(usage.assets, quota_assets, count)],
    ["size", quota_bytes === null ? bytes(usage.bytes) : used(usage.bytes, quota_bytes, bytes)],
    ...settingLines(settings),
    ["revision", recorded === rev ? `${count(rev)}, all recorded` : `${count(rev)}, recorded up to ${count(recorded)}`],
    ["outbox", count(report.outbox)],
    ...parked.map(({ id, error }): [string, string] => ["parked", `${id}: ${error}`]),
    ...lost.map(({ since, until }): [string, string] => ["lost", `${time(since, true)} to ${time(until, true)}`]),
    ...(report.import === null ? [] : [["import", importStands(report, report.import)] as [string, string]]),
    ["reconciled", reconcile === null ? "never" : findings(reconcile)],
    ...(partitions.length === 0 ? [] : [["partitions", partitionLines(partitions)] as [string, string]]),
  ];
  await output.fields(pairs);
}

/** Nobody can tell whether an import still goes on: whoever brings it comes when they like. */
function importStands(
  { assets }: VaultReport,
  { started_at, assets: all }: NonNullable<VaultReport["import"]>,
): string {
  const there = `since ${time(started_at, true)}, ${count(assets)} of ${counted(all, "asset")} are there`;
  return `under way or broken off: ${there}\nto go on: the same strongroom import again`;
}

/** `1,234 of 10,000 (12%)` */
function used(amount: number, quota: number, show: (value: number) => string): string {
  const percent = quota === 0 ? 100 : Math.floor((amount / quota) * 100);
  return `${show(amount)} of ${show(quota)} (${percent}%)`;
}

/** The settings that are set, beside the quotas. */
function settingLines({
  max_file_bytes,
  allowed_types,
  requests_per_second,
  cache_seconds,
}: VaultReport["settings"]): [string, string][] {
  return [
    ...(max_file_bytes === null ? [] : [["max file", bytes(max_file_bytes)] as [string, string]]),
    ...(allowed_types === null ? [] : [["types", allowed_types.join(", ")] as [string, string]]),
    ...(requests_per_second === null
      ? []
      : [["rate", `${counted(requests_per_second, "request")} a second`] as [string, string]]),
    ...(cache_seconds === null ? [] : [["cache", counted(cache_seconds, "second")] as [string, string]]),
  ];
}

/** Aligned, a line each. */
function partitionLines(partitions: VaultReport["partitions"]): string {
  const table = new Table([{ title: "" }, { title: "", isRight: true }, { title: "", isRight: true }]);
  const rows = partitions.map(({ name, assets, bytes: size }) => [name, counted(assets, "asset"), bytes(size)]);
  return table.lines(rows).join("\n");
}

type Reconciliation = NonNullable<VaultReport["reconcile"]>;

/** What a reconciliation counts. */
const FOUND: Readonly<Record<Exclude<keyof Reconciliation, "started_at" | "finished_at" | "missing_ids">, string>> = {
  restored: "restored",
  removed: "removed",
  recounted: "counters corrected",
  orphans_deleted: "orphans deleted",
  orphans_waiting: "orphans waiting",
  orphans_kept: "orphans kept",
  foreign: "foreign",
  missing: "missing",
};

function findings(found: Reconciliation): string {
  const when = found.finished_at === null ? `since ${time(found.started_at, true)}` : time(found.finished_at, true);
  const parts = (Object.keys(FOUND) as (keyof typeof FOUND)[])
    .filter((name) => found[name] > 0)
    .map((name) => `${count(found[name])} ${FOUND[name]}`);
  return `${when}: ${parts.length === 0 ? "all agrees" : parts.join(", ")}`;
}
