import { MAX_JSON_BODY_BYTES } from "../model/limits.ts";
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

const KIB = 1024;
const MIB = 1024 * KIB;

/*
 * An isolate has 128 MB for everything it does. Bodies on their way in get half of that: 56 MiB and 8 MiB. The other half is
 * for the code and its heap, the answers that vaults keep ready (8 million characters, at most 16 MB), the pieces of lists
 * that are being sent, what the runtime buffers for connections, and garbage that is not collected yet.
 */

/** What requests hold of uploads, and of large JSON bodies. Bytes. */
const BODY_BUDGET_BYTES = 56 * MIB;

/** What requests hold of small JSON bodies: whoever changes a record never waits for whoever uploads. Bytes. */
const SMALL_BUDGET_BYTES = 8 * MIB;

/** A JSON body of up to this size is small. Bytes. */
export const SMALL_JSON_BYTES = 64 * KIB;

/** How long a request waits for memory before it gets 503. Milliseconds. */
const BODY_WAIT_MS = 60_000;
const SMALL_WAIT_MS = 30_000;

/** In what time a JSON body must have come: at the minimum rate the largest takes 32 seconds. Milliseconds. */
export const SMALL_JSON_DEADLINE_MS = 30_000;
export const JSON_DEADLINE_MS = 60_000;

export const bodies: MemoryBudget = new MemoryBudget(BODY_BUDGET_BYTES, BODY_WAIT_MS);
export const smallBodies: MemoryBudget = new MemoryBudget(SMALL_BUDGET_BYTES, SMALL_WAIT_MS);

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
