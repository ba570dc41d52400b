/** The memory of one isolate for the bodies of requests: its two budgets, and what a JSON body borrows from them. */

import {
  BODY_BUDGET_BYTES,
  BODY_WAIT_MS,
  JSON_DEADLINE_MS,
  MAX_JSON_BODY_BYTES,
  SMALL_BODY_BUDGET_BYTES,
  SMALL_BODY_WAIT_MS,
  SMALL_JSON_BYTES,
  SMALL_JSON_DEADLINE_MS,
} from "../model/limits.ts";
import { MemoryBudget } from "../runtime/memory-budget.ts";

/** What the reader of a body borrows for it. */
export interface Loan {
  readonly budget: MemoryBudget;
  /** The most bytes that the request will hold at once, the buffer of its reads included. */
  readonly claim: number;
  /** The time in which the body must have come, in milliseconds; an upload's time when it is not given. */
  readonly deadlineMs?: number;
  /** Whether all reads stay as small as the first, however fast the client is. */
  readonly isSmall?: boolean;
  /** Whether the client can go on where a request was ended. See `yields` of the lease. */
  readonly yields?: boolean;
}

/** The memory for uploads, and for large JSON bodies. */
export const bodies: MemoryBudget = new MemoryBudget(BODY_BUDGET_BYTES, BODY_WAIT_MS);

/**
 * The memory for small JSON bodies. With a budget of its own, whoever changes a record never waits for whoever uploads.
 */
export const smallBodies: MemoryBudget = new MemoryBudget(SMALL_BODY_BUDGET_BYTES, SMALL_BODY_WAIT_MS);

/** What a JSON body of this declared length borrows. A body that declares none begins as a small one. */
export function jsonLoan(size: number | undefined): Loan {
  const isSmall = size === undefined || size <= SMALL_JSON_BYTES;
  const largest = isSmall ? SMALL_JSON_BYTES : MAX_JSON_BODY_BYTES;
  return {
    budget: isSmall ? smallBodies : bodies,
    // Counted twice: the bytes that were read last, and those that are kept.
    claim: 2 * Math.min(size ?? largest, largest),
    deadlineMs: isSmall ? SMALL_JSON_DEADLINE_MS : JSON_DEADLINE_MS,
    isSmall: true,
  };
}

/** The most bytes that bodies of this isolate have held so far: the sum of the two budgets' peaks. */
export const bufferedPeak = (): number => bodies.highWater + smallBodies.highWater;
