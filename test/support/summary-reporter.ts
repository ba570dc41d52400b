import type { Reporter, TestModule, Vitest } from "vitest/node";
import { dropExpectedNoise } from "./runtime-noise.ts";
import { type Skipped, skippedLine } from "./skipped.ts";

/**
 * Ends a run with one line that says how it went: `N passed, N failed`. Before it stands a line that says what was
 * skipped, if anything was.
 */
export default class SummaryReporter implements Reporter {
  /** Whether `-t` chose some tests by their names. The other tests then need no reason to be skipped. */
  #byName = false;

  onInit({ config }: Vitest): void {
    for (const stream of [process.stdout, process.stderr]) dropExpectedNoise(stream);
    this.#byName = config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    // What failed outside any test counts too: nothing may look green that is not.
    let failed = errors.length;
    const skipped: Skipped[] = [];
    for (const module of modules) {
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") passed++;
        else if (result.state === "failed") failed++;
        else if (result.state === "skipped") {
          const reason = result.note ?? (this.#byName ? "not chosen by -t" : undefined);
          skipped.push({ reason, file: module.relativeModuleId });
        }
      }
    }
    const lines = [skippedLine(skipped), `${passed} passed, ${failed} failed`].filter((line) => line !== undefined);
    // This comes after the default reporter's own summary.
    process.on("exit", () => process.stdout.write(`${lines.join("\n")}\n`));
  }
}
