import type { Deployment } from "./deployment.ts";
import type { Files } from "./files.ts";
import type { Run } from "./load.ts";
import type { Options } from "./options.ts";

const percentile = (run: Run, at: number): number => run.latency.percentile(at) / 1_000;

/** What of a run is compared. */
export const FIGURES = {
  requests: { unit: "/s", less: false, of: (run: Run) => run.requests / run.seconds },
  megabytes: { unit: "MB/s", less: false, of: (run: Run) => run.bytes / 1e6 / run.seconds },
  p50: { unit: "ms p50", less: true, of: (run: Run) => percentile(run, 50) },
  p99: { unit: "ms p99", less: true, of: (run: Run) => percentile(run, 99) },
} as const satisfies Record<string, { unit: string; less: boolean; of: (run: Run) => number }>;

export type Figure = keyof typeof FIGURES;

/** One round of something, for so many seconds. */
export type Round = (seconds: number) => Promise<Run>;

/** One thing that is measured, in turns with what it is compared with. */
export interface Scenario {
  readonly group: string;
  readonly name: string;
  readonly connections: number;
  readonly figure: Figure;
  readonly ours: Round;
  /** The best that the platform can do of its kind, or the same under other circumstances. */
  readonly other?: { readonly name: string; readonly round: Round } | undefined;
  /** What the ratio of ours to the other should be at least or, of a figure of which less is better, at most. */
  readonly goal?: number | undefined;
  /** Makes what the scenario needs, before its warm-up and before each round. Not measured. */
  readonly prepare?: () => Promise<void>;
  /** Instead of those of the flags. */
  readonly rounds?: number;
  /** Part of the flags' duration that suffices. */
  readonly share?: number;
  /** For what is measured only while it is cold. */
  readonly unwarmed?: boolean;
  /** Whether it is one request of the API's first endpoints, which every version answers: versions are compared by these. */
  readonly everyVersion?: boolean;
  /** Whether the two sides take turns in going first, as equals do. */
  readonly swaps?: boolean;
}

/** What scenarios are made of. */
export interface Bench {
  readonly options: Options;
  readonly files: Files;
  readonly deployment: Deployment;
  /** Takes what the reader of the results should know besides the figures. */
  readonly note: (text: string) => void;
}
