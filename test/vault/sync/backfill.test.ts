import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { TestVault } from "../../support/api.ts";
import { expectAgreement, expectDerived, report } from "../../support/stores.ts";

/** Makes a vault what it was before it had tags, folders and a feed, but for its assets up to the seq `indexed`. */
async function forget(vault: TestVault, indexed: number): Promise<void> {
  await runInDurableObject(vault.stub, async (_, { storage }) => {
    const { sql } = storage;
    sql.exec("DELETE FROM tags WHERE seq > ?", indexed);
    sql.exec("DELETE FROM folders");
    sql.exec("DELETE FROM outbox WHERE seq > ?", indexed);
    for (const [level, parent, name] of [
      [1, "''", "partition"],
      [2, "partition", "collection"],
      [3, "partition || '/' || collection", "channel"],
    ]) {
      sql.exec(
        `INSERT INTO folders SELECT ${level}, ${parent}, ${name}, count(*), sum(size) FROM assets WHERE seq <= ? GROUP BY 2, 3`,
        indexed,
      );
    }
    sql.exec("INSERT INTO unindexed SELECT 1, ?, rev FROM vault", indexed);
    await storage.deleteAlarm();
  });
  await evictDurableObject(vault.stub);
}

const isIndexing = (vault: TestVault): Promise<boolean> =>
  runInDurableObject(vault.stub, (_, { storage }) => storage.sql.exec("SELECT * FROM unindexed").toArray().length > 0);

for (const indexed of [0, 5]) {
  it(`indexes old assets after seq ${indexed}, whatever is written meanwhile`, async () => {
    const vault = await TestVault.create();
    const assets = [];
    for (let i = 0; i < 10; i++) {
      assets.push(
        await vault.upload({ partition: `p${i % 3}`, collection: `c${i % 2}`, tags: `["a","t${i % 2}","a"]` }),
      );
    }
    for (const i of [1, 4, 6, 9]) await vault.patch(assets[i]?.id ?? "", { tags: ["patched"] });
    await expectDerived(vault);
    await forget(vault, indexed);
    // The first call starts the object, which sets the alarm. These come before it.
    for (const i of [2, 6, 7]) await vault.patch(assets[i]?.id ?? "", { tags: ["late", "a"] });
    for (const i of [3, 8, 9]) await vault.delete(assets[i]?.id ?? "");
    await vault.upload({ partition: "new", tags: '["a"]' });
    expect(await isIndexing(vault)).toBe(true);
    expect((await report(vault)).assets).toBe(8);
    for (let i = 0; i < 5 && (await isIndexing(vault)); i++) await runDurableObjectAlarm(vault.stub);
    expect(await isIndexing(vault)).toBe(false);
    await expectAgreement(vault);
  });
}
