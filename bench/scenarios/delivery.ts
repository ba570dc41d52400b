import type { Bench, Scenario } from "../scenario.ts";
import type { Shot } from "../shot.ts";
import { READ_SET } from "../vault.ts";
import { fill, setUp } from "../vaults.ts";
import { loads } from "./one.ts";

/** Downloads by a delivery key, which come from the Worker's own cache. */
export async function delivery(bench: Bench): Promise<Scenario[]> {
  const { files, options, deployment, note } = bench;
  const { ceiling } = deployment;
  const vault = await deployment.vaults.one();
  const { label, body } = files;
  const scenario = loads(bench, `Delivery (${label})`, "requests", options.concurrency);
  const answers = { hits: 0, misses: 0 };
  let token = "";

  const met: Shot["met"] = ({ age }) => void (age === undefined ? answers.misses++ : answers.hits++);
  const prepare = async (): Promise<void> => {
    await fill([vault], READ_SET);
    if (token !== "") return;
    await ceiling?.keep(body);
    ({ token } = await vault.client.keys.create({ type: "delivery" }));
    // The first reader of a file has it from R2, and what is measured is all others.
    const unread = vault.small.slice(0, READ_SET);
    await setUp("filling the cache", vault.url, () => {
      const id = unread.pop();
      return id === undefined ? undefined : { ...vault.delivered(id, token), met };
    });
    note(() => {
      const { hits, misses } = answers;
      const each = (hits / Math.max(1, misses)).toFixed(1);
      return `Cached downloads: ${hits} hits and ${misses} calls of the vault, for ${READ_SET} files: ${each} hits a call.`;
    });
  };
  return [
    scenario(`cached download ${label}`, {
      next: () => ({ ...vault.delivered(vault.any(), token), met }),
      ceiling: { name: "bare cache hit", next: ceiling?.cached },
      prepare,
    }),
  ];
}
