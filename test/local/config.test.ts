import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { workerConfig } from "../../src/local/config.ts";
import { DATABASES } from "../../src/local/layout.ts";
import { OperatorError } from "../../src/local/operator-error.ts";

const OURS = readFileSync(join(import.meta.dirname, "../../wrangler.toml"), "utf8");

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strongroom-"));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function file(text: string): string {
  const path = join(folder, "wrangler.toml");
  writeFileSync(path, text);
  return path;
}

const databases = Object.fromEntries(Object.entries(DATABASES).map(([binding, id]) => [binding, { type: "d1", id }]));

it("wrangler.toml: every name comes from the file, and none is known beforehand", async () => {
  // This is written in ways that TOML allows and no regular expression would expect.
  const path = file(`
    "name" = 'acme'
    main = "src/index.ts"
    compatibility_flags = [
      "nodejs_compat", # a comment
      "nodejs_als",
    ]
    compatibility_date = '2026-01-02'
    durable_objects.bindings = [{ name = "SAFE", class_name = "Safe" }, { name = "OLD", class_name = "Old" }]
    migrations = [{ tag = "v1", new_sqlite_classes = ["Safe"], new_classes = ["Old"] }]
    r2_buckets = [{ binding = "BODIES", bucket_name = "acme-bodies" }]
    d1_databases = [{ binding = "DB", database_name = "acme", database_id = "acme" }]
  `);
  const expected = {
    name: "acme",
    compatibilityDate: "2026-01-02",
    compatibilityFlags: ["nodejs_compat", "nodejs_als"],
    env: {
      SAFE: { type: "durable-object", worker: "acme", exportName: "Safe" },
      OLD: { type: "durable-object", worker: "acme", exportName: "Old" },
      BODIES: { type: "r2", name: "acme-bodies" },
      ...databases,
    },
    exports: {
      Safe: { type: "durable-object", storage: "sqlite" },
      Old: { type: "durable-object", storage: "legacy-kv" },
    },
  };
  expect(await workerConfig(path)).toEqual(expected);
  // The second answer is the one that was kept.
  expect(await workerConfig(path)).toEqual(expected);
});

it("wrangler.toml: a change of the file counts at once, whatever was kept of it before", async () => {
  for (const name of ["one", "two", "one"]) {
    const path = file(OURS.replace(/^name = .*$/m, `name = "${name}"`));
    expect(await workerConfig(path)).toMatchObject({ name, env: { VAULT: { worker: name } } });
  }
});

it("wrangler.toml: assets are left off the Worker", async () => {
  const [plain] = OURS.split("[assets]");
  expect(plain).not.toBe(OURS);
  expect(await workerConfig(file(OURS))).toEqual(await workerConfig(file(plain ?? "")));
});

it("wrangler.toml: the top level counts, whatever CLOUDFLARE_ENV says", async () => {
  vi.stubEnv("CLOUDFLARE_ENV", "staging");
  const path = file(`${OURS}\n# CLOUDFLARE_ENV is set\n[env.staging]\nname = "staging"\n`);
  expect(await workerConfig(path)).toEqual(await workerConfig(file(OURS)));
});

it.each([
  ["is no TOML", "name = ["],
  ["has a value of the wrong kind", OURS.replace(/^compatibility_date = .*$/m, "compatibility_date = 3")],
  ["has no name", OURS.replace(/^name = .*$/m, "")],
  ["has no compatibility date", OURS.replace(/^compatibility_date = .*$/m, "")],
])("wrangler.toml: a file that %s is an OperatorError that names it", async (_, text) => {
  const path = file(text);
  const error = await workerConfig(path).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OperatorError);
  expect((error as Error).message).toContain(path);
});

it("wrangler.toml: a file that is not there is an OperatorError", async () => {
  await expect(workerConfig(join(folder, "wrangler.toml"))).rejects.toBeInstanceOf(OperatorError);
});
