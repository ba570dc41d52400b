/** Makes scenarios that each fire one kind of request at the server, beside another kind at the probe. */

import { fire, type Load } from "../load.ts";
import type { Bench, Figure, Round, Scenario } from "../scenario.ts";
import type { Shot } from "../shot.ts";

/** What such a scenario needs. */
export interface Spec {
  readonly next: Load["next"];
  /** The load on the probe. A scenario without one is measured alone. */
  readonly ceiling?: { readonly name: string; readonly next: (() => Shot) | undefined };
  readonly goal?: number;
  readonly prepare?: Scenario["prepare"];
  /** The number of connections, instead of the group's. */
  readonly connections?: number;
  readonly everyVersion?: boolean;
}

/** Returns a function that makes the scenarios of a group. */
export function loads(
  { options, deployment }: Bench,
  group: string,
  figure: Figure,
  connections: number,
): (name: string, spec: Spec) => Scenario {
  // At a given rate the throughput is given too, so latencies are compared.
  const rate = figure === "requests" ? options.rate : undefined;
  const compared = rate === undefined ? figure : "p50";
  return (name, { next, ceiling, goal, prepare, connections: own = connections, everyVersion = false }) => {
    const round =
      (url: string, shots: Load["next"]): Round =>
      (seconds) =>
        fire({ url, connections: own, seconds, rate, next: shots });
    const probe = deployment.ceiling?.url;
    const other = probe && ceiling?.next ? { name: ceiling.name, round: round(probe, ceiling.next) } : undefined;
    return {
      group,
      name,
      connections: own,
      figure: compared,
      ours: round(deployment.url, next),
      other,
      goal: other && rate === undefined ? goal : undefined,
      ...(prepare ? { prepare } : {}),
      everyVersion,
    };
  };
}
