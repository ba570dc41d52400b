import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { newAssetId } from "../../src/model/id.ts";
import { Vault } from "../../src/vault/vault.ts";
import { PATH, refusal, TestVault, textFile } from "../support/api.ts";

describe("get", () => {
  it("answers with the record that the upload answered with", async () => {
    const vault = await TestVault.create();
    const record = await vault.upload({ metadata: '{"a":1}', tags: '["x"]' });
    const response = await vault.get(record.id);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(record);
  });

  it.each(["asset_01arz3ndektsv4rrffq69g5fav", "x", "asset_", "asset_01ARZ3NDEKTSV4RRFFQ69G5FAV", "a%zz", "%00"])(
    "answers 404 ASSET_NOT_FOUND for %s",
    async (id) => {
      const vault = await TestVault.create();
      await refusal(await vault.get(id), 404, "ASSET_NOT_FOUND");
    },
  );

  it("does not find another vault's asset", async () => {
    const [mine, other] = [await TestVault.create(), await TestVault.create()];
    const { id } = await other.upload();
    await refusal(await mine.get(id), 404, "ASSET_NOT_FOUND");
    await refusal(await mine.patch(id, { tags: [] }), 404, "ASSET_NOT_FOUND");
    await refusal(await mine.delete(id), 404, "ASSET_NOT_FOUND");
    expect((await other.get(id)).status).toBe(200);
  });

  it("answers 304 to the tag that it gave, until the asset changes", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const etag = (await vault.get(id)).headers.get("ETag") ?? "";
    const conditional = () =>
      vault.request("GET", `${vault.assets}/${id}`, undefined, { "If-None-Match": `"x", W/${etag}` });
    const unchanged = await conditional();
    expect([unchanged.status, await unchanged.text(), unchanged.headers.get("ETag")]).toEqual([304, "", etag]);
    expect(unchanged.headers.get("Cache-Control")).toBe((await vault.get(id)).headers.get("Cache-Control"));
    await vault.patch(id, { tags: ["new"] });
    expect((await conditional()).status).toBe(200);
  });
});

describe("get: conditions", () => {
  it("answers 412 when If-Match names another state, 304 only after that, and ignores dates", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const etag = (await vault.get(id)).headers.get("ETag") ?? "";
    const earlier = new Date(0).toUTCString();
    const cases: [Record<string, string>, number][] = [
      [{ "If-Match": etag }, 200],
      [{ "If-Match": `"x", ${etag}` }, 200],
      [{ "If-Match": "*" }, 200],
      [{ "If-Match": '"x"' }, 412],
      [{ "If-Match": `W/${etag}` }, 412],
      [{ "If-Match": '"x"', "If-None-Match": etag }, 412],
      [{ "If-Match": etag, "If-None-Match": etag }, 304],
      [{ "If-Unmodified-Since": earlier }, 200],
    ];
    for (const method of ["GET", "HEAD"]) {
      for (const [headers, status] of cases) {
        const response = await vault.request(method, `${vault.assets}/${id}`, undefined, headers);
        await response.text();
        expect([method, headers, response.status]).toEqual([method, headers, status]);
      }
    }
  });

  it("forbids caches to transform what has a tag, and lets them transform lists", async () => {
    const vault = await TestVault.create();
    const created = await vault.send({ ...PATH, file: textFile() });
    const { id } = await created.json<AssetRecord>();
    const answers = [created, await vault.get(id), await vault.patch(id, { tags: [] })];
    for (const response of answers) {
      expect(response.headers.get("Cache-Control")).toBe("private, no-cache, no-transform");
      expect(response.headers.get("ETag")).toMatch(/^"/);
    }
    const list = await vault.request("GET", vault.assets);
    expect(list.headers.get("Cache-Control")).toBe("private, no-cache");
  });
});

describe("patch", () => {
  it("merges metadata at the top level, stores null as null, and answers with the full record", async () => {
    const vault = await TestVault.create();
    const record = await vault.upload({ metadata: '{"a":1,"b":{"x":1},"c":3}', tags: '["old"]' });
    const response = await vault.patch(record.id, { metadata: { b: { y: 2 }, c: null, d: 4 } });
    expect(response.status).toBe(200);
    const patched = await response.json<AssetRecord>();
    expect(patched).toEqual({
      ...record,
      metadata: '{"a":1,"b":{"y":2},"c":null,"d":4}',
      updated_at: patched.updated_at,
    });
    expect(patched.updated_at >= record.updated_at).toBe(true);
    expect(await (await vault.get(record.id)).json()).toEqual(patched);
    expect((await vault.recorded())[0]).toMatchObject({
      metadata: patched.metadata,
      tags: '["old"]',
      updated_at: patched.updated_at,
    });
  });

  it("replaces tags, order and duplicates kept", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload({ tags: '["a","b"]', metadata: '{"k":1}' });
    const patched = await (await vault.patch(id, { tags: ["z", "a", "z"] })).json<AssetRecord>();
    expect(patched).toMatchObject({ tags: '["z","a","z"]', metadata: '{"k":1}' });
    expect((await (await vault.patch(id, { tags: [] })).json<AssetRecord>()).tags).toBe("[]");
  });

  it("takes empty metadata, which change nothing", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload({ metadata: '{"a":1}' });
    const response = await vault.patch(id, { metadata: {} });
    expect(response.status).toBe(200);
    expect((await response.json<AssetRecord>()).metadata).toBe('{"a":1}');
  });

  it("keeps __proto__ and constructor as plain data through a merge", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload({ metadata: '{"__proto__":{"a":1}}' });
    const patched = await (
      await vault.patch(id, '{"metadata":{"__proto__":{"b":2},"constructor":{"prototype":1}}}')
    ).json<AssetRecord>();
    expect(patched.metadata).toBe('{"__proto__":{"b":2},"constructor":{"prototype":1}}');
    const merged = await vault.patch(id, '{"metadata":{"__proto__":{"c":3}}}', {
      "Content-Type": "application/merge-patch+json",
    });
    expect((await merged.json<AssetRecord>()).metadata).toBe(
      '{"__proto__":{"b":2,"c":3},"constructor":{"prototype":1}}',
    );
  });

  it("follows RFC 7396 for application/merge-patch+json", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload({ metadata: '{"a":"b","c":{"d":"e","f":"g"},"n":1}', tags: '["x"]' });
    const send = (body: unknown) => vault.patch(id, body, { "Content-Type": "application/merge-patch+json" });
    const patched = await (
      await send({ metadata: { a: "z", c: { f: null }, n: { deep: { gone: null } } } })
    ).json<AssetRecord>();
    expect(patched.metadata).toBe('{"a":"z","c":{"d":"e"},"n":{"deep":{}}}');
    expect((await (await send({ tags: null })).json<AssetRecord>()).tags).toBe("[]");
    await refusal(await send({ metadata: null }), 400, "INVALID_PARAMS");
  });

  it.each([
    [
      "{}",
      "at least one of metadata, tags, add_tags, remove_tags, partition, collection, channel and filename must be given",
    ],
    ["[]", "the body must be a JSON object"],
    ["null", "the body must be a JSON object"],
    ["{", "the body must be valid JSON in UTF-8"],
    ["", "the body must be valid JSON in UTF-8"],
    ['{"metadata":[]}', 'metadata: must be a JSON object, such as {"alt":"A cat"}'],
    ['{"metadata":null}', 'metadata: must be a JSON object, such as {"alt":"A cat"}'],
    ['{"metadata":"{}"}', 'metadata: must be a JSON object, such as {"alt":"A cat"}'],
    ['{"tags":"a"}', 'tags: must be an array of strings, such as ["hero","cats"]'],
    ['{"tags":[1]}', 'tags.0: must be a string, as in ["hero","cats"]'],
    ['{"tags":null}', 'tags: must be an array of strings, such as ["hero","cats"]'],
    [`{"metadata":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}`, "metadata: must not nest deeper than 32 levels"],
    [`{"tags":${JSON.stringify(Array.from({ length: 1001 }, () => ""))}}`, "tags: must be at most 1000 strings"],
  ])("refuses %.40s", async (body, message) => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    expect(await refusal(await vault.patch(id, body), 400, "INVALID_PARAMS")).toBe(message);
  });

  it("refuses metadata that would be too large after the merge, and changes nothing", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload({ metadata: JSON.stringify({ a: "x".repeat(40_000) }) });
    expect(
      await refusal(await vault.patch(id, { metadata: { b: "x".repeat(40_000) } }), 400, "INVALID_PARAMS"),
    ).toContain("metadata: must be at most 65536 bytes");
    expect((await (await vault.get(id)).json<AssetRecord>()).metadata).toHaveLength(40_008);
  });

  it("refuses a body over 1 MiB with 413", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    await refusal(await vault.patch(id, `{"tags":["${"x".repeat(2_000_000)}"]}`), 413, "PAYLOAD_TOO_LARGE");
  });

  it("takes application/json with parameters and refuses any other type with 415", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    expect((await vault.patch(id, { tags: [] }, { "Content-Type": "Application/JSON; charset=utf-8" })).status).toBe(
      200,
    );
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/json;,text/plain",
    ]) {
      const response = await vault.patch(id, { tags: [] }, { "Content-Type": type });
      expect(response.headers.get("Accept-Patch")).toBe("application/json, application/merge-patch+json");
      expect(response.headers.has("Accept-Post")).toBe(false);
      await refusal(response, 415, "UNSUPPORTED_MEDIA_TYPE");
    }
    const link = await vault.request("POST", `${vault.assets}/${id}/links`, {}, { "Content-Type": "text/plain" });
    expect(link.headers.get("Accept-Post")).toBe("application/json");
    expect(link.headers.has("Accept-Patch")).toBe(false);
    await refusal(link, 415, "UNSUPPORTED_MEDIA_TYPE");
  });

  it("loses none of 50 concurrent patches of different keys", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const keys = Array.from({ length: 50 }, (_, i) => `k${i}`);
    const responses = await Promise.all(keys.map((key) => vault.patch(id, { metadata: { [key]: key } })));
    expect(responses.map((response) => response.status)).toEqual(keys.map(() => 200));
    const record = await (await vault.get(id)).json<AssetRecord>();
    expect(Object.keys(JSON.parse(record.metadata)).toSorted()).toEqual(keys.toSorted());
    expect((await vault.recorded())[0]).toMatchObject({ metadata: record.metadata });
  });

  it("does not move the asset in the list", async () => {
    const vault = await TestVault.create();
    const [a, b] = [await vault.upload(), await vault.upload()];
    await vault.patch(a.id, { tags: ["x"] });
    expect((await vault.list()).data.map((asset) => asset.id)).toEqual([b.id, a.id]);
  });

  it("changes an asset only while If-Match still describes it", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const etag = (await vault.get(id)).headers.get("ETag") ?? "";
    const first = await vault.patch(id, { tags: ["1"] }, { "If-Match": etag });
    expect(first.status).toBe(200);
    expect(first.headers.get("ETag")).not.toBe(etag);
    await refusal(await vault.patch(id, { tags: ["2"] }, { "If-Match": etag }), 412, "PRECONDITION_FAILED");
    await refusal(
      await vault.request("DELETE", `${vault.assets}/${id}`, undefined, { "If-Match": etag }),
      412,
      "PRECONDITION_FAILED",
    );
    expect((await vault.patch(id, { tags: ["3"] }, { "If-Match": "*" })).status).toBe(200);
  });

  it.each(["PATCH", "DELETE"])("%s: changes no asset that If-None-Match describes", async (method) => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const etag = (await vault.get(id)).headers.get("ETag") ?? "";
    const change = (headers: Record<string, string>) =>
      vault.request(method, `${vault.assets}/${id}`, method === "PATCH" ? { tags: ["x"] } : undefined, headers);
    for (const headers of [
      { "If-None-Match": "*" },
      { "If-None-Match": etag },
      { "If-None-Match": `"x", W/${etag}` },
      { "If-Match": etag, "If-None-Match": etag },
      { "If-Match": '"x"', "If-None-Match": '"x"' },
    ]) {
      await refusal(await change(headers), 412, "PRECONDITION_FAILED");
    }
    expect((await vault.get(id)).headers.get("ETag")).toBe(etag);
    expect((await change({ "If-Match": etag, "If-None-Match": '"x"' })).ok).toBe(true);
  });

  const patchTypes = ["application/json", "application/merge-patch+json"];

  it.each(patchTypes)("refuses numbers that a double does not keep, and names their keys: %s", async (type) => {
    const vault = await TestVault.create();
    const { id } = await vault.upload({ metadata: '{"a":1}' });
    const send = (metadata: string) => vault.patch(id, `{"metadata":${metadata}}`, { "Content-Type": type });
    for (const [metadata, name] of [
      ['{"a":1e400}', "metadata.a"],
      ['{"a":1546130668394913822}', "metadata.a"],
      ['{"b":[0,{"c":1e-400}]}', "metadata.b.1.c"],
    ] as const) {
      expect(await refusal(await send(metadata), 400, "INVALID_PARAMS")).toMatch(`${name}: the number 1`);
    }
    expect((await (await vault.get(id)).json<AssetRecord>()).metadata).toBe('{"a":1}');
    const kept = await (await send('{"a":1e2,"b":1.0,"c":-0,"d":0.1,"e":9007199254740992}')).json<AssetRecord>();
    expect(kept.metadata).toBe('{"a":100,"b":1,"c":0,"d":0.1,"e":9007199254740992}');
  });

  it("never asks the vault about a patch that cannot fit", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const asked = vi.spyOn(Vault.prototype, "patchAsset");
    const many = Array.from({ length: 20_000 }, (_, i) => `"k${i}":1`).join(",");
    for (const body of [
      `{"metadata":{${many}}}`,
      `{"metadata":{"a":"${"x".repeat(70_000)}"}}`,
      `{"metadata":{"a":"\\n${"x".repeat(70_000)}"}}`,
      `{"tags":["${"x".repeat(70_000)}"]}`,
      `{"tags":[${Array.from({ length: 100_000 }, () => '""').join(",")}]}`,
    ]) {
      const response = await vault.patch(id, body);
      await refusal(response, 400, "INVALID_PARAMS");
    }
    await refusal(
      await vault.patch(id, `{"metadata":{${many}}}`, { "Content-Type": "application/merge-patch+json" }),
      400,
      "INVALID_PARAMS",
    );
    expect(asked).not.toHaveBeenCalled();
    await vault.patch(id, { tags: ["fits"] });
    expect(asked).toHaveBeenCalledOnce();
    asked.mockRestore();
  });

  it("takes a patch that fits after the merge, however much of it is white space, escapes or nulls", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const space = " ".repeat(200_000);
    expect((await vault.patch(id, `{${space}"metadata":{"a":${space}1}}`)).status).toBe(200);
    const escaped = await vault.patch(id, `{"metadata":{"a":"${"\\u0061".repeat(60_000)}"}}`);
    expect((await escaped.json<AssetRecord>()).metadata).toHaveLength(60_008);
    const nulls = Array.from({ length: 20_000 }, (_, i) => `"k${i}":null`).join(",");
    const removed = await vault.patch(id, `{"metadata":{"a":1,${nulls}}}`, {
      "Content-Type": "application/merge-patch+json",
    });
    expect((await removed.json<AssetRecord>()).metadata).toBe('{"a":1}');
  });

  it("keeps lone surrogates as the escapes that they came as", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload({ metadata: '{"a\\ud800":"\\udfff"}', tags: '["\\ud800"]' });
    await vault.patch(id, '{"metadata":{"b":"\\ud800x"},"tags":["\\udc00"]}');
    const record = await (await vault.get(id)).json<AssetRecord>();
    expect(record).toMatchObject({ metadata: '{"a\\ud800":"\\udfff","b":"\\ud800x"}', tags: '["\\udc00"]' });
    expect((await vault.list()).data).toEqual([record]);
  });

  it("answers 404 for an asset that is not there", async () => {
    const vault = await TestVault.create();
    await refusal(await vault.patch(newAssetId(), { tags: [] }), 404, "ASSET_NOT_FOUND");
    await refusal(await vault.patch("nonsense", { tags: [] }), 404, "ASSET_NOT_FOUND");
  });
});

describe("delete", () => {
  it("answers 204 without a body and removes the asset from index, D1 and R2", async () => {
    const vault = await TestVault.create();
    const [gone, kept] = [await vault.upload(), await vault.upload({ file: textFile("kept") })];
    const response = await vault.delete(gone.id);
    expect([response.status, await response.text()]).toEqual([204, ""]);
    expect(response.headers.has("Strongroom-Durability")).toBe(false);
    await refusal(await vault.get(gone.id), 404, "ASSET_NOT_FOUND");
    expect((await vault.list()).data).toEqual([kept]);
    expect((await vault.recorded()).map((row) => row["id"])).toEqual([kept.id]);
    expect(await vault.bodies()).toEqual([kept.r2_key]);
    expect(await env.BUCKET.head(gone.r2_key)).toBeNull();
  });

  it("answers a second delete, and one of a malformed id, with 404", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    expect((await vault.delete(id)).status).toBe(204);
    await refusal(await vault.delete(id), 404, "ASSET_NOT_FOUND");
    await refusal(await vault.delete("nonsense"), 404, "ASSET_NOT_FOUND");
  });

  it("lets exactly one of ten parallel deletes succeed", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const statuses = (await Promise.all(Array.from({ length: 10 }, () => vault.delete(id)))).map(
      (response) => response.status,
    );
    expect(statuses.toSorted((a, b) => a - b)).toEqual([204, ...Array.from({ length: 9 }, () => 404)]);
  });

  it("does not give a deleted asset's place in the list to the next asset", async () => {
    const vault = await TestVault.create();
    await vault.upload();
    const { id } = await vault.upload();
    await vault.delete(id);
    await vault.upload();
    expect((await vault.recorded()).map((row) => row["seq"])).toEqual([1, 4]);
  });
});
