import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import type { TestVault } from "./api.ts";

/** When the first asset of {@link fill} was created. Each one follows a second later. */
export const FILLED_FROM = Date.UTC(2026, 0, 1);

/**
 * Fills a vault that has no assets yet with so many, without bodies, straight in its own SQLite. Seqs begin at 1. A path
 * and tags say something of the seq: `p0` or `p1`, `c0` to `c4`; `all`, `t10` for each tenth, `t7` for each seventh, and
 * `rare` for each thousandth. D1 is told no more than the revision.
 */
export async function fill(vault: TestVault, count: number): Promise<void> {
  await vault.list();
  await runInDurableObject(vault.stub, (_, { storage }) => {
    const { sql } = storage;
    const path = "'p' || (seq % 2) AS p, 'c' || (seq % 5) AS c, 'h' AS h";
    const tags =
      "'[\"all\"' || iif(seq % 10, '', ',\"t10\"') || iif(seq % 7, '', ',\"t7\"') || iif(seq % 1000, '', ',\"rare\"') || ']'";
    sql.exec(
      `INSERT INTO assets (seq, rev, id, partition, collection, channel, filename, r2_key, size, mime_type, metadata, tags,
         sha256, created_at, updated_at)
       WITH RECURSIVE n (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < ?1)
       SELECT seq, seq, 'asset_01kf' || printf('%022x', seq), p, c, h, 'f' || seq || iif(seq % 5000, '', ' needle'), 'k', 1,
         iif(seq % 4, 'text/plain', 'image/png'), '{"n":' || (seq % 100) || '}', ${tags}, '', at, at
       FROM (SELECT seq, ${path}, strftime('%Y-%m-%dT%H:%M:%SZ', ?2 + seq, 'unixepoch') AS at FROM n)`,
      count,
      FILLED_FROM / 1000,
    );
    sql.exec("INSERT INTO tags (tag, seq) SELECT t.value, a.seq FROM assets a, json_each(a.tags) t");
    sql.exec(
      `INSERT INTO folders (level, parent, name, assets, bytes)
       SELECT 1, '', partition, count(*), sum(size) FROM assets GROUP BY 3
       UNION ALL SELECT 2, partition, collection, count(*), sum(size) FROM assets GROUP BY 2, 3
       UNION ALL SELECT 3, partition || '/' || collection, channel, count(*), sum(size) FROM assets GROUP BY 2, 3`,
    );
    sql.exec("UPDATE vault SET rev = ?1, recorded = ?1, erased = ?1, assets = ?1, bytes = ?1", count);
  });
  await vault.db.prepare("UPDATE vaults SET rev = ? WHERE id = ?").bind(count, vault.id).run();
  await evictDurableObject(vault.stub);
}
