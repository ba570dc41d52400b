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

/** What somebody who reads a body borrows for it. */
export interface Loan {
  readonly budget: MemoryBudget;
  /** The most that the request will hold at once, what is read at once included. Bytes. */
  readonly claim: number;
  /** In what time the body must have come; an upload's time unless said. Milliseconds. */
  readonly deadlineMs?: number;
  /** Whether as little is read at once as in the beginning, however fast the client is. */
  readonly isSmall?: boolean;
}

/** What requests hold of uploads, and of large JSON bodies. */
export const bodies: MemoryBudget = new MemoryBudget(BODY_BUDGET_BYTES, BODY_WAIT_MS);

/** What requests hold of small JSON bodies: whoever changes a record never waits for whoever uploads. */
export const smallBodies: MemoryBudget = new MemoryBudget(SMALL_BODY_BUDGET_BYTES, SMALL_BODY_WAIT_MS);

/** Where a JSON body of this declared length lives. */
export function jsonLoan(size: number | undefined): Loan {
  const isSmall = size === undefined || size <= SMALL_JSON_BYTES;
  const largest = isSmall ? SMALL_JSON_BYTES : MAX_JSON_BODY_BYTES;
  return {
    budget: isSmall ? smallBodies : bodies,
    // Twice: the bytes just read, and those that are kept.
    claim: 2 * Math.min(size ?? largest, largest),
    deadlineMs: isSmall ? SMALL_JSON_DEADLINE_MS : JSON_DEADLINE_MS,
    isSmall: true,
  };
}

/** The most that bodies of this isolate ever held at once, in bytes. */
export const bufferedPeak = (): number => bodies.highWater + smallBodies.highWater;
