/** A vault's name and settings: they act at once, a success means that D1 has them, and no loss of a side undoes them. */

import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import type { VaultReport } from "../../../src/model/vault.ts";
import { admin, PATH, refusal, send, TestVault, textFile } from "../../support/api.ts";
import { amend, hourLater, putBack, record, restoreRecord, state, stored, wipe, work } from "../../support/history.ts";
import { down, flaky, withD1 } from "../../support/outage.ts";
import { report } from "../../support/stores.ts";

vi.mock(import("../../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../../support/short-retries.ts")),
}));

const patch = (vault: TestVault, change: object): Promise<Response> =>
  vault.request("PATCH", vault.path, change, admin);

async function set(vault: TestVault, change: object): Promise<void> {
  const response = await patch(vault, change);
  expect(response.status, await response.text()).toBe(200);
}

/** Changes a vault while D1 is down. */
const setAlone = (vault: TestVault, change: object): Promise<string> =>
  withD1(vault, down, async () => refusal(await patch(vault, change), 503, "UNAVAILABLE"));

/** Name and quota, as the vault says them. */
async function here(vault: TestVault): Promise<[string, number | null]> {
  const { name, settings } = await report(vault);
  return [name, settings.quota_assets];
}

/** The same as D1 has them. */
async function there(vault: TestVault): Promise<[string, number | null]> {
  const row = await vault.db.prepare("SELECT name, settings FROM vaults WHERE id = ?").bind(vault.id).first();
  const { quota_assets = null } = JSON.parse(String(row?.["settings"])) as { quota_assets?: number };
  return [String(row?.["name"]), quota_assets];
}

/** Asserts that both sides have the same, and that it outlives the vault's storage. */
async function expectKept(vault: TestVault, name: string, quota: number | null): Promise<void> {
  await work(vault, 2);
  expect(await here(vault)).toEqual([name, quota]);
  expect(await there(vault)).toEqual([name, quota]);
  await wipe(vault);
  expect(await here(vault)).toEqual([name, quota]);
}

const upload = (vault: TestVault): Promise<Response> => vault.send({ ...PATH, file: textFile() });

describe("vaults: update", () => {
  it("acts at once, and answers 503 until D1 has it", async () => {
    const vault = await TestVault.create("old");
    await vault.upload();
    expect(await setAlone(vault, { name: "new", quota_assets: 1 })).toBe(
      "the change acts already, but it could not be recorded yet: repeat the call",
    );
    expect(await here(vault)).toEqual(["new", 1]);
    expect(await there(vault)).toEqual(["old", null]);
    await refusal(await upload(vault), 403, "QUOTA_EXCEEDED");
    await set(vault, { name: "new", quota_assets: 1 });
    expect(await there(vault)).toEqual(["new", 1]);
  });

  it("is told to D1 by the alarm when nobody repeats it, also by a later start", async () => {
    const vault = await TestVault.create("old");
    await vault.upload();
    await setAlone(vault, { name: "new", quota_assets: 2 });
    await evictDurableObject(vault.stub);
    await expectKept(vault, "new", 2);
  });

  it("is told to D1 once: neither a vault without settings nor any further flush sends or stores them", async () => {
    const vault = await TestVault.create();
    const flushes: string[] = [];
    const original = vault.db.batch.bind(vault.db);
    const watched = (statements: (D1PreparedStatement & { statement?: string })[]): unknown => {
      flushes.push(statements.map(({ statement }) => statement ?? "").join());
      return original(statements);
    };
    const sends = async (request: () => Promise<unknown>): Promise<boolean[]> => {
      flushes.length = 0;
      await withD1(vault, watched as never, request);
      return flushes.filter((text) => text.includes("UPDATE vaults SET rev")).map((text) => text.includes("settings"));
    };
    await vault.upload();
    expect(await sends(() => upload(vault))).toEqual([false]);
    expect(await state(vault, "SELECT settings FROM vault")).toEqual([{ settings: "{}" }]);
    expect(await sends(() => set(vault, { quota_assets: 9 }))).toEqual([true]);
    expect(await sends(() => upload(vault))).toEqual([false]);
    expect(await sends(() => set(vault, { quota_assets: null }))).toEqual([true]);
    expect(await sends(() => upload(vault))).toEqual([false]);
    await expectKept(vault, "test", null);
  });

  it.each([false, true])("reaches D1 whichever call to it fails (it lands: %s)", async (lands) => {
    for (let failing = 1; failing <= 3; failing++) {
      const vault = await TestVault.create("old");
      await vault.upload();
      await evictDurableObject(vault.stub);
      const { batch } = flaky(vault, (call) => call === failing, lands);
      await withD1(vault, batch, async () => {
        await (await patch(vault, { name: "new", quota_assets: failing })).text();
        await work(vault, 3);
      });
      await expectKept(vault, "new", failing);
    }
  });
});

describe("a rebuild, a restart and a lost D1", () => {
  it("keep name and settings, and they act", async () => {
    const vault = await TestVault.create("old");
    await vault.upload();
    await set(vault, { name: "new", quota_assets: 1, requests_per_second: 500 });
    await evictDurableObject(vault.stub);
    await refusal(await upload(vault), 403, "QUOTA_EXCEEDED");
    await wipe(vault);
    const response = await upload(vault);
    expect(response.headers.get("RateLimit-Policy")).toBe('"default";q=500;w=1');
    await refusal(response, 403, "QUOTA_EXCEEDED");
    await expectKept(vault, "new", 1);
  });

  it.each(["nothing", "the state before", "the state before a bound was taken away"])(
    "put them back when D1 has %s",
    async (what) => {
      const vault = await TestVault.create("old");
      await vault.upload();
      if (what !== "the state before") await set(vault, { name: "between", quota_assets: 7 });
      const before = await record(vault);
      await set(vault, { name: "new", quota_assets: what === "nothing" ? 3 : null, quota_bytes: 1_000 });
      await work(vault);
      await restoreRecord(vault, what === "nothing" ? new Map() : before);
      await vault.upload();
      await expectKept(vault, "new", what === "nothing" ? 3 : null);
      expect((await report(vault)).settings.quota_bytes).toBe(1_000);
    },
  );

  it("put back the name of a vault that was never changed", async () => {
    const vault = await TestVault.create("mine");
    await vault.upload();
    await restoreRecord(vault, new Map());
    await vault.upload();
    await expectKept(vault, "mine", null);
  });
});

describe("a takeover", () => {
  it("takes over what D1 has", async () => {
    const vault = await TestVault.create("old");
    await vault.upload();
    await work(vault);
    const copy = await stored(vault);
    await set(vault, { name: "new", quota_assets: 2 });
    await putBack(vault, copy);
    await expectKept(vault, "new", 2);
    await vault.upload();
    await refusal(await upload(vault), 403, "QUOTA_EXCEEDED");
  });

  it("keeps what this start has set, and tells D1", async () => {
    const vault = await TestVault.create("old");
    await vault.upload();
    await work(vault);
    const copy = await stored(vault);
    await set(vault, { name: "in D1", quota_assets: 2 });
    await vault.upload();
    await putBack(vault, copy);
    await setAlone(vault, { name: "newest", quota_assets: 5 });
    await expectKept(vault, "newest", 5);
  });

  it("refuses nothing that it creates again, whatever the quota", async () => {
    const vault = await TestVault.create();
    await vault.upload();
    await work(vault);
    const copy = await stored(vault);
    await set(vault, { quota_assets: 2 });
    await vault.upload();
    await putBack(vault, copy);
    // This start does not know of the quota, nor of the second asset.
    await withD1(vault, down, () => Promise.all([vault.upload(), vault.upload()]));
    await work(vault, 2);
    await expectKept(vault, "test", 2);
    expect((await report(vault)).usage.assets).toBe(4);
    await refusal(await upload(vault), 403, "QUOTA_EXCEEDED");
  });

  it("one change that D1 never heard does not undo what D1 heard later", async () => {
    const vault = await TestVault.create("old");
    await vault.upload();
    await work(vault);
    const first = await stored(vault);
    await setAlone(vault, { name: "given up", quota_assets: 2 });
    const givenUp = await stored(vault);
    await putBack(vault, first);
    await set(vault, { name: "kept", quota_assets: 3 });
    await putBack(vault, givenUp);
    await work(vault, 2);
    await expectKept(vault, "kept", 3);
  });
});

it("a buried vault has no settings left, in either store", async () => {
  const vault = await TestVault.create("secret");
  await set(vault, { name: "still secret", allowed_types: ["image/secret"] });
  expect((await send(vault.path, { method: "DELETE", headers: admin })).status).toBe(202);
  await work(vault);
  await hourLater(vault);
  await work(vault);
  expect(await state(vault, "SELECT status, name, settings FROM vault")).toEqual([
    { status: "buried", name: "", settings: "{}" },
  ]);
  const row = await vault.db.prepare("SELECT name, settings FROM vaults WHERE id = ?").bind(vault.id).first();
  expect(row).toEqual({ name: "", settings: "{}" });
});

it("settings of a version that knows more than this one are kept by a change", async () => {
  const vault = await TestVault.create();
  await set(vault, { quota_assets: 3 });
  await amend(vault, `UPDATE vault SET settings = '{"rev":1,"quota_assets":3,"some_day":7}'`);
  await set(vault, { name: "x" });
  const [row] = await state<{ settings: string }>(vault, "SELECT settings FROM vault");
  expect(JSON.parse(row?.settings ?? "")).toMatchObject({ quota_assets: 3, some_day: 7 });
  const response = await send(vault.path, { headers: admin });
  expect(Object.keys((await response.json<VaultReport>()).settings)).not.toContain("some_day");
});
