import { fire } from "../load.ts";
import type { Bench, Round, Scenario } from "../scenario.ts";
import type { Shot } from "../shot.ts";
import type { Vault } from "../vault.ts";
import { fill } from "../vaults.ts";

/** How many assets of each vault are read. */
const ASSETS = 20;

/**
 * Many vaults at once beside one, at the same load. It shows what it brings, or costs, that each vault has an object of
 * its own.
 */
export function many({ options, deployment, files, note }: Bench): Scenario[] {
  const { url, vaults } = deployment;
  const count = Math.min(options.vaults, vaults.most);
  if (count < 2) {
    note("Many vaults at once were not measured: that takes --admin-token, or several --key.");
    return [];
  }
  const connections = options.concurrency;
  let ready: readonly Vault[] = [];
  let turn = 0;
  /** A round whose load goes to the first vaults, so many of them, in turns. */
  const round =
    (among: number, shot: (vault: Vault) => Shot): Round =>
    (seconds) => {
      const next = (): Shot | undefined => {
        const vault = ready[turn++ % among];
        return vault && shot(vault);
      };
      return fire({ url, connections, seconds, next });
    };
  const scenario = (name: string, shot: (vault: Vault) => Shot, goal?: number): Scenario => ({
    group: `${count} vaults at once, beside one`,
    name,
    connections,
    figure: "requests",
    ours: round(count, shot),
    other: { name: "one vault", round: round(1, shot) },
    goal,
    prepare: async () => {
      ready = await vaults.first(count);
      await fill(ready, ASSETS);
    },
  });
  return [
    scenario(`get, in ${count} vaults`, (vault) => vault.get(vault.any(ASSETS)), count === 64 ? 0.9 : undefined),
    scenario(`upload ${files.label}, form, in ${count} vaults`, (vault) => vault.upload("form")),
  ];
}
