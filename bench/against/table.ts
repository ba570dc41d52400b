/** The comparison of two versions as a table in Markdown, with what its columns mean. */

import { markdown, speed } from "../report/table.ts";
import type { Result } from "../result.ts";
import { FIGURES } from "../scenario.ts";
import { comparison, FEWEST_ROUNDS } from "./statistics.ts";

const HEAD = ["scenario", "ours", "theirs", "ratio", "range", "within 3 %"];

const EXPLANATION = `ours, theirs: medians of the rounds; ratio: of the two; range: of the ratio, 95 % (bootstrap over pairs of rounds).
same: all of the range is within 3 % of 1; faster, slower: none of it is; unclear: part of it is, more --rounds narrow it
(fewer than ${FEWEST_ROUNDS} say nothing).`;

export function comparisonTable(results: readonly Result[]): string {
  return `${markdown(HEAD, results.map(row))}\n\n${EXPLANATION}`;
}

function row({ name, figure, ours, other, failures }: Result): string[] {
  if (failures.length > 0 || !other) return [name, `FAILED: ${failures.join("; ")}`];
  const { ratio, low, high, verdict } = comparison(ours.rounds, other.rounds, FIGURES[figure].less);
  return [
    name,
    speed(ours.value, figure),
    speed(other.value, figure),
    ratio.toFixed(3),
    `${low.toFixed(3)}–${high.toFixed(3)}`,
    verdict,
  ];
}
