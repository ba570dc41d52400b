import { fire } from "../load.ts";
import type { Bench, Round, Scenario } from "../scenario.ts";
import { COMBINATIONS, type Filter, SeededVault } from "../seeded.ts";
import { TAGGED } from "../seed.ts";
import type { Shot } from "../shot.ts";

/** Few connections, so that the list's own time is measured and not that of a queue. */
const CONNECTIONS = 4;

const SMALL = 1_000;

/** A p50 needs fewer requests than a throughput. */
const SHARE = 0.25;

/**
 * Pages of a very large vault, beside those of a small one. They must cost as much, for every filter and wherever they
 * are in the list.
 */
export function million({ options, deployment, note }: Bench): Scenario[] {
  const { vaults, seed } = deployment;
  if (options.assets === 0) return [];
  if (!seed) {
    note("The large vault was not measured: only that of a local server can be filled in reasonable time.");
    return [];
  }
  const size = (count: number): string => count.toLocaleString("en");
  let large: SeededVault | undefined;
  let small: SeededVault | undefined;

  const prepare = async (): Promise<void> => {
    small ??= await SeededVault.make(await vaults.fresh(), SMALL, seed);
    if (large) return;
    large = await SeededVault.make(await vaults.fresh(), options.assets, seed);
    note(`The index of a vault of ${size(options.assets)} assets was rebuilt from D1 in ${large.rebuilt} s.`);
  };
  const anywhere = (page: (vault: SeededVault) => Shot): Round => {
    return (seconds) =>
      fire({ url: deployment.url, connections: CONNECTIONS, seconds, next: () => large && page(large) });
  };
  const byTag: Scenario = {
    group: `List of 50 by a tag in a vault of ${size(options.assets)} assets, beside one by partition`,
    name: "middle page, tag",
    connections: CONNECTIONS,
    figure: "requests",
    ours: anywhere((vault) => vault.tagged()),
    other: { name: "partition", round: anywhere((vault) => vault.middle({ partition: TAGGED.partition })) },
    goal: 0.8,
    prepare,
    share: SHARE,
  };
  const scenario = (place: string, filter: Filter, page: (vault: SeededVault) => Shot): Scenario => {
    const round =
      (vault: () => SeededVault | undefined): Round =>
      (seconds) => {
        const listed = vault();
        return fire({
          url: deployment.url,
          connections: CONNECTIONS,
          seconds,
          next: () => listed && page(listed),
        });
      };
    return {
      group: `List of 50 in a vault of ${size(options.assets)} assets, beside one of ${size(SMALL)}`,
      name: `${place}, ${nameOf(filter)}`,
      connections: CONNECTIONS,
      figure: "p50",
      ours: round(() => large),
      other: { name: `in ${size(SMALL)}`, round: round(() => small) },
      goal: 1.3,
      prepare,
      share: SHARE,
    };
  };
  return [
    scenario("first page, kept ready", {}, (vault) => vault.first({})),
    ...COMBINATIONS.map((filter) => scenario("first page", filter, (vault) => vault.firstAnew(filter))),
    ...COMBINATIONS.map((filter) => scenario("middle page", filter, (vault) => vault.middle(filter))),
    byTag,
  ];
}

function nameOf(filter: Filter): string {
  const names = Object.keys(filter);
  return names.length === 3 ? "all three filters" : names.join(" + ") || "no filter";
}
