import stringWidth from "fast-string-width";
import { visible } from "./visible.ts";

/** A column of a table. Numbers stand at its right edge. */
export interface Column {
  readonly title: string;
  readonly isRight?: boolean;
}

const GAP = "  ";

/** Text to a width in the columns of a terminal, where some characters take two. */
const padded = (text: string, width: number, isRight = false): string => {
  const blank = " ".repeat(Math.max(0, width - stringWidth(text)));
  return isRight ? blank + text : text + blank;
};

/**
 * Rows as aligned lines, a part at a time: columns grow with what comes and never shrink, so that a list of any length is
 * shown as it arrives.
 */
export class Table {
  readonly #columns: readonly Column[];
  readonly #widths: number[];

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#widths = columns.map(({ title }) => stringWidth(title));
  }

  get heading(): string {
    return this.#line(this.#columns.map(({ title }) => title));
  }

  /** Makes room for rows that are to be shown. */
  fit(rows: readonly (readonly string[])[]): void {
    for (const row of rows) {
      for (const [at, text] of row.entries()) {
        this.#widths[at] = Math.max(this.#widths[at] ?? 0, stringWidth(visible(text)));
      }
    }
  }

  lines(rows: readonly (readonly string[])[]): string[] {
    this.fit(rows);
    return rows.map((row) => this.#line(row.map(visible)));
  }

  #line(cells: readonly string[]): string {
    const last = cells.length - 1;
    return cells
      .map((text, at) => {
        const isRight = this.#columns[at]?.isRight ?? false;
        // Nothing follows the last one that would have to be aligned.
        return at === last && !isRight ? text : padded(text, this.#widths[at] ?? 0, isRight);
      })
      .join(GAP)
      .trimEnd();
  }
}

/** `name  value` lines, the values aligned. A value of several lines goes on below itself. */
export function fields(
  pairs: readonly (readonly [name: string, value: string])[],
  dim: (text: string) => string,
): string[] {
  const width = Math.max(...pairs.map(([name]) => stringWidth(visible(name))));
  return pairs.flatMap(([name, value]) =>
    value
      .split("\n")
      .map((line, at) => `${dim(padded(at === 0 ? visible(name) : "", width))}${GAP}${visible(line)}`.trimEnd()),
  );
}
