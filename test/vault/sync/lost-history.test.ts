/**
 * Lost history: the vault's storage or D1 goes back in time, or loses everything. Whatever either side still has must
 * come through, and nothing that was deleted may come back.
 */

import { evictDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type AssetRecord, CHANGEABLE_FIELDS, RECORD_FIELDS } from "../../../src/model/asset.ts";
import { OPERATOR, admin, bearer, PATH, refusal, send, TestVault, textFile } from "../../support/api.ts";
import {
  amend,
  hourLater,
  position,
  putBack,
  record,
  restoreRecord,
  state,
  stored,
  wipe,
  work,
} from "../../support/history.ts";
import { down, flaky, withD1 } from "../../support/outage.ts";
import { seed } from "../../support/seed.ts";
import {
  expectAgreement,
  expectDerived,
  indexed,
  reconcile,
  recorded,
  report,
  withoutGrace,
} from "../../support/stores.ts";

vi.mock(import("../../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../../support/short-retries.ts")),
}));

withoutGrace();

afterEach(() => {
  vi.useRealTimers();
});

const isDurable = (response: Response): boolean => response.ok && !response.headers.has("Strongroom-Durability");

/** Makes a new start of the object, as there is after a while without requests. */
const restart = (vault: TestVault): Promise<void> => evictDurableObject(vault.stub);

/** Uploads, and asserts that the upload is durable. */
async function upload(vault: TestVault, name: string, metadata = "{}"): Promise<AssetRecord> {
  const response = await vault.send({ ...PATH, file: textFile(name, name), metadata });
  expect([response.status, response.headers.get("Strongroom-Durability")]).toEqual([201, null]);
  return response.json();
}

/** Uploads, and asserts that the upload is acknowledged as queued. */
async function queued(vault: TestVault, name: string): Promise<AssetRecord> {
  const response = await vault.send({ ...PATH, file: textFile(name, name) });
  expect([response.status, response.headers.get("Strongroom-Durability")]).toEqual([201, "queued"]);
  return response.json();
}

const names = async (vault: TestVault): Promise<string[]> =>
  (await indexed(vault)).map((row) => row["filename"] as string);

/** Asserts that the vault and D1 hold the same, and that no two assets share a revision. */
async function expectOneHistory(vault: TestVault): Promise<void> {
  await work(vault, 2);
  const rows = await indexed(vault);
  expect(await recorded(vault)).toEqual(rows);
  expect(new Set(rows.map(({ rev }) => rev)).size).toBe(rows.length);
  const { rev, recorded_rev } = await report(vault);
  expect(recorded_rev).toBe(rev);
}

describe("storage that goes back in time", () => {
  it("upload: what D1 has comes back, and what was written since gets new seqs", async () => {
    const vault = await TestVault.create();
    await upload(vault, "A");
    await work(vault);
    const copy = await stored(vault);
    const lost = [await upload(vault, "B", '{"of":"B"}'), await upload(vault, "C")];
    await putBack(vault, copy);
    // D1 does not answer yet, or the vault would know that its storage is old and take no write.
    await withD1(vault, down, () => queued(vault, "D"));
    await expectOneHistory(vault);
    expect(await names(vault)).toEqual(["A", "B", "C", "D"]);
    for (const asset of lost) expect(await (await vault.get(asset.id)).json()).toEqual(asset);
    expect((await report(vault)).assets).toBe(4);
  });

  it.each(["patch", "upload"])(
    "%s: a history that was given up and comes back is told from the one that took its place",
    async (what) => {
      const vault = await TestVault.create();
      const { id } = await upload(vault, "A");
      await work(vault);
      const first = await stored(vault);
      await withD1(vault, down, async () => {
        if (what === "upload") await queued(vault, "B");
        else expect(isDurable(await vault.patch(id, { tags: ["given up"] }))).toBe(false);
      });
      const givenUp = await stored(vault);
      await putBack(vault, first);
      if (what === "upload") await upload(vault, "C");
      else expect(isDurable(await vault.patch(id, { tags: ["kept"] }))).toBe(true);
      // Both have come to the same revision.
      await putBack(vault, givenUp);
      await expectOneHistory(vault);
      expect(await names(vault)).toEqual(what === "upload" ? ["A", "C"] : ["A"]);
      if (what === "patch") expect(await (await vault.get(id)).json()).toMatchObject({ tags: '["kept"]' });
    },
  );

  it.each(["an upload", "a patch"])(
    "upload: the old storage is found out even if all that it lost is %s of the same start",
    async (what) => {
      const vault = await TestVault.create();
      const { id } = await upload(vault, "A");
      await work(vault);
      await restart(vault);
      // D1 answers when the first write is saved, so that one comes before D1 has confirmed the start.
      const original = vault.db.batch.bind(vault.db);
      const slow = (async (statements: D1PreparedStatement[]) => {
        await vi.waitUntil(async () => (await stored(vault)).get("vault")?.[0]?.["rev"] === 2, 10_000);
        return original(statements);
      }) as D1Database["batch"];
      await withD1(vault, slow, () => upload(vault, "B"));
      const copy = await stored(vault);
      expect(copy.get("vault")?.[0]).toMatchObject({ loaded: 1, rev: 2 });
      if (what === "a patch") expect(isDurable(await vault.patch(id, { tags: ["kept"] }))).toBe(true);
      else await upload(vault, "C");
      await putBack(vault, copy);
      await withD1(vault, down, async () => {
        await queued(vault, "D");
        await queued(vault, "E");
        // The first flush that reaches D1 carries everything, up to a revision above D1's.
        await amend(vault, "UPDATE vault SET flush_rows = 1000");
      });
      await expectOneHistory(vault);
      expect(await names(vault)).toEqual(what === "a patch" ? ["A", "B", "D", "E"] : ["A", "B", "C", "D", "E"]);
      if (what === "a patch") expect(await (await vault.get(id)).json()).toMatchObject({ tags: '["kept"]' });
    },
  );

  it("upload: the old storage is found out after any number of starts that did not reach D1", async () => {
    const vault = await TestVault.create();
    await upload(vault, "A");
    await work(vault);
    const copy = await stored(vault);
    await upload(vault, "B");
    await putBack(vault, copy);
    await withD1(vault, down, async () => {
      for (const name of ["C", "D", "E"]) {
        await queued(vault, name);
        await restart(vault);
      }
    });
    await expectOneHistory(vault);
    expect((await names(vault)).toSorted()).toEqual(["A", "B", "C", "D", "E"]);
  });

  it("patch: changes the latest state of the asset, which D1 has", async () => {
    const vault = await TestVault.create();
    const { id } = await upload(vault, "A");
    await work(vault);
    const copy = await stored(vault);
    expect(isDurable(await vault.patch(id, { metadata: { kept: 1 } }))).toBe(true);
    await putBack(vault, copy);
    expect(isDurable(await vault.patch(id, { tags: ["new"] }))).toBe(true);
    await expectOneHistory(vault);
    expect(await (await vault.get(id)).json()).toMatchObject({ metadata: '{"kept":1}', tags: '["new"]' });
  });

  it("patch: one that D1 never recorded does not undo what D1 heard later", async () => {
    const vault = await TestVault.create();
    const { id } = await upload(vault, "A");
    await withD1(vault, down, () => vault.patch(id, { tags: ["lost"] }));
    const copy = await stored(vault);
    await wipe(vault);
    expect(isDurable(await vault.patch(id, { tags: ["durable"] }))).toBe(true);
    await putBack(vault, copy);
    await vault.list();
    await expectOneHistory(vault);
    expect(await (await vault.get(id)).json()).toMatchObject({ tags: '["durable"]' });
  });

  it("patch: one that is newer than what D1 has wins", async () => {
    const vault = await TestVault.create();
    const { id } = await upload(vault, "A");
    await work(vault);
    const copy = await stored(vault);
    await vault.patch(id, { tags: ["older"] });
    await putBack(vault, copy);
    await withD1(vault, down, () => vault.patch(id, { tags: ["newer"] }));
    await expectOneHistory(vault);
    expect(await (await vault.get(id)).json()).toMatchObject({ tags: '["newer"]' });
  });

  it("move: where an asset is comes from whichever side moved it last, with all counters", async () => {
    const vault = await TestVault.create();
    const [a, b, c] = [await upload(vault, "A"), await upload(vault, "B"), await upload(vault, "C")];
    await work(vault);
    const copy = await stored(vault);
    // D1 hears of these two moves, and the storage forgets them.
    await vault.patch(a.id, { partition: "of-d1", filename: "A2", tags: ["t"] });
    await vault.patch(b.id, { partition: "of-d1" });
    await putBack(vault, copy);
    // This one the vault alone knows.
    await withD1(vault, down, () => vault.patch(b.id, { partition: "of-here", channel: "z" }));
    await withD1(vault, down, () => vault.patch(c.id, { filename: "C2" }));
    await expectOneHistory(vault);
    await expectDerived(vault);
    const places = (await indexed(vault)).map((row) => `${String(row["partition"])}/${String(row["filename"])}`);
    expect(places).toEqual(["of-d1/A2", "of-here/B", "marketing/C2"]);
    const file = await vault.request("GET", `${vault.path}/files/of-d1/blog/hero-images/A2`);
    expect([file.status, await file.text()]).toEqual([200, "A"]);
    await reconcile(vault);
    await expectAgreement(vault);
  });

  it("batch: what D1 has not heard of it is applied again, and what it deleted stays deleted", async () => {
    const vault = await TestVault.create();
    const [a, b, c] = [await upload(vault, "A"), await upload(vault, "B"), await upload(vault, "C")];
    await work(vault);
    const copy = await stored(vault);
    await upload(vault, "D");
    await putBack(vault, copy);
    const operations = [
      { op: "update", id: a.id, partition: "moved", add_tags: ["t"] },
      { op: "delete", id: b.id },
      { op: "update", id: a.id, add_tags: ["u"] },
    ];
    const body = { operations, atomic: true };
    const answer = await withD1(vault, down, () => vault.request("POST", `${vault.assets}/batch`, body));
    expect(await answer.json()).toMatchObject({ durability: "queued" });
    await expectOneHistory(vault);
    expect(await (await vault.get(a.id)).json()).toMatchObject({ partition: "moved", tags: '["t","u"]' });
    expect((await vault.get(b.id)).status).toBe(404);
    expect(await (await vault.get(c.id)).json()).toEqual(c);
    expect(await names(vault)).toEqual(["A", "C", "D"]);
    await reconcile(vault);
    await expectAgreement(vault);
  });

  it("delete: an asset stays deleted even if the old storage wrote it with its last group", async () => {
    const vault = await TestVault.create();
    await upload(vault, "A");
    const gone = await upload(vault, "B");
    const copy = await stored(vault); // D1 has B, but the storage does not know that yet.
    expect(copy.get("vault")?.[0]).toMatchObject({ recorded: 1, rev: 2 });
    expect(isDurable(await vault.delete(gone.id))).toBe(true);
    await putBack(vault, copy);
    await vault.list();
    await expectOneHistory(vault);
    expect(await names(vault)).toEqual(["A"]);
  });

  it("delete: an asset stays deleted if the storage is from before a loss, and its claim is not answered", async () => {
    const vault = await TestVault.create();
    await upload(vault, "A");
    const gone = await upload(vault, "B");
    const copy = await stored(vault);
    await wipe(vault);
    expect(isDurable(await vault.delete(gone.id))).toBe(true);
    await putBack(vault, copy);
    // The second call is the claim. It lands, and its answer is lost.
    const { batch, calls } = flaky(vault, (call) => call === 2, true);
    await withD1(vault, batch, async () => {
      await vault.list();
      await vi.waitFor(() => expect(calls()).toBeGreaterThan(3), 2_000);
    });
    await expectOneHistory(vault);
    expect(await names(vault)).toEqual(["A"]);
  });

  it("delete: an asset stays deleted even if nothing but its missing body tells that D1 ever had it", async () => {
    const vault = await TestVault.create();
    await upload(vault, "A");
    await restart(vault);
    const gone = await withD1(vault, down, () => queued(vault, "B"));
    const copy = await stored(vault);
    await restart(vault); // This start, of which the copy knows nothing, records B.
    await work(vault);
    expect(isDurable(await vault.delete(gone.id))).toBe(true);
    await putBack(vault, copy);
    const queuedAgain = await withD1(vault, down, () => queued(vault, "C"));
    await work(vault, 3);
    await reconcile(vault);
    await expectOneHistory(vault);
    expect(await names(vault)).toEqual(["A", "C"]);
    expect((await vault.get(queuedAgain.id)).status).toBe(200);
    expect(await state(vault, "SELECT * FROM doubts")).toEqual([]);
  });

  it("delete: one that D1 has not heard of reaches D1, and the body is deleted after it", async () => {
    const vault = await TestVault.create();
    const asset = await upload(vault, "A");
    await work(vault);
    const copy = await stored(vault);
    await upload(vault, "B");
    await putBack(vault, copy);
    await withD1(vault, down, () => vault.delete(asset.id));
    await expectOneHistory(vault);
    expect(await names(vault)).toEqual(["B"]);
    await vi.waitFor(async () => expect(await vault.bodies()).toHaveLength(1), 2_000);
  });

  it("key revocation: is never undone, whichever side knows of it", async () => {
    const vault = await TestVault.create();
    await upload(vault, "A");
    await work(vault);
    const copy = await stored(vault);
    const { data } = await (
      await send(`${vault.path}/keys`, { headers: admin })
    ).json<{ data: { id: string; type: string }[] }>();
    const key = data.find(({ type }) => type === "public");
    expect((await send(`${vault.path}/keys/${key?.id}`, { method: "DELETE", headers: admin })).status).toBe(204);
    await putBack(vault, copy);
    await vault.list();
    await work(vault);
    await refusal(await send(vault.assets, { headers: bearer(vault.publicKey) }), 401, "UNAUTHORIZED");
    // D1 alone forgets the revocation, and the storage goes back to a moment after it.
    const later = await stored(vault);
    await upload(vault, "B");
    await vault.db.prepare("UPDATE keys SET revoked_at = NULL WHERE id = ?").bind(key?.id).run();
    await putBack(vault, later);
    await vault.list();
    await work(vault);
    await refusal(await send(vault.assets, { headers: bearer(vault.publicKey) }), 401, "UNAUTHORIZED");
    expect((await record(vault)).get("keys")?.find(({ id }) => id === key?.id)?.["revoked_at"]).not.toBeNull();
  });

  it("flush: one that landed without an answer does not make the storage look old", async () => {
    const vault = await TestVault.create();
    await upload(vault, "A");
    await restart(vault);
    const losing = flaky(vault, () => true, true).batch;
    await withD1(vault, losing, () => queued(vault, "B"));
    await restart(vault);
    await upload(vault, "C");
    await expectOneHistory(vault);
    expect(await report(vault)).toMatchObject({ lost_windows: [], rev: 3 });
  });

  it("reconcile and resolve: decide nothing before it is known whether the storage is old", async () => {
    const vault = await TestVault.create();
    await upload(vault, "A");
    await work(vault);
    const copy = await stored(vault);
    const lost = await upload(vault, "B");
    await putBack(vault, copy);
    await withD1(vault, down, async () => {
      await send(`${vault.path}/reconcile`, { method: "POST", headers: admin });
      await work(vault, 2);
      expect(await vault.rpc.resolveUpload(OPERATOR, lost.id, lost.r2_key)).toMatchObject({
        ok: false,
        code: "UNAVAILABLE",
      });
    });
    expect(await vault.rpc.resolveUpload(OPERATOR, lost.id, lost.r2_key)).toMatchObject({ ok: true, record: {} });
    await reconcile(vault);
    expect(await vault.bodies()).toHaveLength(2);
  });
});

describe("takeover", () => {
  /** A vault whose storage lacks a patch, a delete and an upload, and has been written to since. */
  async function old(): Promise<{ vault: TestVault; expected: Record<string, string> }> {
    const vault = await TestVault.create();
    const [a, b, c] = [await upload(vault, "A"), await upload(vault, "B"), await upload(vault, "C")];
    await work(vault);
    const copy = await stored(vault);
    await vault.patch(a.id, { tags: ["a"] });
    await vault.delete(b.id);
    await upload(vault, "D");
    await putBack(vault, copy);
    await withD1(vault, down, async () => {
      await vault.patch(c.id, { tags: ["c"] });
      await queued(vault, "E");
      await restart(vault);
    });
    return { vault, expected: { A: '["a"]', C: '["c"]', D: "[]", E: "[]" } };
  }

  const tags = async (vault: TestVault): Promise<Record<string, unknown>> =>
    Object.fromEntries((await indexed(vault)).map((row) => [row["filename"], row["tags"]]));

  it("finishes whichever call to D1 fails, whether or not it lands, and although the object is evicted", async () => {
    for (const lands of [false, true]) {
      for (let nth = 1; ; nth++) {
        const { vault, expected } = await old();
        const { batch, calls } = flaky(vault, (call) => call === nth, lands);
        await withD1(vault, batch, async () => {
          await work(vault);
          await restart(vault);
        });
        await expectOneHistory(vault);
        expect(await tags(vault), `call ${nth}, ${lands}`).toEqual(expected);
        if (calls() < nth) {
          expect(nth).toBeGreaterThan(4);
          break;
        }
      }
    }
  });

  it("answers 503 to writes while it is under way, and still revokes keys and serves reads", async () => {
    const { vault } = await old();
    const { batch } = flaky(vault, (call) => call > 3);
    await withD1(vault, batch, async () => {
      await work(vault);
      await refusal(await vault.send({ ...PATH, file: textFile() }), 503, "UNAVAILABLE");
      expect((await vault.list()).data.length).toBeGreaterThan(0);
      const keys = await state<{ id: string }>(vault, "SELECT id FROM keys WHERE type = 'public'");
      const revoked = await send(`${vault.path}/keys/${keys[0]?.id}`, { method: "DELETE", headers: admin });
      expect(revoked.status).toBe(503);
      await refusal(await send(vault.assets, { headers: bearer(vault.publicKey) }), 401, "UNAUTHORIZED");
    });
    await expectOneHistory(vault);
    await refusal(await send(vault.assets, { headers: bearer(vault.publicKey) }), 401, "UNAUTHORIZED");
  });

  it("takes over several pages of assets, and a D1 without any", async () => {
    const vault = await TestVault.create();
    await seed(vault, 2_500);
    await vault.list();
    await work(vault);
    const copy = await stored(vault);
    await vault.db.batch([
      vault.db.prepare("UPDATE assets SET tags = '[\"x\"]', rev = 2600 WHERE vault_id = ? AND seq = 7").bind(vault.id),
      vault.db.prepare("DELETE FROM assets WHERE vault_id = ? AND seq BETWEEN 500 AND 1700").bind(vault.id),
      vault.db.prepare("UPDATE vaults SET rev = rev + 1000 WHERE id = ?").bind(vault.id),
    ]);
    await putBack(vault, copy);
    await vault.list();
    await expectOneHistory(vault);
    expect(await names(vault)).toHaveLength(1_299);
    await vault.db.batch([
      vault.db.prepare("DELETE FROM assets WHERE vault_id = ?").bind(vault.id),
      vault.db.prepare("UPDATE vaults SET rev = rev + 1000 WHERE id = ?").bind(vault.id),
    ]);
    await restart(vault);
    await vault.list();
    await expectOneHistory(vault);
    expect(await report(vault)).toMatchObject({ assets: 0, bytes: 0, partitions: [] });
  });

  it("keeps an asset that D1 has refused, because D1 never had it", async () => {
    const vault = await TestVault.create();
    await upload(vault, "A");
    await vault.db
      .prepare(
        `CREATE TRIGGER refuse BEFORE INSERT ON assets WHEN NEW.filename = 'bad'
           BEGIN SELECT RAISE(ABORT, 'refused'); END`,
      )
      .run();
    try {
      await queued(vault, "bad");
      await work(vault);
      const copy = await stored(vault);
      await upload(vault, "B");
      await putBack(vault, copy);
      await vault.list();
      await work(vault, 2);
    } finally {
      await vault.db.prepare("DROP TRIGGER refuse").run();
    }
    await reconcile(vault);
    await work(vault, 2);
    await expectOneHistory(vault);
    expect((await names(vault)).toSorted()).toEqual(["A", "B", "bad"]);
  });

  it("begins the removal of a vault that D1 says is deleted", async () => {
    const vault = await TestVault.create();
    await upload(vault, "A");
    await work(vault);
    await vault.db.prepare("UPDATE vaults SET status = 'deleted' WHERE id = ?").bind(vault.id).run();
    await restart(vault);
    await vault.list().catch(() => {});
    await vi.waitFor(async () => {
      await refusal(await send(vault.assets, { headers: bearer(vault.secretKey) }), 401, "UNAUTHORIZED");
      expect(await vault.bodies()).toEqual([]);
    }, 3_000);
  });
});

describe("D1 that goes back in time", () => {
  it("is told everything again, whichever call cuts the first attempt off", async () => {
    for (const lands of [false, true]) {
      for (let nth = 1; nth <= 6; nth++) {
        const vault = await TestVault.create();
        await upload(vault, "A");
        // A claim that was given up lands late, so D1's revision is far above all others.
        await vault.db
          .prepare("UPDATE vaults SET epoch = epoch + 1, rev = rev + 1000000, top = top + 1000000 WHERE id = ?")
          .bind(vault.id)
          .run();
        const { batch } = flaky(vault, (call) => call === nth, lands);
        await withD1(vault, batch, async () => {
          await vault.upload({ file: textFile("B", "B") });
          await work(vault);
        });
        await vault.upload({ file: textFile("C", "C") });
        await expectOneHistory(vault);
        expect(await names(vault), `call ${nth}, ${lands}`).toEqual(["A", "B", "C"]);
      }
    }
  });

  it("causes no revision to be handed out twice if the vault is lost before D1 has everything again", async () => {
    const vault = await TestVault.create();
    for (const name of ["A", "B", "C"]) await upload(vault, name);
    await wipe(vault);
    await upload(vault, "D");
    const highest = (await report(vault)).rev;
    await vault.db.prepare("UPDATE vaults SET epoch = epoch + 1, rev = 1, top = 1 WHERE id = ?").bind(vault.id).run();
    // D1 is told that it has nothing, and is down from then on.
    const { batch } = flaky(vault, (call) => call > 3);
    await withD1(vault, batch, () => queued(vault, "E"));
    expect((await position(vault))?.rev).toBe(-1);
    await wipe(vault);
    const later = await upload(vault, "F");
    await expectOneHistory(vault);
    expect((await report(vault)).rev).toBeGreaterThan(highest);
    expect(await names(vault)).toEqual(["A", "B", "C", "D", "F"]);
    expect(Number((await indexed(vault)).find(({ id }) => id === later.id)?.["seq"])).toBeGreaterThan(highest);
  });

  it.each(["the vault, then D1", "D1, then the vault"])("loses nothing that both had: %s", async (order) => {
    const vault = await TestVault.create();
    await upload(vault, "A");
    const backup = await record(vault);
    const b = await upload(vault, "B");
    if (order.startsWith("the vault")) {
      await wipe(vault);
      await vault.list();
      await restoreRecord(vault, backup);
      await upload(vault, "C");
      await reconcile(vault);
      expect(await names(vault)).toEqual(["A", "B", "C"]);
    } else {
      await restoreRecord(vault, backup);
      await wipe(vault);
      await upload(vault, "C");
      await reconcile(vault);
      expect(await names(vault)).toEqual(["A", "C"]);
      expect(await vault.bodies(), "the body of the lost asset is kept for somebody to look at").toContain(b.r2_key);
    }
    await expectOneHistory(vault);
  });

  it("without the vault's row, while the storage is old: nothing that either side has is dropped", async () => {
    const vault = await TestVault.create();
    await upload(vault, "A");
    await work(vault);
    const copy = await stored(vault);
    await upload(vault, "B");
    await putBack(vault, copy);
    await vault.db.prepare("DELETE FROM vaults WHERE id = ?").bind(vault.id).run();
    await vault.upload({ file: textFile("C", "C") });
    await expectOneHistory(vault);
    expect((await names(vault)).toSorted()).toEqual(["A", "B", "C"]);
  });
});

describe("a buried vault", () => {
  async function bury(vault: TestVault): Promise<void> {
    expect((await send(vault.path, { method: "DELETE", headers: admin })).status).toBe(202);
    await work(vault);
    await hourLater(vault);
    await work(vault, 2);
    await refusal(await send(vault.path, { headers: admin }), 404, "NOT_FOUND");
  }

  it.each(["with its assets", "without its assets"])("stays buried when D1 has it again %s", async (how) => {
    const vault = await TestVault.create();
    const asset = await upload(vault, "A");
    const link = await send(`${vault.assets}/${asset.id}/links`, {
      method: "POST",
      headers: { ...bearer(vault.secretKey), "Content-Type": "application/json" },
      body: "{}",
    });
    const { url } = await link.json<{ url: string }>();
    const backup = await record(vault);
    await bury(vault);
    if (how.startsWith("without")) backup.delete("assets");
    await restoreRecord(vault, backup);
    await restart(vault);
    const path = url.replace(/^https?:\/\/[^/]+/, "");
    expect([401, 403, 404]).toContain((await send(path)).status);
    await refusal(await vault.send({ ...PATH, file: textFile() }), 401, "UNAUTHORIZED");
    await refusal(await send(vault.path, { headers: admin }), 404, "NOT_FOUND");
    await work(vault);
    expect(await position(vault)).toMatchObject({ status: "deleted", name: "" });
    const left = await record(vault);
    expect([left.get("keys"), left.get("assets"), await vault.bodies()]).toEqual([[], [], []]);
  });

  it("is woken by its alarm alone, knows its id, and tries again while D1 is down", async () => {
    const vault = await TestVault.create();
    await upload(vault, "A");
    const backup = await record(vault);
    await bury(vault);
    await restoreRecord(vault, backup);
    await restart(vault);
    await withD1(vault, down, () => work(vault));
    expect(await position(vault)).toMatchObject({ status: "active" });
    await work(vault);
    expect(await position(vault)).toMatchObject({ status: "deleted" });
  });

  it("is removed completely, whichever call to D1 cuts its removal off", async () => {
    for (let nth = 1; nth <= 12; nth++) {
      const vault = await TestVault.create();
      await upload(vault, "A");
      const { batch } = flaky(vault, (call) => call === nth);
      await withD1(vault, batch, () => send(vault.path, { method: "DELETE", headers: admin }));
      await send(vault.path, { method: "DELETE", headers: admin });
      await bury(vault);
      expect(await position(vault)).toMatchObject({ status: "deleted" });
      expect(await vault.bodies()).toEqual([]);
    }
  });
});

describe("lost windows", () => {
  it("keep the bodies of the first loss through a second and a third, until the admin clears them", async () => {
    const vault = await TestVault.create();
    await upload(vault, "A");
    const lost = await withD1(vault, down, () => queued(vault, "B"));
    for (let loss = 1; loss <= 3; loss++) {
      await wipe(vault);
      await upload(vault, `after ${loss}`);
      // D1 is complete up to a late moment, as if a month had gone by. So no later window covers the first loss.
      await vault.db
        .prepare("UPDATE vaults SET complete_to = '2099-01-01T00:00:00Z' WHERE id = ?")
        .bind(vault.id)
        .run();
      expect(await reconcile(vault)).toMatchObject({ orphans_deleted: 0 });
      expect(await vault.bodies()).toContain(lost.r2_key);
    }
    const { lost_windows } = await report(vault);
    expect(lost_windows.length).toBeGreaterThan(0);
    const clear = (headers: Record<string, string>): Promise<Response> =>
      send(`${vault.path}/lost-windows`, { method: "DELETE", headers });
    await refusal(await clear(bearer(vault.secretKey)), 403, "FORBIDDEN");
    await refusal(await clear({}), 401, "UNAUTHORIZED");
    expect((await clear(admin)).status).toBe(204);
    expect((await clear(admin)).status, "again").toBe(204);
    expect(await report(vault)).toMatchObject({ lost_windows: [], lost_since: null, lost_until: null });
    expect((await position(vault))?.lost_windows).toBe("[]");
    expect((await reconcile(vault)).orphans_deleted).toBeGreaterThan(0);
    await expectAgreement(vault);
  });

  it("come back with a rebuild, and are told again to a D1 that lost them", async () => {
    const vault = await TestVault.create();
    await upload(vault, "A");
    await wipe(vault);
    await upload(vault, "B");
    const { lost_windows } = await report(vault);
    expect(lost_windows).toHaveLength(1);
    await restoreRecord(vault, new Map());
    await upload(vault, "C");
    expect(JSON.parse((await position(vault))?.lost_windows ?? "")).toHaveLength(1);
    await wipe(vault);
    await vault.list();
    const again = (await report(vault)).lost_windows;
    expect(again[0]?.since).toBe(lost_windows[0]?.since);
  });

  it("begin an upload's longest time before the moment up to which D1 was complete", async () => {
    const vault = await TestVault.create();
    await upload(vault, "A");
    const complete = Date.parse((await position(vault))?.complete_to ?? "");
    await wipe(vault);
    await vault.list();
    const [window] = (await report(vault)).lost_windows;
    expect(Date.parse(window?.since ?? "")).toBe(complete - 60 * 60 * 1000);
    expect(Date.parse(window?.until ?? "")).toBeGreaterThanOrEqual(complete);
  });
});

describe("rebuild", () => {
  it("brings back whatever a PATCH can set", async () => {
    const vault = await TestVault.create();
    const { id } = await upload(vault, "A");
    const values: Record<string, unknown> = { metadata: { changed: true }, tags: ["changed"] };
    const [before] = await indexed(vault);
    vi.useFakeTimers({ now: Date.now() + 1_000, toFake: ["Date"] }); // Timestamps count whole seconds.
    // Every field of a record is sent, whether or not a PATCH takes it.
    for (const name of RECORD_FIELDS) await vault.patch(id, { tags: [name], [name]: values[name] ?? "changed" });
    const [after] = await indexed(vault);
    const changed = Object.keys(after ?? {}).filter((name) => after?.[name] !== before?.[name]);
    expect(changed.toSorted()).toEqual(CHANGEABLE_FIELDS.toSorted());
    await wipe(vault);
    await vault.list();
    expect(await indexed(vault)).toEqual([after]);
  });
});
