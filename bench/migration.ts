/**
 * How long the migrations that come after the first one, and the steps in which old assets are indexed, hold up a vault
 * with a million assets. It is run by hand:
 *
 *     npm exec -- node bench/migration.ts [assets] [keys] [voids]
 *
 * Each migration runs in the object's constructor, in one turn, so it must take far less than 100 ms. The object is
 * started anew in between, so that its pages are on disk. Each time is that of the whole request, less that of a
 * request without work. A step of the indexing is a turn of its own too.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { Log, LogLevel, Miniflare } from "miniflare";
import { workerConfig } from "../src/local/config.ts";
import { MIGRATIONS } from "../src/vault/state/migrations.ts";

const [assets = 1_000_000, keys = 10_000, voids = 10_000] = process.argv.slice(2).map(Number);

const FILL = [
  `INSERT INTO vault (one, id, name, created_at, status, epoch, rev, recorded, erased, clock, assets, bytes)
    VALUES (1, 'vault', 'name', '2026-01-15T10:30:00Z', 'active', 1, ${2 * assets}, ${2 * assets}, ${2 * assets}, '2026-01-15T10:30:00Z', ${assets}, 0)`,
  ...Array.from(
    { length: Math.ceil(assets / 50_000) },
    (_, i) => `INSERT INTO assets
      WITH RECURSIVE n(x) AS (SELECT ${i * 50_000 + 1} UNION ALL SELECT x + 1 FROM n WHERE x < ${Math.min(assets, (i + 1) * 50_000)})
      SELECT x, iif(x % 10, x, ${assets} + x), printf('asset_%026d', x), 'p' || x % 8, 'c' || x % 64, 'h' || x % 512, 'f' || x,
        printf('vault/p/c/h/asset_%026d_f', x), 1, 'text/plain', NULL, NULL, '{"a":1}', json_array('tag ' || x % 1000, 'of ' || x % 7, 'one'), 'sha', '2026', '2026' FROM n`,
  ),
  `INSERT INTO keys WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ${keys})
    SELECT printf('key_%026d', x), x, NULL, 'secret', 'kid', '2026', NULL, '2026' FROM n`,
  `INSERT INTO voids WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ${voids})
    SELECT printf('asset_%026d', x) FROM n`,
];

const WORKER = `
  import { DurableObject } from "cloudflare:workers";
  import { VaultDatabase } from "./src/vault/state/database.ts";
  import { backfill } from "./src/vault/sync/backfill.ts";
  export class Vault extends DurableObject {
    #database = new VaultDatabase(this.ctx.storage);
    async fetch(request) {
      const statement = await request.text();
      if (statement === "index") return Response.json(backfill(this.#database));
      if (statement) this.ctx.storage.transactionSync(() => void this.ctx.storage.sql.exec(statement).toArray());
      return new Response();
    }
  }
  export default { fetch: (request, env) => env.VAULT.getByName("vault").fetch(request) };`;

const { outputFiles } = await build({
  stdin: { contents: WORKER, resolveDir: join(import.meta.dirname, ".."), loader: "ts" },
  bundle: true,
  write: false,
  format: "esm",
  target: "es2022",
  external: ["cloudflare:*", "node:*"],
});
const worker = outputFiles[0]?.text ?? "";

const directory = mkdtempSync(join(tmpdir(), "strongroom-migration-"));

const { compatibilityDate } = await workerConfig();

const start = (): Miniflare =>
  new Miniflare({
    workers: [
      {
        config: {
          name: "migration",
          compatibilityDate,
          manifest: {
            mainModule: "worker.js",
            modulesRoot: directory,
            modules: { "worker.js": { type: "esm", contents: worker } },
          },
          env: { VAULT: { type: "durable-object", worker: "migration", exportName: "Vault" } },
          exports: { Vault: { type: "durable-object", storage: "sqlite" } },
        },
      },
    ],
    resourcePersistencePath: directory,
    cf: false,
    log: new Log(LogLevel.ERROR),
  });

/** How many milliseconds a statement takes, with the request that carries it. */
async function timed(miniflare: Miniflare, statement: string): Promise<{ ms: number; answer: string }> {
  const before = performance.now();
  const response = await miniflare.dispatchFetch("http://localhost/", { method: "POST", body: statement });
  const answer = await response.text();
  if (!response.ok) throw new Error(answer);
  return { ms: performance.now() - before, answer };
}

try {
  let miniflare = start();
  for (const statement of [MIGRATIONS[0] ?? "", ...FILL]) await timed(miniflare, statement);
  for (const [i, migration] of MIGRATIONS.entries()) {
    if (i === 0) continue;
    await miniflare.dispose();
    miniflare = start();
    await timed(miniflare, "");
    const { ms: nothing } = await timed(miniflare, "");
    const { ms: whole } = await timed(miniflare, migration);
    console.log(
      `migration ${i + 1} at ${assets} assets, ${keys} keys, ${voids} voids: ${(whole - nothing).toFixed(1)} ms`,
    );
  }
  const steps: number[] = [];
  for (let isLeft = true; isLeft;) {
    const { ms, answer } = await timed(miniflare, "index");
    steps.push(ms);
    isLeft = answer === "true";
  }
  steps.sort((a, b) => a - b);
  const [middle, longest] = [steps[Math.floor(steps.length / 2)] ?? 0, steps.at(-1) ?? 0];
  const all = steps.reduce((sum, ms) => sum + ms, 0);
  console.log(
    `indexing: ${steps.length} steps in ${(all / 1000).toFixed(1)} s; of ${middle.toFixed(1)} ms, the longest of ${longest.toFixed(1)} ms`,
  );
  await miniflare.dispose();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
