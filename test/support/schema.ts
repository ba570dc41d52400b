import { env } from "cloudflare:workers";
import { beforeAll } from "vitest";
import schema from "../../schema.sql?raw";
import { shards } from "../../src/record/shards.ts";

beforeAll(async () => {
  const statements = schema
    .replace(/--.*$/gm, "")
    .split(";")
    .map((text) => text.trim())
    .filter(Boolean);
  for (const db of shards(env)) await db.batch(statements.map((statement) => db.prepare(statement)));
});
