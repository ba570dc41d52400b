/** Makes a vault large without uploading anything to it. */

import { globSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathOf } from "./files.ts";

/** The time at which all seeded assets were made. */
export const SEEDED_AT = "2026-01-15T10:30:00Z";

/**
 * Puts assets without bodies into D1, for a vault that nobody has sent a request to. The vault finds them there when it
 * first comes to life. Their seqs are 1 to `count`. They are written straight into D1's file, beside workerd, since
 * both keep SQLite's ordinary locks.
 *
 * @param directory the one that holds the local server's D1 databases
 */
export function seed(directory: string, vaultId: string, count: number): void {
  for (const file of globSync(`${directory}/*/*.sqlite`)) {
    const db = new DatabaseSync(file, { timeout: 10_000 });
    try {
      if (!holds(db, vaultId)) continue;
      db.exec("PRAGMA synchronous = OFF");
      db.prepare(INSERT).run(vaultId, count, SEEDED_AT);
      db.prepare("UPDATE vaults SET rev = ? WHERE id = ?").run(count, vaultId);
      return;
    } finally {
      db.close();
    }
  }
  throw new Error(`no database in ${directory} has ${vaultId}`);
}

function holds(db: DatabaseSync, vaultId: string): boolean {
  const hasTable = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'vaults'").get() !== undefined;
  return hasTable && db.prepare("SELECT 1 FROM vaults WHERE id = ?").get(vaultId) !== undefined;
}

/** One component of {@link pathOf} in SQL, as a `case` over the eight paths. */
const path = (name: "partition" | "collection" | "channel"): string =>
  `CASE seq % 8 ${Array.from({ length: 8 }, (_, i) => `WHEN ${i} THEN '${pathOf(i)[name]}'`).join(" ")} END`;

/** The assets of a partition have a tag, and no others have it: a list by one has as many as a list by the other. */
export const TAGGED = { partition: "p1", tag: "tagged" } as const;

/** The ids are made of hexadecimal digits, which are digits of a ULID too. */
const INSERT = `
  INSERT INTO assets (vault_id, seq, rev, id, partition, collection, channel, filename, r2_key, size, mime_type, metadata, tags,
                      sha256, created_at, updated_at)
  WITH RECURSIVE
    n (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < ?2),
    a AS (SELECT seq, 'asset_01kf' || printf('%022x', seq) AS id, ${path("partition")} AS p, ${path("collection")} AS c,
                 ${path("channel")} AS h FROM n)
  SELECT ?1, seq, seq, id, p, c, h, 'f.bin', format('%s/%s/%s/%s/%s_f.bin', ?1, p, c, h, id), 20480, 'application/octet-stream',
         '{}', iif(p = '${TAGGED.partition}', '["${TAGGED.tag}"]', '[]'), printf('%064x', seq), ?3, ?3
  FROM a`;
