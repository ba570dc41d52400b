import type { Output } from "./output.ts";
import { type Column, Table } from "./table.ts";

/** Rows that are aligned with each other: as many as the API gives at once. */
const PART = 200;

/** Prints a list of any length as it comes: as JSON lines, or as a table, which has a heading where a person reads it. */
export async function printList<T>(
  output: Output,
  items: AsyncIterable<T>,
  columns: readonly Column[],
  row: (item: T) => string[],
): Promise<void> {
  if (output.isJson) {
    for await (const item of items) await output.json(item);
    return;
  }
  const table = new Table(columns);
  let rows: string[][] = [];
  let hasHeading = !output.isTerminal;
  const flush = async (): Promise<void> => {
    if (rows.length === 0) return;
    const lines = table.lines(rows);
    rows = [];
    if (!hasHeading) await output.line(output.style("dim", table.heading));
    hasHeading = true;
    await output.line(lines.join("\n"));
  };
  for await (const item of items) {
    rows.push(row(item));
    if (rows.length >= PART) await flush();
  }
  await flush();
  // A person would wonder.
  if (!hasHeading) output.note("there are none");
}
