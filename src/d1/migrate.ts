/** Brings the tables of a D1 database up to date for `npm start` and the tests. A deployment has wrangler do it. */

/** A file of `migrations/`. Each is applied once, in order of name. The statements of a shipped one never change. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** Wrangler's own table and columns. So `wrangler d1 migrations apply` and this agree on what has been applied. */
const APPLIED = `
  CREATE TABLE IF NOT EXISTS d1_migrations (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT UNIQUE,
    applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
  )`;

/**
 * Applies the migrations that a database does not have yet. Each is one transaction with the note of its name, so a
 * failure leaves the database as the last complete migration made it. Throws the database's error.
 */
export async function migrate(db: D1Database, migrations: readonly Migration[]): Promise<void> {
  await db.prepare(APPLIED).run();
  const { results } = await db.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
  const applied = new Set(results.map(({ name }) => name));
  for (const { name, sql } of migrations) {
    if (applied.has(name)) continue;
    const note = db.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name);
    await db.batch([...statements(sql).map((statement) => db.prepare(statement)), note]);
  }
}

/** The statements of a file, because D1 takes one at a time. Outside comments a semicolon does nothing but end one. */
export const statements = (sql: string): string[] =>
  sql
    .replace(/--.*$/gm, "")
    .split(";")
    .map((text) => text.trim())
    .filter(Boolean);
