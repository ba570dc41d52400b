/**
 * How long the migrations that come after the first one hold up a vault with a million assets. It is run by hand:
 *
 *     npm exec -- node bench/migration.ts [assets] [keys] [voids]
 *
 * Each migration runs in the object's constructor, in one turn, so it must take far less than 100 ms. The object is
 * started anew in between, so that its pages are on disk. Each time is that of the whole request, less that of a
 * request without work.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Log, LogLevel, Miniflare } from "miniflare";
import { workerConfig } from "../src/local/config.ts";
import { MIGRATIONS } from "../src/vault/state/schema.ts";

const [assets = 1_000_000, keys = 10_000, voids = 10_000] = process.argv.slice(2).map(Number);

const FILL = [
  `INSERT INTO vault (one, id, name, created_at, status, epoch, rev, recorded, erased, clock, assets, bytes)
    VALUES (1, 'vault', 'name', '2026-01-15T10:30:00Z', 'active', 1, ${assets}, ${assets}, ${assets}, '2026-01-15T10:30:00Z', ${assets}, 0)`,
  ...Array.from(
    { length: Math.ceil(assets / 50_000) },
    (_, i) => `INSERT INTO assets
      WITH RECURSIVE n(x) AS (SELECT ${i * 50_000 + 1} UNION ALL SELECT x + 1 FROM n WHERE x < ${Math.min(assets, (i + 1) * 50_000)})
      SELECT x, x, printf('asset_%026d', x), 'p' || x % 8, 'c' || x % 8, 'h' || x % 8, 'f' || x,
        printf('vault/p/c/h/asset_%026d_f', x), 1, 'text/plain', NULL, NULL, '{"a":1}', '[]', 'sha', '2026', '2026' FROM n`,
  ),
  `INSERT INTO keys WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ${keys})
    SELECT printf('key_%026d', x), x, NULL, 'secret', 'kid', '2026', NULL, '2026' FROM n`,
  `INSERT INTO voids WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ${voids})
    SELECT printf('asset_%026d', x) FROM n`,
];

const WORKER = `
  import { DurableObject } from "cloudflare:workers";
  export class Vault extends DurableObject {
    async fetch(request) {
      const statement = await request.text();
      if (statement) this.ctx.storage.transactionSync(() => void this.ctx.storage.sql.exec(statement).toArray());
      return new Response();
    }
  }
  export default { fetch: (request, env) => env.VAULT.getByName("vault").fetch(request) };`;

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
            modules: { "worker.js": { type: "esm", contents: WORKER } },
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
async function timed(miniflare: Miniflare, statement: string): Promise<number> {
  const before = performance.now();
  const response = await miniflare.dispatchFetch("http://localhost/", { method: "POST", body: statement });
  if (!response.ok) throw new Error(await response.text());
  return performance.now() - before;
}

try {
  let miniflare = start();
  for (const statement of [MIGRATIONS[0] ?? "", ...FILL]) await timed(miniflare, statement);
  for (const [i, migration] of MIGRATIONS.entries()) {
    if (i === 0) continue;
    await miniflare.dispose();
    miniflare = start();
    await timed(miniflare, "");
    const nothing = await timed(miniflare, "");
    const whole = await timed(miniflare, migration);
    console.log(
      `migration ${i + 1} at ${assets} assets, ${keys} keys, ${voids} voids: ${(whole - nothing).toFixed(1)} ms`,
    );
  }
  await miniflare.dispose();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
