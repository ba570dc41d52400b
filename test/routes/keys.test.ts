import { afterEach, describe, expect, it, vi } from "vitest";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { admin, bearer, type Page, refusal, send, TestVault, post } from "../support/api.ts";

afterEach(() => {
  vi.useRealTimers();
});

interface KeyBody {
  id: string;
  vault_id: string;
  label: string | null;
  type: string;
  scope: { partition: string; collection?: string; channel?: string } | null;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  last_used_on: string | null;
  token: string;
}

const create = async (vault: TestVault, body: unknown = {}, headers = admin): Promise<KeyBody> => {
  const response = await post(`${vault.path}/keys`, headers, body);
  expect(response.status, await response.clone().text()).toBe(201);
  return response.json();
};

const listed = async (vault: TestVault): Promise<KeyBody[]> =>
  (await (await send(`${vault.path}/keys`, { headers: admin })).json<Page<KeyBody>>()).data;

const statusWith = async (vault: TestVault, token: string): Promise<number> =>
  (await send(vault.assets, { headers: bearer(token) })).status;

describe("keys: create", () => {
  it("answers 201 with the key and, this once, its token", async () => {
    const vault = await TestVault.create();
    const key = await create(vault, { label: "ci", type: "public", expires_at: "2099-01-01T00:00:00+01:00" });
    expect(Object.keys(key)).toEqual([
      "id",
      "vault_id",
      "label",
      "type",
      "scope",
      "created_at",
      "expires_at",
      "revoked_at",
      "last_used_on",
      "token",
    ]);
    expect(key).toMatchObject({
      vault_id: vault.id,
      label: "ci",
      type: "public",
      expires_at: "2098-12-31T23:00:00Z",
      revoked_at: null,
    });
    expect(key.token).toMatch(/^pk_/);
    expect(await statusWith(vault, key.token)).toBe(200);
  });

  it("makes a secret key by default, for the vault's own secret key too", async () => {
    const vault = await TestVault.create();
    const key = await create(vault, {}, bearer(vault.secretKey));
    expect(key).toMatchObject({ type: "secret", label: null, expires_at: null });
    expect((await vault.send({}, key.token)).status).toBe(400);
  });

  it("records the key in D1 before it answers", async () => {
    const vault = await TestVault.create();
    const key = await create(vault, { label: "x" });
    const row = await vault.db.prepare("SELECT * FROM keys WHERE id = ?").bind(key.id).first();
    expect(row).toMatchObject({
      vault_id: vault.id,
      label: "x",
      type: "secret",
      kid: expect.stringMatching(/^[0-9a-f]{8}$/),
      revoked_at: null,
    });
  });

  it.each([
    [{ type: "admin" }, /^type: must be "secret", "public", "delivery" or "upload"$/],
    [{ scope: "a" }, /^scope: must be an object of partition, collection and channel$/],
    [{ scope: {} }, /^scope.partition: is required$/],
    [{ scope: { partition: "a", channel: "c" } }, /^scope: channel needs the collection that it is in$/],
    [{ scope: { partition: "a", folder: "c" } }, /^scope.folder: is none of partition, collection, channel$/],
    [{ scope: { partition: "A" } }, /^scope.partition: must be 1 to 64 lowercase/],
    [{ label: 5 }, /^label: must be a string/],
    [{ expires_at: "tomorrow" }, /^expires_at: must be an RFC 3339 time/],
    [{ expires_at: "2020-01-01T00:00:00Z" }, /^expires_at: must be a time in the future/],
    [{ expires_at: "2099-13-45T00:00:00Z" }, /^expires_at: must be an RFC 3339 time/],
    [{ expires_at: "2099-02-30T00:00:00Z" }, /^expires_at: must be an RFC 3339 time of a day that exists/],
    [{ expires_at: "2099-01-01T24:00:00Z" }, /^expires_at: must be an RFC 3339 time/],
    [[], /^the body must be a JSON object/],
  ])("refuses %j", async (body, message) => {
    const vault = await TestVault.create();
    expect(await refusal(await post(`${vault.path}/keys`, admin, body), 400, "INVALID_PARAMS")).toMatch(message);
  });
});

describe("keys: list", () => {
  it("shows every key without its token, newest first, in pages", async () => {
    const vault = await TestVault.create();
    const key = await create(vault, { label: "third" });
    const keys = await listed(vault);
    expect(keys).toHaveLength(3);
    expect(keys.map((each) => each.id)).toEqual(
      keys
        .map((each) => each.id)
        .toSorted()
        .toReversed(),
    );
    const { token, ...shown } = key;
    expect(keys[0]).toEqual(shown);
    expect(JSON.stringify(keys)).not.toContain(token.slice(-43));
    const first = await (await send(`${vault.path}/keys?limit=2`, { headers: admin })).json<Page<KeyBody>>();
    const rest = await (
      await send(`${vault.path}/keys?limit=2&cursor=${first.cursor}`, { headers: admin })
    ).json<Page<KeyBody>>();
    expect([...first.data, ...rest.data]).toEqual(keys);
    expect([first.has_more, rest.has_more, rest.cursor]).toEqual([true, false, null]);
  });
});

describe("keys: revoke", () => {
  it("answers 204, and refuses this key and no other from the very next request on", async () => {
    const vault = await TestVault.create();
    const [one, two] = [await create(vault), await create(vault)];
    const response = await send(`${vault.path}/keys/${one.id}`, { method: "DELETE", headers: bearer(vault.secretKey) });
    expect([response.status, await response.text()]).toEqual([204, ""]);
    expect(await statusWith(vault, one.token)).toBe(401);
    expect(await statusWith(vault, two.token)).toBe(200);
    expect((await listed(vault)).find((key) => key.id === one.id)?.revoked_at).toMatch(/Z$/);
    expect(await vault.db.prepare("SELECT revoked_at FROM keys WHERE id = ?").bind(one.id).first("revoked_at")).toMatch(
      /Z$/,
    );
  });

  it("answers 204 when it is repeated, and 404 for a key that never was", async () => {
    const vault = await TestVault.create();
    const { id } = await create(vault);
    const revoke = (key: string) => send(`${vault.path}/keys/${key}`, { method: "DELETE", headers: admin });
    expect((await revoke(id)).status).toBe(204);
    expect((await revoke(id)).status).toBe(204);
    await refusal(await revoke("key_01arz3ndektsv4rrffq69g5fav"), 404, "NOT_FOUND");
    await refusal(await revoke("nonsense"), 404, "NOT_FOUND");
  });

  it("lasts through the loss of the vault's own storage", async () => {
    const vault = await TestVault.create();
    const [revoked, good] = [await create(vault), await create(vault)];
    await send(`${vault.path}/keys/${revoked.id}`, { method: "DELETE", headers: admin });
    await runInDurableObject(vault.stub, async (_, state) => {
      await state.storage.deleteAlarm();
      await state.storage.deleteAll();
    });
    await evictDurableObject(vault.stub);
    expect(await statusWith(vault, revoked.token)).toBe(401);
    expect(await statusWith(vault, good.token)).toBe(200);
  });

  it("expires by itself", async () => {
    const vault = await TestVault.create();
    const { token } = await create(vault, { expires_at: new Date(Date.now() + 60_000).toISOString() });
    expect(await statusWith(vault, token)).toBe(200);
    vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ["Date"] });
    const response = await send(vault.assets, { headers: bearer(token) });
    expect(await refusal(response, 401, "UNAUTHORIZED")).toBe("this key has expired");
    expect(response.headers.get("WWW-Authenticate")).toMatch(/^Bearer /);
  });
});
