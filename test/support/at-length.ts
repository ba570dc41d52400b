/** Says what only `npm run test:long` tests, beside what each run does. */

import { inject } from "vitest";

/** Whether tests have the time for every case: FUZZ_RUNS says so. */
export const isLong = inject("fuzzRuns") > 1_000;

/** The cases of a test. Each run takes some, and a long one takes more. */
export const cases = <const T>(some: readonly T[], more: readonly T[]): T[] =>
  isLong ? [...some, ...more] : [...some];
