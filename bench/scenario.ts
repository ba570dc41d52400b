/** What a scenario is: one thing that is measured, and how it is compared. */

import type { Deployment } from "./deployment.ts";
import type { Files } from "./files.ts";
import type { Run } from "./load.ts";
import type { Options } from "./options.ts";

const percentile = (run: Run, at: number): number => run.latency.percentile(at) / 1_000;

/** The figures of a run that can be compared. */
export const FIGURES = {
  requests: { unit: "/s", less: false, of: (run: Run) => run.requests / run.seconds },
  records: { unit: "records/s", less: false, of: (run: Run) => run.records / run.seconds },
  megabytes: { unit: "MB/s", less: false, of: (run: Run) => run.bytes / 1e6 / run.seconds },
  p50: { unit: "ms p50", less: true, of: (run: Run) => percentile(run, 50) },
  p99: { unit: "ms p99", less: true, of: (run: Run) => percentile(run, 99) },
} as const satisfies Record<string, { unit: string; less: boolean; of: (run: Run) => number }>;

export type Figure = keyof typeof FIGURES;

/** One round of something, of so many seconds. */
export type Round = (seconds: number) => Promise<Run>;

/** One thing that is measured, in turns with what it is compared with. */
export interface Scenario {
  readonly group: string;
  readonly name: string;
  readonly connections: number;
  readonly figure: Figure;
  readonly ours: Round;
  /**
   * What it is compared with: the best of its kind that the platform can do, or the same thing under other
   * circumstances.
   */
  readonly other?: { readonly name: string; readonly round: Round } | undefined;
  /** The least that the ratio of ours to the other should be. Of a figure of which less is better, it is the most. */
  readonly goal?: number | undefined;
  /** Makes what the scenario needs, before its warm-up and before each round. This is not measured. */
  readonly prepare?: () => Promise<void>;
  /** The number of rounds, instead of that of the flags. */
  readonly rounds?: number;
  /** The part of the flags' duration that suffices. */
  readonly share?: number;
  /** Whether there is no warm-up, because the thing is measured only while it is cold. */
  readonly unwarmed?: boolean;
  /**
   * Whether it is a request of the API's first endpoints, which every version answers. Versions are compared by these.
   */
  readonly everyVersion?: boolean;
  /** Whether the two sides take turns in going first, as equals do. */
  readonly swaps?: boolean;
}

/** What scenarios are made of. */
export interface Bench {
  readonly options: Options;
  readonly files: Files;
  readonly deployment: Deployment;
  /** Takes a line that the reader of the results should know besides the figures. What makes one is called at the end. */
  readonly note: (text: string | (() => string)) => void;
}
