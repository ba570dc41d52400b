/** What an operator may set of reconciliation, and the defaults that docs/operations.md names. */

import type { Env } from "../../env.ts";

const DAY_SECONDS = 24 * 60 * 60;

export interface ReconcileSettings {
  /**
   * How old a body without an asset must be before it is deleted. This must be far longer than any upload may take.
   * Milliseconds.
   */
  readonly grace: number;
  /** From the end of one reconciliation to the next. Milliseconds. */
  readonly every: number;
}

export function reconcileSettings(env: Env): ReconcileSettings {
  const milliseconds = (seconds: string | undefined, otherwise: number): number => Number(seconds ?? otherwise) * 1000;
  return {
    grace: milliseconds(env.RECONCILE_GRACE_SECONDS, DAY_SECONDS),
    every: milliseconds(env.RECONCILE_EVERY_SECONDS, 7 * DAY_SECONDS),
  };
}
