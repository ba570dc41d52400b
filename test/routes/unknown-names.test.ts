/**
 * Names of parameters and fields that the API does not know: a typo does not pass, except where clients may send names
 * of their own.
 */

import { ENDPOINTS } from "../../src/api/endpoints.ts";
import { describe, expect, it } from "vitest";
import { admin, bearer, type Page, refusal, send, TestVault } from "../support/api.ts";

const HOSTILE = ["__proto__", "constructor", "toString", "hasOwnProperty", "prototype"];
const json = (type = "application/json") => ({ "Content-Type": type });

describe("unknown names: list queries", () => {
  const lists = (vault: TestVault): [string, string[]][] => [
    [vault.assets, Object.keys(ENDPOINTS["assets.list"].query.entries)],
    [`${vault.path}/keys`, ["limit", "cursor"]],
    ["/api/v1/vaults", ["limit", "cursor"]],
  ];
  const get = (vault: TestVault, path: string) =>
    send(path, { headers: path.includes("/assets") ? bearer(vault.publicKey) : admin });

  it("are refused, and the message says which known name is nearest, or else which there are", async () => {
    const vault = await TestVault.create();
    for (const [path, known] of lists(vault)) {
      for (const name of [...HOSTILE, "zz", "", "Foo", "%00", "a%0d%0aX-Y:%20z"]) {
        const message = await refusal(await get(vault, `${path}?${name}=1`), 400, "INVALID_PARAMS");
        expect(message.endsWith(`: unknown; known are ${known.join(", ")}`), message).toBe(true);
      }
      const typo = await refusal(await get(vault, `${path}?limti=2`), 400, "INVALID_PARAMS");
      expect(typo).toBe("limti: unknown; did you mean limit?");
    }
    const message = await refusal(await get(vault, `${vault.assets}?partitoin=x`), 400, "INVALID_PARAMS");
    expect(message).toBe("partitoin: unknown; did you mean partition?");
  });

  it("are refused beside known names, with HEAD too, and without a value too", async () => {
    const vault = await TestVault.create();
    await refusal(await get(vault, `${vault.assets}?limit=1&chanel=x`), 400, "INVALID_PARAMS");
    await refusal(await get(vault, `${vault.assets}?chanel`), 400, "INVALID_PARAMS");
    expect((await send(`${vault.assets}?chanel`, { method: "HEAD", headers: bearer(vault.publicKey) })).status).toBe(
      400,
    );
  });

  it("do not include `_`, which passes as often as it comes", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    for (const [path] of lists(vault)) expect((await get(vault, `${path}?_=1&limit=1&_=2`)).status).toBe(200);
    const page = await (await get(vault, `${vault.assets}?_=1`)).json<Page>();
    expect(page.data.map((asset) => asset.id)).toEqual([id]);
  });

  it("are refused like known names that are repeated", async () => {
    const vault = await TestVault.create();
    for (const [path, known] of lists(vault)) {
      // These two are lists: their own rules hold for each value.
      for (const name of known.filter((each) => each !== "tag" && each !== "id")) {
        const message = await refusal(await get(vault, `${path}?${name}=a&${name}=a`), 400, "INVALID_PARAMS");
        expect(message).toBe(`${name}: must be given only once`);
      }
    }
  });

  it("are refused after a missing key: such a request gets 401", async () => {
    const vault = await TestVault.create();
    await refusal(await send(`${vault.assets}?foo=1`), 401, "UNAUTHORIZED");
  });
});

describe("unknown names: reads of one thing", () => {
  it("are ignored", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    for (const path of [
      `${vault.assets}/${id}`,
      `${vault.assets}/${id}/content`,
      `${vault.path}/files/marketing/blog/hero-images/hello.txt`,
    ]) {
      expect((await vault.request("GET", `${path}?utm_source=x&__proto__=y&_=1`)).status).toBe(200);
    }
  });
});

describe("unknown names: JSON bodies", () => {
  const bodies = (vault: TestVault, id: string): [string, string, string, string, string, string][] => [
    ["POST", "/api/v1/vaults", "application/json", '"name":"x"', "nmae", "name"],
    ["POST", `${vault.path}/keys`, "application/json", '"label":"x"', "expire_at", "expires_at"],
    ["POST", `${vault.assets}/${id}/links`, "application/json", '"expires_in":60', "dispositon", "disposition"],
    ["PATCH", `${vault.assets}/${id}`, "application/json", '"tags":[]', "metdata", "metadata"],
    ["PATCH", `${vault.assets}/${id}`, "application/merge-patch+json", '"tags":null', "metdata", "metadata"],
  ];

  it("are refused, and nothing is done", async () => {
    const vault = await TestVault.create();
    const before = await vault.upload({ tags: '["t"]' });
    for (const [method, path, type, good, typo, meant] of bodies(vault, before.id)) {
      const headers = { ...(/vaults$|keys$/.test(path) ? admin : bearer(vault.secretKey)), ...json(type) };
      const answer = (body: string) => send(path, { method, headers, body });
      expect(await refusal(await answer(`{${good},"${typo}":"2099-01-01"}`), 400, "INVALID_PARAMS")).toBe(
        `${typo}: unknown; did you mean ${meant}?`,
      );
      for (const name of [...HOSTILE, "_", "", "\\u0000\\r\\n", "\\ud800", "x".repeat(500_000)]) {
        const message = await refusal(await answer(`{"${name}":{},${good}}`), 400, "INVALID_PARAMS");
        expect(message).toMatch(/^.{1,64}: unknown; known (?:is|are) [a-z_, ]+$/u);
      }
    }
    expect(await (await vault.get(before.id)).json()).toEqual(before);
    const keys = await (await send(`${vault.path}/keys`, { headers: admin })).json<Page>();
    expect(keys.data).toHaveLength(2);
  });

  it("are the client's own inside metadata", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    expect((await vault.patch(id, '{"metadata":{"__proto__":1,"tag":2}}')).status).toBe(200);
  });

  it("are refused in a record that is sent back, with a message that says what can change", async () => {
    const vault = await TestVault.create();
    const record = await vault.upload();
    expect(await refusal(await vault.patch(record.id, record), 400, "INVALID_PARAMS")).toBe(
      "id: unknown; known are metadata, tags, add_tags, remove_tags, partition, collection, channel, filename",
    );
  });
});
