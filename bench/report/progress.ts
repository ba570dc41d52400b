import type { Result } from "../result.ts";
import { speed } from "./table.ts";

const WIDTH = 24;

/**
 * Says how far the run is: by a bar on a terminal, else by a line for each scenario. It writes to stderr, because
 * stdout has the table.
 */
export class Progress {
  readonly #total: number;
  readonly #live = process.stderr.isTTY;
  #done = 0;

  /** @param total how many scenarios there are */
  constructor(total: number) {
    this.#total = total;
  }

  /** To be called before each round. Round 0 is the warm-up. */
  round(name: string, round: number, rounds: number): void {
    if (!this.#live) return;
    const filled = Math.round(((this.#done + round / (rounds + 1)) / this.#total) * WIDTH);
    const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled);
    const where = round === 0 ? "warming up" : `round ${round}/${rounds}`;
    process.stderr.write(`\r\u001b[K${bar} ${this.#done + 1}/${this.#total}  ${name}  ${where}`);
  }

  /** To be called after each scenario. */
  done(result: Result): void {
    this.#done++;
    if (!this.#live) process.stderr.write(`${this.#done}/${this.#total} ${summary(result)}\n`);
  }

  /** Clears the bar. */
  end(): void {
    if (this.#live) process.stderr.write("\r\u001b[K");
  }
}

function summary({ name, figure, ours, other, ratio, failures }: Result): string {
  if (failures.length > 0) return `${name}: FAILED: ${failures.join("; ")}`;
  const beside =
    other && ratio !== undefined ? `, ${ratio.toFixed(2)} of ${speed(other.value, figure)} (${other.name})` : "";
  return `${name}: ${speed(ours.value, figure)}${beside}`;
}
