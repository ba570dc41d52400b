/** How migrations are applied to a D1 database: each once, in order, and whole or not at all. */

import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { migrate } from "../../src/d1/migrate.ts";
import { MIGRATIONS } from "../support/schema.ts";

const applied = async (): Promise<string[]> => {
  const { results } = await env.DB.prepare("SELECT name FROM d1_migrations ORDER BY id").all<{ name: string }>();
  return results.map(({ name }) => name);
};

const tables = async (like: string): Promise<unknown[]> =>
  (await env.DB.prepare("SELECT name FROM sqlite_master WHERE name LIKE ?").bind(like).all()).results;

it("migrate: notes what it has applied, and applies nothing twice", async () => {
  const names = MIGRATIONS.map(({ name }) => name);
  expect(await applied()).toEqual(names);
  await migrate(env.DB, [...MIGRATIONS, { name: "9001_more.sql", sql: "CREATE TABLE more (a); -- one; comment" }]);
  // The statement has no IF NOT EXISTS, so it would fail if it were applied again.
  await migrate(env.DB, [...MIGRATIONS, { name: "9001_more.sql", sql: "CREATE TABLE more (a);" }]);
  expect(await applied()).toEqual([...names, "9001_more.sql"]);
});

it("migrate: takes over a database of version 0.1, which has the tables but no list of migrations", async () => {
  await env.DB.prepare("DROP TABLE d1_migrations").run();
  const [first] = MIGRATIONS;
  if (!first) throw new Error("there is no migration");
  await migrate(env.DB, [first]);
  expect(await applied()).toEqual([first.name]);
});

it("migrate: leaves nothing of a migration that fails half way", async () => {
  const before = await applied();
  const broken = { name: "9002_broken.sql", sql: "CREATE TABLE half (a); INSERT INTO nowhere VALUES (1);" };
  await expect(migrate(env.DB, [broken])).rejects.toThrow(/nowhere/);
  expect(await tables("half")).toEqual([]);
  expect(await applied()).toEqual(before);
});
