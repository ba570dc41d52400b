import { setTimeout as sleep } from "node:timers/promises";
import { fire, type Run } from "../load.ts";
import type { Bench, Scenario } from "../scenario.ts";
import type { Vault } from "../vault.ts";
import { fill } from "../vaults.ts";

const ASSETS = 5;

/**
 * How long the vaults are left idle. workerd evicts an object after some 10 seconds of nothing, and a vault that was
 * written to looks after that once more after 5. Milliseconds.
 */
const IDLE_MS = 17_000;

/** The first request to a vault that was evicted, beside the second. Every vault gets one request of each. */
export function cold({ options, deployment, note }: Bench): Scenario[] {
  const { url, vaults } = deployment;
  const count = Math.min(options.vaults, vaults.most);
  if (options.url !== undefined)
    note(`Cold vaults: when idle objects are evicted is the platform's to say; ${IDLE_MS / 1_000} s were waited.`);
  let ready: readonly Vault[] = [];
  const once = (): Promise<Run> => {
    const left = [...ready];
    const next = () => {
      const vault = left.pop();
      return vault?.get(vault.any(ASSETS));
    };
    // One request at a time is sent, because the wait of a single request is what counts.
    return fire({ url, connections: 1, seconds: Infinity, next });
  };
  return [
    {
      group: "Cold vaults",
      name: count === 1 ? "first get of an idle vault" : `first get of ${count} idle vaults`,
      connections: 1,
      figure: "p50",
      ours: once,
      other: { name: "the second", round: once },
      prepare: async () => {
        ready = await vaults.first(count);
        await fill(ready, ASSETS);
        await sleep(IDLE_MS);
      },
      // Each round takes its wait, and a second round has nothing new to say.
      rounds: 1,
      unwarmed: true,
    },
  ];
}
