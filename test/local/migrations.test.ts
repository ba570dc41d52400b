import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { migrations } from "../../src/local/build.ts";

type Row = Record<string, unknown>;

/**
 * What a database is, in whatever way it came about. An added column stands last, and the text of its CREATE TABLE is
 * another one.
 */
function shape(sql: string): Row[] {
  const db = new DatabaseSync(":memory:");
  try {
    db.exec(sql);
    const tables = db
      .prepare("SELECT name, wr, strict FROM pragma_table_list WHERE schema = 'main' ORDER BY name")
      .all();
    return tables
      .filter(({ name }) => !String(name).startsWith("sqlite_"))
      .map((table) => {
        const name = String(table["name"]);
        const text = String(db.prepare("SELECT sql FROM sqlite_master WHERE name = ?").get(name)?.["sql"]);
        return {
          ...table,
          columns: db
            .prepare('SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY name')
            .all(name),
          indexes: db
            .prepare(
              `SELECT l."unique", l.origin, l.partial, group_concat(c.name) AS columns
               FROM pragma_index_list(?) l JOIN pragma_index_info(l.name) c GROUP BY l.name ORDER BY columns`,
            )
            .all(name),
          checks: [...text.matchAll(/CHECK \((.*)\)/g)].map(([, rule]) => String(rule)).toSorted(),
        };
      });
  } finally {
    db.close();
  }
}

it("schema.sql: has what all migrations make of an empty database", () => {
  const schema = readFileSync(join(import.meta.dirname, "../../schema.sql"), "utf8");
  const applied = migrations().map(({ sql }) => sql);
  expect(applied.length).toBeGreaterThan(0);
  expect(shape(schema)).toEqual(shape(applied.join("\n")));
});

it("migrations: are numbered without a gap", () => {
  const names = migrations().map(({ name }) => name);
  expect(names.map((name) => name.slice(0, 5))).toEqual(names.map((_, i) => `${String(i + 1).padStart(4, "0")}_`));
  expect(names.every((name) => /^\d{4}_[a-z_]+\.sql$/.test(name))).toBe(true);
});
