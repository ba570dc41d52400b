/** All that is known of a run, as `results.json` has it. */

import { cpus, totalmem } from "node:os";
import type { Deployment } from "../deployment.ts";
import type { Options } from "../options.ts";
import type { Result } from "../result.ts";
import type { Verdict } from "../verify.ts";

/** The contents of `results.json`. */
export interface Report {
  date: string;
  machine: string;
  /** Where the server's data were. `flags` are those that it was measured with. No keys are in either. */
  place: string;
  flags: Record<string, string | number>;
  results: Result[];
  notes: string[];
  verdict: Verdict;
}

export function reportOf(
  { only, concurrency, duration, rounds, size, vaults, assets, rate }: Options,
  { place }: Deployment,
  { results, notes, verdict }: Pick<Report, "results" | "notes" | "verdict">,
): Report {
  const memory = Math.round(totalmem() / 2 ** 30);
  return {
    date: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "CPU"}, ${memory} GiB, Node ${process.versions.node}`,
    place,
    flags: {
      concurrency,
      duration,
      rounds,
      size,
      vaults,
      assets,
      ...(rate ? { rate } : {}),
      ...(only ? { only } : {}),
    },
    results,
    notes,
    verdict,
  };
}

/** What went wrong in a run, one line for each thing. */
export function failures({ results, verdict }: Pick<Report, "results" | "verdict">): string[] {
  return [
    ...results.flatMap((result) => result.failures.map((failure) => `${result.name}: ${failure}`)),
    ...verdict.faults.map((fault) => `read back: ${fault}`),
  ];
}
