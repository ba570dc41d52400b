import { describe, expect, it } from "vitest";
import { Strongroom, StrongroomAdmin } from "../../src/client/index.ts";
import { answer, ASSET, file, KEY, play, seen, sockets, url, useNetwork, VAULT_ID, vault } from "./network.ts";
import { PATH } from "./server.ts";

useNetwork();

describe("what is sent", () => {
  it("is an upload as one body of known length, with its fields in the query and the key in its header alone", async () => {
    const fields = { ...PATH, metadata: { ä: 1 }, tags: ["a b"] };
    await vault().assets.upload(file("hello"), fields);
    await vault().assets.upload(file("hello"), fields, { onProgress: () => {} });
    const stream = new Blob(["hello"]).stream();
    await vault().assets.upload(stream, { ...fields, filename: "a.txt" }, { size: 5, contentType: "text/plain" });
    expect(seen).toHaveLength(3);
    for (const { method, url: sent = "", headers, body } of seen) {
      expect([method, body.toString()]).toEqual(["POST", "hello"]);
      expect(headers).toMatchObject({
        "content-length": "5",
        "content-type": "text/plain",
        authorization: `Bearer ${KEY}`,
      });
      expect(headers["transfer-encoding"]).toBeUndefined();
      const { pathname, searchParams } = new URL(sent, url);
      expect(pathname).toBe(`/api/v1/vaults/${VAULT_ID}/assets`);
      const query = { ...PATH, filename: "a.txt", metadata: '{"ä":1}', tags: '["a b"]' };
      expect(Object.fromEntries(searchParams)).toEqual(query);
      expect(sent).not.toContain(KEY);
    }
  });

  it.each(["", "/", "/a/prefix", "/a/prefix//"])("goes below the url, which may end in %j", async (end) => {
    await vault({ url: url + end }).assets.get("asset_1");
    const prefix = end.includes("prefix") ? "/a/prefix" : "";
    expect(seen[0]?.url).toBe(`${prefix}/api/v1/vaults/${VAULT_ID}/assets/asset_1`);
  });

  it("goes through the fetch that is given, which gets no this", async () => {
    const calls: string[] = [];
    const fetch = function fetchHere(this: unknown, input: string, init: RequestInit): Promise<Response> {
      expect(this).toBeUndefined();
      calls.push(`${init.method} ${input}`);
      return globalThis.fetch(input, init);
    };
    await vault({ fetch }).assets.upload(file(), PATH);
    await vault({ fetch }).assets.get("asset_1");
    expect(calls).toHaveLength(2);
  });

  it.each(["", ".", ".."])("is never a request for something else: the id %j is refused", async (id) => {
    const admin = new StrongroomAdmin({ url, token: "t" });
    await expect(admin.keys("vault_1").revoke(id)).rejects.toThrow(TypeError);
    await expect(admin.vaults.delete(id)).rejects.toThrow(TypeError);
    await expect(vault().assets.get(id)).rejects.toThrow(TypeError);
    await vault().assets.get("../a");
    expect(seen.map((request) => request.url)).toEqual([`/api/v1/vaults/${VAULT_ID}/assets/..%2Fa`]);
  });

  it("is never a change without the condition that was meant", async () => {
    const undefinedEtag = { ifMatch: undefined } as unknown as { ifMatch: string };
    await expect(vault().assets.update("asset_1", {}, undefinedEtag)).rejects.toThrow(/^ifMatch: /);
    await expect(vault().assets.delete("asset_1", undefinedEtag)).rejects.toThrow(TypeError);
    await expect(vault().assets.delete("asset_1", { ifMatch: "" })).rejects.toThrow(TypeError);
    expect(seen).toEqual([]);
  });

  it("uses connections again", async () => {
    const client = vault();
    for (let n = 0; n < 5; n++) await client.assets.get("asset_1");
    for (let n = 0; n < 5; n++) await client.assets.upload(file(), PATH, { onProgress: () => {} });
    expect(seen).toHaveLength(10);
    // Node opens a second one at the start, by itself.
    expect(sockets).toBeLessThanOrEqual(2);
  });
});

describe("what is given", () => {
  it("says whether a write is queued, and keeps keys of every name", async () => {
    play(answer(200, ASSET, { ETag: '"1"', "Strongroom-Durability": "queued" }), answer(200, ASSET));
    const asset = await vault().assets.update("asset_1", { tags: [] });
    expect(asset).toMatchObject({ etag: '"1"', durability: "queued", tags: [] });
    expect(JSON.stringify(asset.metadata)).toBe(ASSET.metadata);
    expect((await vault().assets.get("asset_1")).durability).toBe("recorded");
  });

  it("is what the caller made wrong as a TypeError, which does not show the key", () => {
    const make = (key: string): Strongroom => new Strongroom({ url, key });
    for (const key of ["", "admin-token", `${KEY}\n`, KEY.slice(1), `${KEY}x`]) {
      expect(() => make(key)).toThrow("key: must be a key of a vault, such as sk_… or pk_…");
    }
    expect(() => new StrongroomAdmin({ url, token: "sécret" })).toThrow(/^the key or token must be/);
    expect(() => vault({ url: "localhost:8787" })).toThrow(/^url: /);
    expect(() => vault({ timeout: 0 })).toThrow(/^timeout: /);
  });

  it("does not show the key when a client is printed", async () => {
    const { inspect } = await import("node:util");
    const shown = inspect(vault(), { depth: 9, showHidden: true }) + JSON.stringify(vault());
    expect(shown).toContain(VAULT_ID);
    expect(shown).not.toContain(KEY);
  });
});
