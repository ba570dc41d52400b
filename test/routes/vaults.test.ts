import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import type { ImportedLine } from "../../src/api/types.ts";
import type { Key, VaultInfo } from "../../src/model/vault.ts";
import { admin, bearer, type Page, post, refusal, send, TestVault, textFile } from "../support/api.ts";
import { exported, importPage, sendBody, sendImport, termsOf } from "../support/imports.ts";

describe("vaults: create", () => {
  it("answers 201 with the vault and its two keys, which work at once", async () => {
    const response = await post("/api/v1/vaults", admin, { name: "Tenant One" });
    expect(response.status).toBe(201);
    const body = await response.json<VaultInfo & { secret_key: string; public_key: string }>();
    expect(Object.keys(body)).toEqual(["id", "name", "created_at", "status", "secret_key", "public_key"]);
    expect(body).toMatchObject({ name: "Tenant One", status: "active" });
    expect(body.id).toMatch(/^vault_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(body.secret_key).toMatch(/^sk_[0-9a-z]{52}[\w-]{43}$/);
    expect(body.public_key).toMatch(/^pk_[0-9a-z]{52}[\w-]{43}$/);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    for (const key of [body.secret_key, body.public_key]) {
      expect((await send(`/api/v1/vaults/${body.id}/assets`, { headers: bearer(key) })).status).toBe(200);
    }
  });

  it("stores no secret: neither token is anywhere in D1", async () => {
    const vault = await TestVault.create();
    const rows = JSON.stringify([
      (await vault.db.prepare("SELECT * FROM vaults WHERE id = ?").bind(vault.id).all()).results,
      (await vault.db.prepare("SELECT * FROM keys WHERE vault_id = ?").bind(vault.id).all()).results,
    ]);
    for (const key of [vault.secretKey, vault.publicKey]) expect(rows).not.toContain(key.slice(-43));
  });

  it.each([
    [{}, "name: is required"],
    [{ name: 1 }, "name: must be a string"],
    [{ name: "" }, "name: must not be empty"],
    [{ name: "x".repeat(201) }, "name: must be at most 200 characters"],
    [{ name: "a\u0000b" }, "name: must be valid Unicode without control characters"],
    [[], "the body must be a JSON object"],
  ])("refuses %j", async (body, message) => {
    expect(await refusal(await post("/api/v1/vaults", admin, body), 400, "INVALID_PARAMS")).toBe(message);
  });
});

describe("vaults: list and get", () => {
  it("pages through all vaults of all shards, newest first, without their keys", async () => {
    const created: string[] = [];
    // The shard of a vault is chosen at random, so vaults are made until both shards have some.
    while (created.length < 6 || new Set(created.map((id) => id.at(-1))).size < 2)
      created.unshift((await TestVault.create()).id);
    const seen: VaultInfo[] = [];
    let query = "?limit=4";
    for (;;) {
      const page = await (await send(`/api/v1/vaults${query}`, { headers: admin })).json<Page<VaultInfo>>();
      seen.push(...page.data);
      if (!page.has_more) break;
      expect(page.data).toHaveLength(4);
      query = `?limit=4&cursor=${page.cursor}`;
    }
    const ids = seen.map((vault) => vault.id);
    expect(ids).toEqual([...new Set(ids)]);
    expect(ids).toEqual(ids.toSorted().toReversed());
    expect(ids.filter((id) => created.includes(id)).toSorted()).toEqual(created.toSorted());
    expect(Object.keys(seen[0] ?? {})).toEqual(["id", "name", "created_at", "status"]);
  });

  it("refuses a bad limit or cursor", async () => {
    await refusal(await send("/api/v1/vaults?limit=0", { headers: admin }), 400, "INVALID_PARAMS");
    await refusal(await send("/api/v1/vaults?cursor=x", { headers: admin }), 400, "INVALID_PARAMS");
  });

  it("shows a vault to the admin and to its own secret key", async () => {
    const vault = await TestVault.create("mine");
    for (const headers of [admin, bearer(vault.secretKey)]) {
      const response = await send(vault.path, { headers });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({
        id: vault.id,
        name: "mine",
        created_at: expect.any(String),
        status: "active",
      });
    }
    await refusal(await send(vault.path, { headers: bearer(vault.publicKey) }), 403, "FORBIDDEN");
  });

  it("answers 404 for a vault that is not there, and wakes no object", async () => {
    await refusal(await send("/api/v1/vaults/vault_01arz3ndektsv4rrffq69g5fa0", { headers: admin }), 404, "NOT_FOUND");
    await refusal(await send("/api/v1/vaults/vault_01arz3ndektsv4rrffq69g5fav", { headers: admin }), 404, "NOT_FOUND");
    await refusal(await send("/api/v1/vaults/nonsense", { headers: admin }), 404, "NOT_FOUND");
  });
});

describe("vaults: delete", () => {
  it("answers 202 and refuses the vault's keys from then on", async () => {
    const vault = await TestVault.create();
    await vault.upload();
    const response = await send(vault.path, { method: "DELETE", headers: admin });
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ id: vault.id, status: "deleting" });
    for (const key of [vault.secretKey, vault.publicKey]) {
      await refusal(await send(vault.assets, { headers: bearer(key) }), 401, "UNAUTHORIZED");
    }
    await refusal(await vault.send({}), 401, "UNAUTHORIZED");
    expect((await send(vault.path, { method: "DELETE", headers: admin })).status).toBe(202);
  });

  it("takes no write of the operator's from then on, and no import, but for revoking a key", async () => {
    const [vault, other] = [await TestVault.create(), await TestVault.create()];
    await other.upload({ file: textFile("late") });
    const lines = await exported(other);
    const [line] = lines as [ImportedLine];
    const page = { ...termsOf(lines), records: [] };
    expect(await importPage(vault, page)).toMatchObject({ done: false });
    expect((await send(vault.path, { method: "DELETE", headers: admin })).status).toBe(202);
    const { data: keys } = await (await send(`${vault.path}/keys`, { headers: admin })).json<Page<Key>>();
    const key = `${vault.path}/keys/${keys[0]?.id}`;
    for (const late of [
      await sendImport(vault, page),
      await sendBody(vault, line, "late"),
      await sendImport(vault, { ...page, records: lines }),
      await sendImport(vault, { ...page, finish: true }),
      await post(`${vault.path}/keys`, admin, {}),
      await vault.request("PATCH", key, { label: "late" }, admin),
      await vault.request("PATCH", vault.path, { name: "late" }, admin),
      await vault.request("POST", `${vault.path}/reconcile`, undefined, admin),
      await vault.request("DELETE", `${vault.path}/lost-windows`, undefined, admin),
    ]) {
      expect(await refusal(late, 409, "CONFLICT")).toBe("this vault is being deleted");
    }
    expect((await send(key, { method: "DELETE", headers: admin })).status).toBe(204);
    expect(await (await send(vault.path, { headers: admin })).json()).toMatchObject({
      name: "test",
      usage: { assets: 0 },
    });
    expect(await vault.bodies()).toEqual([]);
  });

  it("removes everything from all three stores, and in the end the vault itself", async () => {
    const [vault, other] = [await TestVault.create(), await TestVault.create()];
    for (let i = 0; i < 3; i++) await vault.upload();
    await other.upload();
    await send(vault.path, { method: "DELETE", headers: admin });
    await vi.waitFor(async () => {
      expect(await vault.bodies()).toEqual([]);
      expect(await vault.recorded()).toEqual([]);
      expect(
        await runInDurableObject(
          vault.stub,
          (_, state) => state.storage.sql.exec("SELECT count(*) AS n FROM assets").one()["n"],
        ),
      ).toBe(0);
    }, 5_000);
    // An upload was under way when the vault was deleted.
    await env.BUCKET.put(`${vault.id}/.staging/late`, "x");
    expect(await (await send(vault.path, { headers: admin })).json()).toMatchObject({ status: "deleting" });
    // Hours pass, and no upload can be under way any more.
    await runInDurableObject(vault.stub, (_, state) => {
      state.storage.sql.exec("UPDATE vault SET deleted_at = '2026-01-01T00:00:00Z'");
    });
    await evictDurableObject(vault.stub);
    await runDurableObjectAlarm(vault.stub);
    expect(await vault.bodies()).toEqual([]);
    await refusal(await send(vault.path, { headers: admin }), 404, "NOT_FOUND");
    await refusal(await send(vault.assets, { headers: bearer(vault.secretKey) }), 401, "UNAUTHORIZED");
    await runInDurableObject(vault.stub, async (_, state) => {
      // Nothing is left but the knowledge that the vault is gone.
      expect(
        state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
      ).toEqual([{ name: "vault" }]);
      expect(await state.storage.getAlarm()).toBeNull();
    });
    expect(
      (await vault.db.prepare("SELECT status, name FROM vaults WHERE id = ?").bind(vault.id).first()) ?? {},
    ).toEqual({ status: "deleted", name: "" });
    expect((await other.list()).data).toHaveLength(1);
    expect(await other.bodies()).toHaveLength(1);
  });
});
