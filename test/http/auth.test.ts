import { env } from "cloudflare:workers";
import { listDurableObjectIds } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { mintToken } from "../../src/http/auth.ts";
import { newAssetId } from "../../src/model/id.ts";
import { admin, bearer, PATH, refusal, send, TestVault, textFile } from "../support/api.ts";

describe("who may do what", () => {
  it("is refused in this order: 404 and 405, then 401, 403, 400, 404", async () => {
    const [vault, other] = [await TestVault.create(), await TestVault.create()];
    const patch = (token: string | undefined, id: string, body: string) =>
      send(`${vault.assets}/${id}`, {
        method: "PATCH",
        headers: { ...(token === undefined ? {} : bearer(token)), "Content-Type": "application/json" },
        body,
      });
    const id = newAssetId();
    await refusal(await send(`${vault.assets}/a/b/c`), 404, "NOT_FOUND");
    await refusal(await send(vault.assets, { method: "PUT" }), 405, "METHOD_NOT_ALLOWED");
    await refusal(await patch(undefined, id, "{"), 401, "UNAUTHORIZED");
    await refusal(await patch("sk_nonsense", id, "{"), 401, "UNAUTHORIZED");
    await refusal(await patch(other.secretKey, id, "{"), 403, "FORBIDDEN");
    await refusal(await patch(vault.publicKey, id, "{"), 403, "FORBIDDEN");
    await refusal(await patch(env.ADMIN_TOKEN, id, "{"), 403, "FORBIDDEN");
    await refusal(await patch(vault.secretKey, id, "{"), 400, "INVALID_PARAMS");
    await refusal(await patch(vault.secretKey, id, '{"tags":[]}'), 404, "ASSET_NOT_FOUND");
  });

  it("is refused with a revoked key before any other refusal", async () => {
    const [vault, other] = [await TestVault.create(), await TestVault.create()];
    const keys = await (await send(`${vault.path}/keys`, { headers: admin })).json<{ data: { id: string }[] }>();
    for (const { id } of keys.data) await send(`${vault.path}/keys/${id}`, { method: "DELETE", headers: admin });
    const requests: [string, RequestInit, string][] = [
      [vault.assets, { method: "POST", body: "x" }, vault.secretKey], // 415 with a key that acts
      [vault.assets, { method: "POST", body: "x" }, vault.publicKey], // 403 with a key that acts
      [other.assets, {}, vault.secretKey], // 403 with a key that acts
      [`${vault.assets}?limit=0`, {}, vault.publicKey], // 400 with a key that acts
      [`${vault.assets}/nonsense`, {}, vault.publicKey], // 404 with a key that acts
      [`${vault.assets}/nonsense`, { method: "DELETE" }, vault.secretKey],
    ];
    for (const [path, init, token] of requests) {
      const response = await send(path, { ...init, headers: bearer(token) });
      expect(await refusal(response, 401, "UNAUTHORIZED")).toBe("this key has been revoked");
    }
    await refusal(await vault.send({ ...PATH, file: textFile() }), 401, "UNAUTHORIZED");
    expect(await vault.bodies()).toEqual([]);
  });

  it("is to read, and nothing else, with a public key", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const as = bearer(vault.publicKey);
    expect((await send(vault.assets, { headers: as })).status).toBe(200);
    expect((await send(`${vault.assets}/${id}`, { headers: as })).status).toBe(200);
    await refusal(await vault.send({ ...PATH, file: textFile() }, vault.publicKey), 403, "FORBIDDEN");
    for (const [method, path] of [
      ["PATCH", `${vault.assets}/${id}`],
      ["DELETE", `${vault.assets}/${id}`],
      ["GET", `${vault.path}/keys`],
      ["POST", `${vault.path}/keys`],
    ]) {
      await refusal(await send(path ?? "", { method: method ?? "", headers: as }), 403, "FORBIDDEN");
    }
  });

  it("is to administer vaults with the admin token alone", async () => {
    const vault = await TestVault.create();
    for (const [method, path] of [
      ["POST", "/api/v1/vaults"],
      ["GET", "/api/v1/vaults"],
      ["DELETE", vault.path],
    ]) {
      await refusal(
        await send(path ?? "", { method: method ?? "", headers: bearer(vault.secretKey) }),
        403,
        "FORBIDDEN",
      );
      await refusal(await send(path ?? "", { method: method ?? "" }), 401, "UNAUTHORIZED");
    }
  });

  it("is nothing of assets with the admin token", async () => {
    const vault = await TestVault.create();
    await refusal(await send(vault.assets, { headers: admin }), 403, "FORBIDDEN");
  });
});

describe("tokens", () => {
  it("refuses a token with any one character changed, and wakes no vault for it", async () => {
    const vault = await TestVault.create();
    const before = (await listDurableObjectIds(env.VAULT)).length;
    for (let i = 0; i < vault.secretKey.length; i++) {
      const character = vault.secretKey[i] === "a" ? "b" : "a";
      const token = vault.secretKey.slice(0, i) + character + vault.secretKey.slice(i + 1);
      const response = await send(vault.assets, { headers: bearer(token) });
      expect(response.headers.get("WWW-Authenticate")).toBe('Bearer realm="strongroom", error="invalid_token"');
      await refusal(response, 401, "UNAUTHORIZED");
    }
    expect((await listDurableObjectIds(env.VAULT)).length).toBe(before);
  });

  it("refuses a token that was re-typed, cut, extended or spelled otherwise", async () => {
    const vault = await TestVault.create();
    const { secretKey: key } = vault;
    const last = key.at(-1) ?? "";
    // The last character carries four bits, so three other characters decode to the same bytes.
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const twin = alphabet[alphabet.indexOf(last) ^ 1] ?? "";
    for (const token of [
      key.replace("sk_", "pk_"),
      key.slice(0, -1),
      `${key}A`,
      key.slice(0, -1) + twin,
      key.toUpperCase(),
      "",
      "sk_",
      `${key}=`,
    ]) {
      await refusal(await send(vault.assets, { headers: bearer(token) }), 401, "UNAUTHORIZED");
    }
  });

  it.each(["", "Basic abc", "Bearer", "Bearer a b", "Token x"])("refuses the Authorization %j", async (value) => {
    const vault = await TestVault.create();
    const response = await send(vault.assets, { headers: { Authorization: value } });
    expect(response.headers.get("WWW-Authenticate")).toMatch(/^Bearer realm="strongroom"/);
    await refusal(response, 401, "UNAUTHORIZED");
  });

  it("takes the scheme in any case", async () => {
    const vault = await TestVault.create();
    expect((await send(vault.assets, { headers: { Authorization: `bearer  ${vault.secretKey}` } })).status).toBe(200);
  });

  it("takes a token that the previous secret signed, and says in each key's row which secret signed it", async () => {
    const vault = await TestVault.create();
    const old = { ...env, KEY_SECRET: "an-older-secret-0123456789-0123456789" };
    const keys = await (
      await send(`${vault.path}/keys`, { headers: admin })
    ).json<{ data: { id: string; type: string }[] }>();
    const keyId = keys.data.find((key) => key.type === "secret")?.id ?? "";
    const { token, kid } = await mintToken(old, { type: "secret", vaultId: vault.id, keyId });
    const { kid: current } = await mintToken(env, { type: "secret", vaultId: vault.id, keyId });
    expect(kid).not.toBe(current);
    const request = new Request(`https://x${vault.assets}`, { headers: bearer(token) });
    const { handle } = await import("../../src/router.ts");
    expect((await handle(request, env)).status).toBe(401);
    expect((await handle(request, { ...env, KEY_SECRET_PREVIOUS: old.KEY_SECRET })).status).toBe(200);
  });
});
