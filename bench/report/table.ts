/** The results as a table in Markdown. */

import { meets, type Outcome, type Result } from "../result.ts";
import { type Figure, FIGURES } from "../scenario.ts";

/** A number with as many digits as say something. */
export const digits = (value: number): string => value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);

export const speed = (value: number, figure: Figure): string => `${digits(value)} ${FIGURES[figure].unit}`;

/** A goal as text, such as "≥ 0.75". */
export const goalText = ({ goal, figure }: Result): string =>
  goal === undefined ? "" : `${FIGURES[figure].less ? "≤" : "≥"} ${goal.toFixed(2)}`;

const HEAD = ["scenario", "conn.", "ours", "ceiling", "ratio", "goal", "p50 ms", "p90", "p99", "max"];

/** The results as a table in Markdown. It is padded so that it is a table on a terminal too. */
export function table(results: readonly Result[]): string {
  const rows: string[][] = [];
  for (const [group, members] of Map.groupBy(results, (result) => result.group)) {
    rows.push([`**${group}**`], ...members.map(row));
  }
  return markdown(HEAD, rows);
}

/** A table of cells. A row of a single cell is a group's name. */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  // A group's name may be long, and does not make its column wider.
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((cells) => (cells.length > 1 ? (cells[i]?.length ?? 0) : 0))),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, i) => (cells[i] ?? "").padEnd(width)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

function row(result: Result): string[] {
  const { name, connections, figure, ours, other, ratio, failures } = result;
  if (failures.length > 0)
    return [name, String(connections), `FAILED: ${failures.join("; ")}`, "", "", "", "", "", "", ""];
  const met = meets(result);
  return [
    name,
    String(connections),
    speed(ours.value, figure),
    other ? `${speed(other.value, figure)} (${other.name})` : "",
    ratio?.toFixed(2) ?? "",
    goalText(result) + (met === undefined ? "" : met ? " met" : " missed"),
    ...(["p50", "p90", "p99", "max"] as const).map((at) => latency(at, ours, FIGURES[figure].less ? other : undefined)),
  ];
}

/** Where latencies are what is compared, the other side's stands beside ours. */
function latency(at: keyof Outcome["latency"], ours: Outcome, other: Outcome | undefined): string {
  return digits(ours.latency[at]) + (other ? ` / ${digits(other.latency[at])}` : "");
}
