/** A change of D1's tables: a file of `migrations/`, by its name. Applied once, in order, and never edited after it has shipped. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** Wrangler's own table and columns, so that `wrangler d1 migrations apply` and this agree on what has been applied. */
const APPLIED = `
  CREATE TABLE IF NOT EXISTS d1_migrations (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT UNIQUE,
    applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
  )`;

/**
 * Applies to a database what it does not have yet, each migration with the note of its name in one transaction, so that
 * a failure leaves the database as the last complete one made it. Throws the database's error.
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

/** D1 takes single statements. In these files a semicolon ends one and stands nowhere else, comments aside. */
export const statements = (sql: string): string[] =>
  sql
    .replace(/--.*$/gm, "")
    .split(";")
    .map((text) => text.trim())
    .filter(Boolean);
