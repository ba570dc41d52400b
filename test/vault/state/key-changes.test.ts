/**
 * What changes of a key, and what never does, whatever the stores lose: an expiry that came nearer stays so, and a scope
 * stays with its key. And when a key was last used, which may be lost.
 */

import { afterEach, describe, expect, it, vi } from "vitest";
import type { KeyInfo } from "../../../src/api/types.ts";
import { timestamp } from "../../../src/model/time.ts";
import { admin, bearer, type Page, post, refusal, send, TestVault } from "../../support/api.ts";
import { amend, putBack, record, restoreRecord, state, stored, wipe, work } from "../../support/history.ts";
import { down, withD1 } from "../../support/outage.ts";
import { reconcile, report, withoutGrace } from "../../support/stores.ts";

const SAVED_MS = 300;

vi.mock(import("../../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../../support/short-retries.ts")),
  USES_SAVED_MS: 300,
}));

withoutGrace();

afterEach(() => {
  vi.useRealTimers();
});

const SCOPE = { partition: "marketing", collection: "blog" };
const LATER = "2099-01-01T00:00:00Z";
const EARLIER = "2090-01-01T00:00:00Z";

const create = async (vault: TestVault, fields: object): Promise<KeyInfo & { token: string }> =>
  (await post(`${vault.path}/keys`, admin, fields)).json();

const change = (vault: TestVault, id: string, fields: object, headers = admin): Promise<Response> =>
  send(`${vault.path}/keys/${id}`, {
    method: "PATCH",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify(fields),
  });

const shown = async (vault: TestVault, id: string): Promise<KeyInfo | undefined> =>
  (await (await send(`${vault.path}/keys`, { headers: admin })).json<Page<KeyInfo>>()).data.find(
    (key) => key.id === id,
  );

const inD1 = (vault: TestVault, id: string) =>
  vault.db.prepare("SELECT label, expires_at, scope FROM keys WHERE id = ?").bind(id).first();

const inVault = async (vault: TestVault, id: string) =>
  (await state(vault, "SELECT label, expires_at, scope FROM keys WHERE id = ?", id))[0];

describe("keys: update", () => {
  it("changes the label, and has the key expire earlier, in both stores", async () => {
    const vault = await TestVault.create();
    const { id, token, ...made } = await create(vault, { label: "site", scope: SCOPE });
    for (const [fields, becomes] of [
      [{ label: "old site" }, { label: "old site", expires_at: null }],
      [{ expires_at: LATER }, { label: "old site", expires_at: LATER }],
      [
        { expires_at: EARLIER, label: null },
        { label: null, expires_at: EARLIER },
      ],
      [{ expires_at: EARLIER }, { label: null, expires_at: EARLIER }],
    ] as const) {
      const response = await change(vault, id, fields, bearer(vault.secretKey));
      expect([response.status, await response.json()]).toEqual([200, { ...made, id, ...becomes }]);
      expect(await inD1(vault, id)).toEqual({ ...becomes, scope: JSON.stringify(SCOPE) });
    }
    expect((await send(vault.assets, { headers: bearer(token) })).status).toBe(200);
  });

  it("acts on the very next request", async () => {
    const vault = await TestVault.create();
    const { id, token } = await create(vault, {});
    expect((await change(vault, id, { expires_at: timestamp(Date.now() + 60_000) })).status).toBe(200);
    expect((await send(vault.assets, { headers: bearer(token) })).status).toBe(200);
    vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ["Date"] });
    const refused = await send(vault.assets, { headers: bearer(token) });
    expect(await refusal(refused, 401, "UNAUTHORIZED")).toBe("this key has expired");
    expect(await refusal(await change(vault, id, { label: "x" }), 409, "CONFLICT")).toMatch(/^the key has expired/);
  });

  it("is refused for a later expiry, for nothing, for what cannot change, and for a key that is no more", async () => {
    const vault = await TestVault.create();
    const { id } = await create(vault, { expires_at: EARLIER });
    for (const [fields, message] of [
      [{ expires_at: LATER }, `expires_at: must not be later than it is: ${EARLIER}`],
      [{ expires_at: null }, "expires_at: must be a string"],
      [{ expires_at: "2020-01-01T00:00:00Z" }, "expires_at: must be a time in the future"],
      [{}, "at least one of label, expires_at must be given"],
      [{ scope: SCOPE }, "scope: unknown"],
      [{ type: "public" }, "type: unknown"],
    ] as const) {
      expect(await refusal(await change(vault, id, fields), 400, "INVALID_PARAMS")).toContain(message);
    }
    await send(`${vault.path}/keys/${id}`, { method: "DELETE", headers: admin });
    expect(await refusal(await change(vault, id, { label: "x" }), 409, "CONFLICT")).toMatch(
      /^the key has been revoked/,
    );
    await refusal(await change(vault, "key_01arz3ndektsv4rrffq69g5fav", { label: "x" }), 404, "NOT_FOUND");
    await refusal(await change(vault, "nonsense", { label: "x" }), 404, "NOT_FOUND");
  });

  it("answers 503 while D1 does not have it, acts nevertheless, and succeeds when it is repeated", async () => {
    const vault = await TestVault.create();
    const { id } = await create(vault, {});
    const fields = { expires_at: EARLIER, label: "soon" };
    await withD1(vault, down, async () => {
      const message = await refusal(await change(vault, id, fields), 503, "UNAVAILABLE");
      expect(message).toMatch(/acts already/);
      expect(await shown(vault, id)).toMatchObject(fields);
    });
    // The first repeat may still meet the attempt that D1 refused.
    await expect.poll(async () => (await change(vault, id, fields)).status).toBe(200);
    expect(await inD1(vault, id)).toMatchObject(fields);
  });
});

describe("keys: what was lost", () => {
  /** A key whose expiry came nearer after `before`, which is what both stores had then. */
  async function changed() {
    const vault = await TestVault.create();
    const key = await create(vault, { expires_at: LATER, label: "old", scope: SCOPE, type: "secret" });
    const before = { storage: await stored(vault), d1: await record(vault) };
    expect((await change(vault, key.id, { expires_at: EARLIER, label: "new" })).status).toBe(200);
    return { vault, key, before };
  }

  const EXPECTED = { expires_at: EARLIER, label: "new", scope: JSON.stringify(SCOPE) };

  /** The key is as it was last, in both stores, and reaches what it did. */
  async function expectKept({ vault, key }: Awaited<ReturnType<typeof changed>>): Promise<void> {
    await work(vault, 3);
    expect(await inVault(vault, key.id)).toEqual(EXPECTED);
    expect(await inD1(vault, key.id)).toEqual(EXPECTED);
    await vault.upload({ collection: "shop" });
    const { id } = await vault.upload();
    const page = await (await send(vault.assets, { headers: bearer(key.token) })).json<Page>();
    expect(page.data.map((asset) => asset.id)).toEqual([id]);
    await refusal(await send(`${vault.path}/keys`, { headers: bearer(key.token) }), 403, "FORBIDDEN");
  }

  it("a vault that lost its storage has its keys as they were", async () => {
    const scene = await changed();
    await wipe(scene.vault);
    await expectKept(scene);
  });

  it("a vault whose storage went back takes D1's", async () => {
    const scene = await changed();
    await putBack(scene.vault, scene.before.storage);
    await expectKept(scene);
  });

  it("a D1 that went back is told again", async () => {
    const scene = await changed();
    await restoreRecord(scene.vault, scene.before.d1);
    await scene.vault.upload({ collection: "other" });
    await expectKept(scene);
  });

  it("a takeover keeps the earlier expiry, whichever side has it", async () => {
    const scene = await changed();
    const { vault, key, before } = scene;
    await putBack(vault, before.storage);
    // D1 has a history that this storage does not know, and in it a later expiry.
    await vault.db.prepare("UPDATE keys SET expires_at = ? WHERE id = ?").bind(LATER, key.id).run();
    await amend(vault, "UPDATE keys SET expires_at = ? WHERE id = ?", EARLIER, key.id);
    await expectKept(scene);
  });

  it("a reconciliation tells D1 what it has otherwise, and its scope if it has lost that", async () => {
    const scene = await changed();
    const { vault, key } = scene;
    const sql = "UPDATE keys SET expires_at = NULL, label = 'x', scope = NULL WHERE id = ?";
    await vault.db.prepare(sql).bind(key.id).run();
    expect((await reconcile(vault)).restored).toBe(1);
    await expectKept(scene);
    expect((await reconcile(vault)).restored).toBe(0);
  });

  it("a scope that only D1 still has is not overwritten", async () => {
    const scene = await changed();
    const { vault, key, before } = scene;
    await putBack(vault, before.storage);
    await amend(vault, "UPDATE keys SET scope = NULL WHERE id = ?", key.id);
    await expectKept(scene);
  });

  it.each(["", "{}", "null", '{"partition":"A"}', '{"partition":"a","channel":"c"}', '{"partition":"a","x":"b"}'])(
    "a key with the scope %j is refused, and can be seen and revoked",
    async (scope) => {
      const { vault, key } = await changed();
      await amend(vault, "UPDATE keys SET scope = ? WHERE id = ?", scope, key.id);
      const refused = await send(vault.assets, { headers: bearer(key.token) });
      expect(await refusal(refused, 401, "UNAUTHORIZED")).toMatch(/^this key cannot be used/);
      expect(await shown(vault, key.id)).toMatchObject({ scope: { partition: "?" } });
      expect((await send(`${vault.path}/keys/${key.id}`, { method: "DELETE", headers: admin })).status).toBe(204);
      // The same from D1.
      const other = await create(vault, { scope: SCOPE });
      await vault.db.prepare("UPDATE keys SET scope = ? WHERE id = ?").bind(scope, other.id).run();
      await wipe(vault);
      await refusal(await send(vault.assets, { headers: bearer(other.token) }), 401, "UNAUTHORIZED");
    },
  );
});

describe("keys: when they were last used", () => {
  const today = (): string => new Date().toISOString().slice(0, 10);

  /** The day that each key's row says. */
  const saved = async (vault: TestVault): Promise<Record<string, unknown>> => {
    const rows = await state<{ id: string; last_used_on: string | null }>(vault, "SELECT id, last_used_on FROM keys");
    return Object.fromEntries(rows.map(({ id, last_used_on }) => [id, last_used_on]));
  };

  it("is shown at once, and saved soon, without a revision", async () => {
    const vault = await TestVault.create();
    const { id, token, last_used_on } = await create(vault, { type: "public" });
    expect(last_used_on).toBe(null);
    expect((await shown(vault, id))?.last_used_on).toBe(null);
    const { rev } = await report(vault);
    expect((await send(vault.assets, { headers: bearer(token) })).status).toBe(200);
    expect((await shown(vault, id))?.last_used_on).toBe(today());
    expect((await saved(vault))[id]).toBe(null);
    await new Promise((resolve) => setTimeout(resolve, 2 * SAVED_MS));
    expect((await saved(vault))[id]).toBe(today());
    expect((await report(vault)).rev).toBe(rev);
  });

  it("is saved with the next change, and once a day", async () => {
    const vault = await TestVault.create();
    const { id, token } = await create(vault, {});
    await send(vault.assets, { headers: bearer(token) });
    await vault.upload();
    expect((await saved(vault))[id]).toBe(today());
    await amend(vault, "UPDATE keys SET last_used_on = '2020-02-02'");
    expect((await shown(vault, id))?.last_used_on).toBe("2020-02-02");
    await vault.upload();
    expect(await saved(vault)).toMatchObject({ [id]: "2020-02-02" });
    await send(vault.assets, { headers: bearer(token) });
    const changed = await vault.request("PATCH", `${vault.path}/keys/${id}`, { label: "used" });
    expect(await changed.json()).toMatchObject({ label: "used", last_used_on: today() });
    expect((await saved(vault))[id]).toBe(today());
    // Whatever says otherwise stays now, for no row is written twice a day.
    await state(vault, "UPDATE keys SET last_used_on = 'x'");
    await send(vault.assets, { headers: bearer(token) });
    await vault.upload();
    expect((await saved(vault))[id]).toBe("x");
  });

  it("counts what a link does, but no refused request, and is lost with the vault's storage", async () => {
    const vault = await TestVault.create();
    const asset = await vault.upload();
    const made = await vault.request("POST", `${vault.assets}/${asset.id}/links`, {});
    const { pathname, search } = new URL((await made.json<{ url: string }>()).url);
    await work(vault);
    await amend(vault, "UPDATE keys SET last_used_on = NULL");
    const { id, token } = await create(vault, { type: "upload" });
    await refusal(await send(vault.assets, { headers: bearer(token) }), 403, "FORBIDDEN");
    expect((await send(pathname + search)).status).toBe(200);
    const keys = (await (await send(`${vault.path}/keys`, { headers: admin })).json<Page<KeyInfo>>()).data;
    const used = Object.fromEntries(keys.map((key) => [key.type, key.last_used_on]));
    expect(used).toEqual({ secret: today(), public: null, upload: expect.anything() });
    await vault.upload();
    await wipe(vault);
    expect((await shown(vault, id))?.last_used_on).toBe(null);
  });
});
