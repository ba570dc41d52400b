/** Receipts: what becomes of them as days go by, when storage is lost, and when answers are lost. */

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AssetRecord } from "../../../src/model/asset.ts";
import { admin, refusal, send, TestVault } from "../../support/api.ts";
import { putBack, state, stored, wipe, work } from "../../support/history.ts";
import { interposed, reset } from "../../support/interposed.ts";
import { begun, expectReplay, idsOf, isReplayed, told, upload } from "../../support/keyed.ts";
import { withoutD1 } from "../../support/outage.ts";
import { expectAgreement } from "../../support/stores.ts";

/** Milliseconds. */
const times = vi.hoisted(() => ({ running: 400 }));

vi.mock(import("../../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  get RUNNING_MS() {
    return times.running;
  },
}));
vi.mock(import("../../../src/upload/limits.ts"), async (original) => ({
  ...(await original()),
  RUNNING_SIGN_MS: 100,
  COMMIT_MS: 1_500,
}));

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

afterEach(() => {
  vi.restoreAllMocks();
});

const realNow = Date.now.bind(Date);
/** The beginning of the day after tomorrow (UTC), so that no time of a test lies before the present. */
const firstDay = (Math.floor(realNow() / DAY) + 2) * DAY;

/** Makes it be so many hours after the beginning of the test's first day. Time goes on from there. */
function at(hours: number): void {
  const shift = firstDay + hours * HOUR - realNow();
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + shift);
}

const patch = (vault: TestVault, id: string, key: string, n: number): Promise<Response> =>
  vault.patch(id, { metadata: { n } }, { "Idempotency-Key": key });

const receiptsOf = async (vault: TestVault): Promise<number> =>
  (await state<{ receipts: number }>(vault, "SELECT count(*) AS receipts FROM receipts"))[0]?.receipts ?? Number.NaN;

/** Adds receipts of a day of long ago, as another API key's. */
const addOld = (vault: TestVault, count: number): Promise<unknown> =>
  state(
    vault,
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
     INSERT INTO receipts SELECT '00009000/' || i, 'f', 1, '{}' FROM n`,
  );

describe("receipts", () => {
  it("count on their day and the next, and no longer", async () => {
    at(1);
    const vault = await TestVault.create();
    const a = await told(await upload(vault, "a"));
    at(23);
    await expectReplay(await upload(vault, "a"), a);
    at(24.5);
    await expectReplay(await upload(vault, "a"), a);
    const b = await told(await upload(vault, "b"));
    at(47.5);
    await expectReplay(await upload(vault, "a"), a);
    await expectReplay(await upload(vault, "b"), b);
    at(48.5);
    await expectReplay(await upload(vault, "b"), b);
    const again = await upload(vault, "a");
    expect([again.status, isReplayed(again)]).toEqual([201, false]);
    await expectReplay(await upload(vault, "a"), await told(again));
    await expectReplay(await upload(vault, "b"), b);
    // A day without a receipt lies between.
    at(97);
    for (const key of ["a", "b"]) expect(isReplayed(await upload(vault, key))).toBe(false);
    expect(await idsOf(vault)).toHaveLength(5);
  });

  it("of one group, on the first of a day, are all kept", async () => {
    at(1);
    const vault = await TestVault.create();
    const ids = await Promise.all(Array.from({ length: 8 }, async () => (await vault.upload()).id));
    const old = await told(await upload(vault, "old"));
    at(25);
    const firsts = await Promise.all(ids.map(async (id, n) => told(await patch(vault, id, `k${n}`, n))));
    expect(await receiptsOf(vault)).toBe(9);
    for (const [n, id] of ids.entries()) await expectReplay(await patch(vault, id, `k${n}`, n), firsts[n] ?? {});
    await expectReplay(await upload(vault, "old"), old);
  });

  it("that count no more are forgotten by the alarm", async () => {
    at(1);
    const vault = await TestVault.create();
    await upload(vault, "a");
    at(25);
    await upload(vault, "b");
    at(47);
    await work(vault);
    expect(await receiptsOf(vault)).toBe(2);
    at(71);
    await work(vault);
    expect(await receiptsOf(vault)).toBe(1);
    at(73);
    await work(vault);
    expect(await receiptsOf(vault)).toBe(0);
    expect(isReplayed(await upload(vault, "b"))).toBe(false);
    await expectReplay(await upload(vault, "b"), await told(await upload(vault, "b")));
  });

  it("are forgotten a thousand at a time, by an alarm that comes again at once", async () => {
    const vault = await TestVault.create();
    const first = await told(await upload(vault, "a"));
    await work(vault);
    await addOld(vault, 2_500);
    for (const left of [1_501, 501, 1]) {
      await work(vault);
      expect(await receiptsOf(vault)).toBe(left);
      const due = await runInDurableObject(vault.stub, (_, { storage }) => storage.getAlarm());
      if (left > 1) expect(due).toBeLessThanOrEqual(Date.now());
      // The weekly reconciliation is then all that is left to wake for.
      else expect(due).toBeGreaterThan(Date.now() + DAY);
    }
    await expectReplay(await upload(vault, "a"), first);
  });

  it("go with their vault", async () => {
    const vault = await TestVault.create();
    await upload(vault, "a");
    await addOld(vault, 12_000);
    await send(vault.path, { method: "DELETE", headers: admin });
    await work(vault);
    expect(await receiptsOf(vault)).toBe(0);
  });

  it("are kept and forgotten while pages of lists and searches are read, or left unread", async () => {
    const vault = await TestVault.create();
    const metadata = JSON.stringify({ text: "x".repeat(10_000) });
    for (let n = 0; n < 5; n++) await vault.upload({ filename: `hello-${n}`, metadata });
    const { id } = await vault.upload();
    const page = await vault.list({ q: "hello", limit: 2 });
    expect([page.data.length, page.has_more]).toEqual([2, true]);
    const first = await told(await upload(vault, "a"));
    expect(first).toMatchObject({ status: 201 });
    for (let n = 0; n < 45; n++) await vault.upload({ filename: `large-${n}`, metadata });
    // Too large to be one string: it is streamed, and nobody reads it.
    const streamed = await vault.request("GET", `${vault.assets}?limit=50`);
    expect(streamed.status).toBe(200);
    expect((await patch(vault, id, "b", 1)).status).toBe(200);
    await addOld(vault, 10);
    await work(vault);
    expect(await receiptsOf(vault)).toBe(2);
    await expectReplay(await upload(vault, "a"), first);
    await streamed.body?.cancel();
  });

  it("survive a restart, and say what became of the first write since", async () => {
    const vault = await TestVault.create();
    await vault.list();
    const response = await withoutD1(vault, () => upload(vault, "k"));
    expect(response.headers.get("Strongroom-Durability")).toBe("queued");
    const first = await told(response);
    await evictDurableObject(vault.stub);
    const queued = await withoutD1(vault, () => upload(vault, "k"));
    expect(queued.headers.get("Strongroom-Durability")).toBe("queued");
    await expectReplay(queued, first);
    await work(vault);
    const recorded = await upload(vault, "k");
    expect(recorded.headers.has("Strongroom-Durability")).toBe(false);
    await expectReplay(recorded, first);
    await expectAgreement(vault);
  });

  it("do not survive the vault's storage: a repeat is carried out again", async () => {
    const vault = await TestVault.create();
    await upload(vault, "k");
    await wipe(vault);
    const again = await upload(vault, "k");
    expect([again.status, isReplayed(again)]).toEqual([201, false]);
    await expectReplay(await upload(vault, "k"), await told(again));
    expect(await idsOf(vault)).toHaveLength(2);
  });

  it("do not survive a takeover: what they tell of may not have lasted", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    await patch(vault, id, "old", 1);
    const copy = await stored(vault);
    await patch(vault, id, "new", 2);
    await putBack(vault, copy);
    await work(vault);
    const again = await patch(vault, id, "old", 1);
    expect([again.status, isReplayed(again)]).toEqual([200, false]);
    expect(isReplayed(await patch(vault, id, "new", 2))).toBe(false);
    // The old one is still there, and counts no more.
    expect(await receiptsOf(vault)).toBe(3);
    await expectAgreement(vault);
  });

  it("hold the longest record there can be", async () => {
    const vault = await TestVault.create();
    // Each of these characters stands in a string, in a string, in a string.
    const metadata = JSON.stringify({ a: '"'.repeat(32_760) });
    const tags = JSON.stringify(["\\".repeat(32_760)]);
    const patchAll = (): Promise<Response> =>
      vault.patch(id, `{"metadata":${metadata},"tags":${tags}}`, { "Idempotency-Key": "k" });
    const { id } = await vault.upload();
    const response = await patchAll();
    const first = await told(response);
    expect(first).toMatchObject({ status: 200 });
    await expectReplay(await patchAll(), first);
    const [longest] = await state<{ n: number }>(vault, "SELECT max(length(answer)) AS n FROM receipts");
    expect(longest?.n).toBeGreaterThan(500_000);
    expect(longest?.n).toBeLessThan(600_000);
  });
});

describe("an upload whose answer was lost", () => {
  it("between vault and router: is told of as if nothing had happened", async () => {
    const vault = await TestVault.create();
    const bindings = interposed(async (call, n) => {
      const answer = await call();
      if (n > 1) return answer;
      throw reset();
    });
    const response = await upload(vault, "k", "hello", { bindings });
    expect([response.status, isReplayed(response)]).toEqual([201, false]);
    await expectReplay(await upload(vault, "k"), await told(response));
    expect([(await idsOf(vault)).length, (await vault.bodies()).length]).toEqual([1, 1]);
  });

  it.each(["patched", "deleted"])("and whose asset was %s since: gets the first answer", async (what) => {
    for (const error of [reset(), new Error("no object")]) {
      const vault = await TestVault.create();
      let asset: AssetRecord | undefined;
      const bindings = interposed(async (call, n) => {
        const answer = await call();
        if (n > 1) return answer;
        asset = (await vault.list()).data[0];
        const id = asset?.id ?? "";
        expect((await (what === "patched" ? vault.patch(id, { tags: ["x"] }) : vault.delete(id))).ok).toBe(true);
        throw error;
      });
      const response = await upload(vault, "k", "hello", { bindings });
      expect([response.status, isReplayed(response)]).toEqual([201, false]);
      const first = await told(response);
      expect(first).toMatchObject({ body: JSON.stringify(asset), etag: '"1"' });
      await expectReplay(await upload(vault, "k"), first);
      await work(vault);
      expect((await vault.bodies()).length).toBe(what === "patched" ? 1 : 0);
    }
  });

  it("with that of every call after it: 503, and the repeat is told of the first", async () => {
    const vault = await TestVault.create();
    let record: AssetRecord | undefined;
    const commits = interposed(async (call) => {
      await call();
      record ??= (await vault.list()).data[0];
      throw new Error("no answer");
    });
    const getByName = (name: string): object =>
      new Proxy(commits.VAULT.getByName(name), {
        get: (stub, method) =>
          method === "resolveUpload"
            ? () => Promise.reject(new Error("no answer"))
            : (Reflect.get(stub, method) as unknown),
      });
    const bindings = { ...commits, VAULT: { getByName } } as unknown as typeof commits;
    await refusal(await upload(vault, "k", "hello", { bindings }), 503, "UNAVAILABLE");
    const again = await upload(vault, "k");
    expect(isReplayed(again)).toBe(true);
    expect(await again.json()).toEqual(record);
    expect([(await idsOf(vault)).length, (await vault.bodies()).length]).toEqual([1, 1]);
  });

  it("while another request with its key is committed: gets that one's answer, whenever its own commit comes", async () => {
    const vault = await TestVault.create();
    let other: object = {};
    let late: () => Promise<unknown> = () => Promise.reject(new Error("there was no commit"));
    const bindings = interposed(async (call, n) => {
      if (n > 1) throw new Error("no object");
      late = call;
      // The first request counts as running, until it is taken for dead.
      await new Promise((resolve) => setTimeout(resolve, 50));
      await vi.waitFor(async () => {
        const answer = await upload(vault, "k");
        expect(answer.status).toBe(201);
        other = await told(answer);
      }, 3_000);
      throw new Error("no answer");
    });
    // No sign of life comes. What it returns is a timer, for the code clears it: a number could be another one's.
    const { setTimeout } = globalThis;
    vi.spyOn(globalThis, "setInterval").mockImplementation(() => setTimeout(() => {}, 0));
    await expectReplay(await upload(vault, "k", "hello", { bindings }), other);
    expect(await late()).toMatchObject({ ok: true, isReplayed: true });
    await work(vault);
    expect([(await idsOf(vault)).length, (await vault.bodies()).length]).toEqual([1, 1]);
    await expectAgreement(vault);
  });
});

describe("an upload that is running", () => {
  const caller = (vault: TestVault, request = "req_test") => {
    const keyId = `key_${vault.secretKey.slice(29, 55)}`;
    return { actor: { kind: "key", vaultId: vault.id, keyId, type: "secret" }, request } as const;
  };
  const NOTHING_KNOWN = { fields: undefined, bytes: undefined };

  it("counts as running for as long as it gives signs of life", async () => {
    const vault = await TestVault.create();
    const { answer, finish } = await begun(vault, "k");
    await new Promise((resolve) => setTimeout(resolve, 2 * times.running));
    await refusal(await upload(vault, "k"), 409, "CONFLICT");
    finish();
    expect((await answer).status).toBe(201);
    // One whose router has died gives none.
    times.running = 60_000;
    try {
      expect(await vault.rpc.beginUpload(caller(vault), "dead", NOTHING_KNOWN)).toMatchObject({ ok: true });
    } finally {
      times.running = 400;
    }
    await refusal(await upload(vault, "dead"), 409, "CONFLICT");
    vi.spyOn(Date, "now").mockImplementation(() => realNow() + 60_000);
    expect((await upload(vault, "dead")).status).toBe(201);
  });

  it("runs no longer once it is committed, however long its answer takes", async () => {
    const vault = await TestVault.create();
    const bindings = interposed(async (call) => {
      const answer = await call();
      await new Promise((resolve) => setTimeout(resolve, 250));
      return answer;
    });
    const first = await told(await upload(vault, "k", "hello", { bindings }));
    await expectReplay(await upload(vault, "k"), first);
  });

  it("is remembered with 999 others, and not asked about when its key was revoked", async () => {
    const vault = await TestVault.create();
    const begin = (key: string): Promise<unknown> => vault.rpc.beginUpload(caller(vault), key, NOTHING_KNOWN);
    times.running = 60_000;
    try {
      await Promise.all(Array.from({ length: 1_001 }, (_, n) => begin(`k${n}`)));
    } finally {
      times.running = 400;
    }
    await refusal(await upload(vault, "k0"), 409, "CONFLICT");
    expect((await upload(vault, "k1000")).status).toBe(201);
    await vault.rpc.endUpload(caller(vault, "req_other"), "k1");
    await refusal(await upload(vault, "k1"), 409, "CONFLICT");
    await vault.rpc.endUpload(caller(vault), "k1");
    expect((await upload(vault, "k1")).status).toBe(201);
    await send(`${vault.path}/keys/${caller(vault).actor.keyId}`, { method: "DELETE", headers: admin });
    await refusal(await upload(vault, "k0"), 401, "UNAUTHORIZED");
  });
});
