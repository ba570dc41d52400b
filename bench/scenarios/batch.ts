import { fire, type Run } from "../load.ts";
import type { Bench, Scenario } from "../scenario.ts";
import { READ_SET } from "../vault.ts";
import { fill } from "../vaults.ts";

/** How many connections send single changes. */
const SINGLE_CONNECTIONS = 32;

/** What makes a record one of 1 KB: the rest of it takes some 300 characters. */
const TEXT = "x".repeat(700);

/** Changes of many records in one request, beside as many requests: records a second. */
export async function batch({ deployment }: Bench): Promise<Scenario[]> {
  const { url, vaults } = deployment;
  const vault = await vaults.one();
  const each = Math.floor(READ_SET / SINGLE_CONNECTIONS);
  let n = 0;
  // One client, which waits for each answer.
  const together = async (seconds: number): Promise<Run> => {
    const ids = vault.small.slice(0, READ_SET);
    const run = await fire({ url, connections: 1, seconds, next: () => vault.annotateAll(ids, ++n, TEXT) });
    return { ...run, requests: run.requests * ids.length };
  };
  const apart = (seconds: number): Promise<Run> =>
    fire({
      url,
      connections: SINGLE_CONNECTIONS,
      seconds,
      next: (connection) => {
        const id = vault.small[connection + SINGLE_CONNECTIONS * (++n % each)];
        return id === undefined ? undefined : vault.annotate(id, n, TEXT);
      },
    });
  return [
    {
      group: "Many records in one request",
      name: `batch of ${READ_SET.toLocaleString("en")} updates, in records`,
      connections: 1,
      figure: "requests",
      ours: together,
      other: { name: `single PATCHes, ${SINGLE_CONNECTIONS} at once`, round: apart },
      goal: 8,
      prepare: () => fill([vault], READ_SET),
    },
  ];
}
