import { join } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { DATABASES } from "./src/local/layout.ts";
import { MixedSequencer } from "./test/support/mixed-sequencer.ts";

/** Cases of each fuzz test. `npm run test:long` runs 10,000. */
const fuzzRuns = Number(process.env["FUZZ_RUNS"] ?? 150);

/**
 * Tests that take long and have siblings in each run: of faults, of resumable uploads by other programs, of the package's
 * client beside the one of the sources, and of what is beside the product: the bench, the examples, the reference page.
 * Only `npm run test:long` runs them.
 */
const LONG =
  fuzzRuns > 1_000
    ? []
    : [
        "test/vault/{session,ticket}-faults.test.ts",
        "test/cli/resumable.test.ts",
        "test/examples/examples.test.ts",
        "test/local/{bench,browser-uploads,docs,resumable}.test.ts",
        "test/package/client.test.ts",
      ];

/** How often the server is killed under load; `npm run test:long` does it 20 times. */
const crashRounds = Number(process.env["CRASH_ROUNDS"] ?? 2);

/** Whether each call to a binding fails in one way, or in every way that it can, as in `npm run test:long`. */
const faults = process.env["FAULTS"] === "all" ? "all" : "each";

/** Whether the test of a checkout links the packages that are here, or runs `npm ci`, as in `npm run test:long`. */
const install = process.env["INSTALL"] === "ci" ? "ci" : "linked";

/** Tests that pack and install the package again and again: only `npm run test:long` runs them. */
const INSTALLING = ["test/package/start.test.ts", "test/package/command.test.ts"];

declare module "vitest" {
  interface ProvidedContext {
    fuzzRuns: number;
    crashRounds: number;
    faults: "each" | "all";
    install: "linked" | "ci";
  }
}

/**
 * Tests of plain functions and objects. A runtime of its own for each file would take longer than the tests. A file that
 * sends requests has one: what the Worker keeps in its memory belongs to the context that made it, which ends with the file.
 */
const SHARING = [
  "test/model/**/*.test.ts",
  "test/upload/image/{avif,gif,jpeg,png,svg,webp}.test.ts",
  "test/upload/{form-parser,resumable/sha256}.test.ts",
  "test/http/{body-reader,date,pieces}.test.ts",
  "test/r2/keys.test.ts",
  "test/runtime/**/*.test.ts",
];

/** In workerd, against the real bindings. */
const inWorkerd = (): ReturnType<typeof cloudflareTest> =>
  cloudflareTest({
    wrangler: { configPath: "./wrangler.toml" },
    miniflare: {
      d1Databases: DATABASES,
      bindings: {
        ADMIN_TOKEN: "test-admin-token-0123456789",
        KEY_SECRET: "test-key-secret-0123456789-0123456789",
      },
    },
  });

/** Lets the servers and commands that tests start keep what Node makes of their sources: most of a start is that. */
const COMPILED = { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/node") };

/** How long what a server or a page comes to is waited for. Of the second that is the default a busy machine takes all. */
const PATIENT = { poll: { timeout: 20_000 } };

/** What is run before the tests of each file in workerd. */
const WORKER_SETUP = ["test/support/async-hooks.ts", "test/support/quiet-log.ts", "test/support/schema.ts"];

export default defineConfig({
  test: {
    // Most files wait more than they work: with three, a quarter of two cores is idle.
    maxWorkers: 4,
    sequence: { sequencer: MixedSequencer },
    provide: { fuzzRuns, crashRounds, faults, install },
    reporters: ["default", "./test/support/summary-reporter.ts"],
    projects: [
      {
        plugins: [inWorkerd()],
        test: {
          name: "worker",
          include: ["test/{api,contract,d1,http,model,r2,routes,runtime,upload,vault}/**/*.test.ts"],
          exclude: [...SHARING, ...LONG],
          setupFiles: WORKER_SETUP,
          expect: PATIENT,
          testTimeout: 60_000,
        },
      },
      {
        plugins: [inWorkerd()],
        test: {
          name: "worker-shared",
          include: SHARING,
          isolate: false,
          setupFiles: WORKER_SETUP,
          testTimeout: 60_000,
        },
      },
      {
        // In Node, against the server process that `npm start` runs.
        test: {
          name: "local",
          pool: "threads",
          include: ["test/{cli,console,examples,local,package}/**/*.test.ts"],
          exclude: [...LONG, ...(install === "ci" ? [] : INSTALLING)],
          env: COMPILED,
          globalSetup: "test/support/build-once.ts",
          setupFiles: ["test/support/checked-fetch.ts"],
          expect: PATIENT,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        // In Node: the client, with that server, and with one that fails on purpose and whose answers no document has.
        test: {
          name: "client",
          pool: "threads",
          include: ["test/client/**/*.test.ts"],
          env: COMPILED,
          globalSetup: "test/support/build-once.ts",
          expect: PATIENT,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
