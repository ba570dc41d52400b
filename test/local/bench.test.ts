/** The bench measures what it says: statistics, rounds and percentiles, and two checkouts beside each other. */

import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { comparison } from "../../bench/against/statistics.ts";
import { newHistogram, type Run } from "../../bench/load.ts";
import { measure } from "../../bench/measure.ts";
import { parseOptions, USAGE } from "../../bench/options.ts";
import { resultOf } from "../../bench/result.ts";
import type { Scenario } from "../../bench/scenario.ts";

const ROOT = join(import.meta.dirname, "../..");

const run = (...microseconds: number[]): Run => {
  const latency = newHistogram();
  for (const each of microseconds) latency.record(each);
  return { requests: microseconds.length, records: 0, bytes: 0, seconds: 1, latency, unexpected: new Map() };
};

const scenario = (ours: Scenario["ours"], theirs: Scenario["ours"], more: Partial<Scenario> = {}): Scenario => ({
  group: "group",
  name: "name",
  connections: 1,
  figure: "requests",
  ours,
  other: { name: "theirs", round: theirs },
  ...more,
});

describe("comparison", () => {
  const theirs = [100, 104, 97, 101, 99, 103, 96, 102, 98];

  it("says same of equal rounds, whatever the machine did to both", () => {
    const noisy = theirs.map((figure, i) => (i % 3 === 0 ? figure / 5 : figure));
    expect(comparison(noisy, noisy, false)).toEqual({ ratio: 1, low: 1, high: 1, verdict: "same" });
  });

  it.each([
    [1.02, false, "same"],
    [0.98, true, "same"],
    [1.1, false, "faster"],
    [1.1, true, "slower"],
    [0.9, false, "slower"],
    [0.9, true, "faster"],
  ])("of rounds %d times as high (less is better: %s) says %s", (factor, less, verdict) => {
    const ours = theirs.map((figure) => figure * factor);
    const found = comparison(ours, theirs, less);
    expect(found.verdict).toBe(verdict);
    for (const each of [found.ratio, found.low, found.high]) expect(each).toBeCloseTo(factor);
  });

  it("says unclear when the range reaches beyond three per cent on one side only", () => {
    const ours = theirs.map((figure, i) => figure * (i % 2 ? 1.0 : 1.08));
    const found = comparison(ours, theirs, false);
    expect(found).toMatchObject({ verdict: "unclear" });
    expect(found.low).toBeLessThan(1.03);
    expect(found.high).toBeGreaterThan(1.03);
  });

  it("says unclear of fewer than six rounds", () => {
    const ours = theirs.map((figure) => figure * 2);
    expect(comparison(ours.slice(0, 5), theirs.slice(0, 5), false).verdict).toBe("unclear");
    expect(comparison(ours.slice(0, 6), theirs.slice(0, 6), false).verdict).toBe("faster");
  });

  it("has a range that holds the true ratio in some nineteen of twenty cases", () => {
    // Any fixed sequence that looks random will do.
    let state = 1;
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const around = (figure: number): number => figure * (0.9 + 0.2 * random());
    let held = 0;
    for (let i = 0; i < 100; i++) {
      const [ours, others] = [theirs.map(() => around(110)), theirs.map(() => around(100))];
      const { low, high } = comparison(ours, others, false);
      if (low <= 1.1 && 1.1 <= high) held++;
    }
    expect(held).toBeGreaterThanOrEqual(90);
  });
});

describe("measure", () => {
  it("lets sides that swap take turns in going first, and leaves the warm-up out", async () => {
    const order: string[] = [];
    const side = (name: string) => async (): Promise<Run> => {
      order.push(name);
      return run(...Array.from({ length: order.length }, () => 1));
    };
    const made = scenario(side("A"), side("B"), { swaps: true });
    const result = await measure(made, { duration: 1, rounds: 3 }, () => {});
    expect(order.join("")).toBe("ABBAABBA");
    // The figure of a round is its place in the order of rounds.
    expect([result.ours.rounds, result.other?.rounds]).toEqual([
      [4, 5, 8],
      [3, 6, 7],
    ]);
  });

  it("keeps the order of sides that do not swap", async () => {
    const order: string[] = [];
    const side = (name: string) => async (): Promise<Run> => {
      order.push(name);
      return run(1);
    };
    await measure(scenario(side("A"), side("B")), { duration: 1, rounds: 2 }, () => {});
    expect(order.join("")).toBe("ABABAB");
  });
});

it("resultOf: has the percentiles of all rounds together, to three digits", () => {
  const hundred = (from: number): number[] => Array.from({ length: 100 }, (_, i) => (from + i) * 1_000);
  const rounds = [run(9_000_000), run(...hundred(1)), run(...hundred(101))];
  const { latency, requests } = resultOf(
    scenario(
      async () => run(1),
      async () => run(1),
    ),
    rounds,
    rounds,
  ).ours;
  expect(requests).toBe(200);
  expect(latency.p50 / 100).toBeCloseTo(1, 2);
  expect(latency.p90 / 180).toBeCloseTo(1, 2);
  expect(latency.p99 / 198).toBeCloseTo(1, 2);
  expect(latency.max / 200).toBeCloseTo(1, 2);
});

describe("options", () => {
  it("have shorter rounds, and more of them, with --against", () => {
    expect(parseOptions([])).toMatchObject({ against: undefined, rounds: 5, duration: 2 });
    expect(parseOptions(["--against", "../old"])).toMatchObject({ against: "../old", rounds: 9, duration: 1 });
    expect(parseOptions(["--against", "x", "--rounds", "3", "--duration", "0.5", "--only", "get"])).toMatchObject({
      rounds: 3,
      duration: 0.5,
      only: "get",
    });
    expect(USAGE).toContain("--against DIR");
  });

  it.each([
    ["--url", "http://localhost"],
    ["--key", "sk_x"],
    ["--admin-token", "x"],
    ["--vaults", "2"],
    ["--assets", "0"],
  ])("refuse %s with --against", (flag, value) => {
    expect(() => parseOptions(["--against", "x", flag, value])).toThrow(`${flag} has no part in --against`);
  });
});

describe("--against", () => {
  const place = mkdtempSync(join(tmpdir(), "strongroom-bench-test-"));
  afterAll(() => rmSync(place, { recursive: true }));

  const bench = (...flags: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, ["bench/main.ts", ...flags], { cwd: ROOT }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
      });
    });

  const expectNothingLeft = (state: string): void => {
    expect(readdirSync(state)).toEqual([]);
    const processes = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).split("\n");
    expect(processes.filter((line) => line.includes(state))).toEqual([]);
  };

  it("compares the servers of two checkouts and leaves nothing behind", async () => {
    const state = join(place, "state");
    mkdirSync(state);
    const flags = ["--size", "1024", "--rounds", "2", "--duration", "0.05", "--only", "upload 1 KB, form"];
    const { code, stdout, stderr } = await bench("--against", ROOT, "--state", state, ...flags);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/^\| upload 1 KB, form \| \S+ \/s *\| \S+ \/s *\| [\d.]+ *\| [\d.]+–[\d.]+ *\| unclear/m);
    // Of each side, the uploads that were kept for this were read back as content and as record.
    expect(stdout).toMatch(/^[1-9]\d* acknowledged writes were read back; 0 were wrong\.$/m);
    expectNothingLeft(state);
  });

  it("says why a server does not start, ends the other one and leaves nothing behind", async () => {
    const [state, broken] = [join(place, "state-of-broken"), join(place, "broken")];
    for (const folder of [state, join(broken, "node_modules")]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(broken, "package.json"), '{"name":"broken","scripts":{"start":"echo out of order; exit 3 #"}}');
    const { code, stderr } = await bench("--against", broken, "--state", state);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^bench: npm start in .*broken: ended with 3/);
    expect(stderr).toContain("out of order");
    expectNothingLeft(state);
  });

  it("refuses a folder without packages", async () => {
    const { code, stderr } = await bench("--against", join(place, "nothing"));
    expect([code, stderr]).toEqual([2, expect.stringContaining("has no package.json")]);
  });
});
