import { type Asset, ASSET_FIELDS } from "../../src/model/asset.ts";
import { bodyKey } from "../../src/r2/keys.ts";
import { newAssetId } from "../../src/model/id.ts";
import type { TestVault } from "./api.ts";

/**
 * Fills a vault that has not been used yet with assets, without bodies. They are put into D1, and the vault finds them
 * there when it first comes to life. Their path components are spread so that every filter matches many and no two
 * filters match the same ones.
 */
export async function seed(vault: TestVault, count: number, fields: Partial<Asset> = {}): Promise<void> {
  const created_at = "2026-01-15T10:30:00Z";
  const insert = vault.db.prepare(
    `INSERT INTO assets (vault_id, ${ASSET_FIELDS.join()}) SELECT ?1, ${ASSET_FIELDS.map((_, i) => `value ->> ${i}`).join()} FROM json_each(?2)`,
  );
  const perStatement = fields.metadata ? 4 : 1_000;
  const statements: D1PreparedStatement[] = [];
  for (let from = 1; from <= count; from += perStatement) {
    const rows = [];
    for (let seq = from; seq < from + perStatement && seq <= count; seq++) {
      const id = newAssetId();
      const path = {
        partition: `p${seq % 2}`,
        collection: `c${Math.floor(seq / 2) % 2}`,
        channel: `h${Math.floor(seq / 4) % 2}`,
        filename: `f${seq % 100}`,
      };
      const asset = {
        seq,
        rev: seq,
        id,
        ...path,
        r2_key: bodyKey(vault.id, path, id),
        size: 1,
        mime_type: "text/plain",
        width: null,
        height: null,
        metadata: "{}",
        tags: "[]",
        sha256: "",
        created_at,
        updated_at: created_at,
        ...fields,
      };
      rows.push(ASSET_FIELDS.map((column) => asset[column]));
    }
    statements.push(insert.bind(vault.id, JSON.stringify(rows)));
  }
  for (let i = 0; i < statements.length; i += 10) await vault.db.batch(statements.slice(i, i + 10));
  await vault.db.prepare("UPDATE vaults SET rev = ? WHERE id = ?").bind(count, vault.id).run();
}
