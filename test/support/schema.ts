/** Migrates D1 before each test file in workerd runs. */

import { env } from "cloudflare:workers";
import { beforeAll } from "vitest";
import { migrate } from "../../src/d1/migrate.ts";
import { shards } from "../../src/d1/shards.ts";

const files = import.meta.glob<string>("../../src/d1/migrations/*.sql", {
  query: "?raw",
  import: "default",
  eager: true,
});

/** The migrations of D1, in the order of their numbers. */
export const MIGRATIONS = Object.entries(files)
  .map(([path, sql]) => ({ name: path.slice(path.lastIndexOf("/") + 1), sql }))
  .toSorted((a, b) => (a.name < b.name ? -1 : 1));

beforeAll(async () => {
  for (const db of shards(env)) await migrate(db, MIGRATIONS);
});
