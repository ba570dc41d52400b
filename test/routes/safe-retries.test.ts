import { describe, expect, it } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { admin, bearer, ORIGIN, PATH, post, refusal, send, sendTo, TestVault, textFile } from "../support/api.ts";
import { interposed, reset } from "../support/interposed.ts";
import { begun, expectReplay, idsOf, isReplayed, told, upload } from "../support/keyed.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

const digestOf = async (text: string): Promise<string> =>
  `sha-256=:${Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toString("base64")}:`;

describe("Idempotency-Key", () => {
  it.each([
    ["", 400],
    ['""', 400],
    ['"a', 400],
    ['"a b"', 400],
    ["a b", 400],
    ["a, b", 400],
    ['"a", "b"', 400],
    ['"a"; x=1', 400],
    ["x".repeat(65), 400],
    [`"${"x".repeat(65)}"`, 400],
    ["x".repeat(64), 201],
    [`"${"\\\\".repeat(64)}"`, 201],
    ["!~", 201],
  ])("%s on an upload: %i", async (key, status) => {
    const vault = await TestVault.create();
    const response = await upload(vault, key);
    if (status === 201) expect(response.status).toBe(201);
    else expect(await refusal(response, 400, "INVALID_PARAMS")).toMatch(/^Idempotency-Key: must be 1 to 64 visible/);
    const { id } = await vault.upload();
    const patched = await vault.patch(id, { tags: ["a"] }, { "Idempotency-Key": key });
    expect(patched.status).toBe(status === 201 ? 422 : 400);
    expect((await vault.patch(id, { tags: ["a"] }, { "Idempotency-Key": `"${"p".repeat(64)}"` })).status).toBe(200);
  });

  it("means the same in quotes and without", async () => {
    const vault = await TestVault.create();
    const first = await told(await upload(vault, '"a\\"\\\\b"'));
    await expectReplay(await upload(vault, ' a"\\b '), first);
    expect((await upload(vault, '"a\\"b"')).status).toBe(201);
    expect(await idsOf(vault)).toHaveLength(2);
  });

  it("is refused on every other POST, and means nothing to a GET and a DELETE", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const key = { "Idempotency-Key": "k" };
    const others: [path: string, headers: Record<string, string>, body: unknown][] = [
      ["/api/v1/vaults", admin, { name: "x" }],
      [`${vault.path}/keys`, admin, {}],
      [`${vault.path}/reconcile`, admin, {}],
      [`${vault.assets}/${id}/links`, bearer(vault.secretKey), {}],
    ];
    for (const [path, headers, body] of others) {
      const message = await refusal(await post(path, { ...headers, ...key }, body), 400, "INVALID_PARAMS");
      expect(message).toMatch(/^Idempotency-Key: is not taken here/);
      await refusal(await post(path, key, body), 401, "UNAUTHORIZED");
    }
    expect((await vault.request("GET", `${vault.assets}/${id}`, undefined, key)).status).toBe(200);
    expect((await vault.request("DELETE", `${vault.assets}/${id}`, undefined, key)).status).toBe(204);
    expect((await vault.request("DELETE", `${vault.assets}/${id}`, undefined, key)).status).toBe(404);
  });

  it("may be sent by a browser, which may read that an answer is a replay", async () => {
    const vault = await TestVault.create();
    const asked = await send(vault.assets, {
      method: "OPTIONS",
      headers: { "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "idempotency-key" },
    });
    expect(asked.headers.get("Access-Control-Allow-Headers")).toBe("idempotency-key");
    const response = await upload(vault, "k");
    expect(response.headers.get("Access-Control-Expose-Headers")).toContain("Idempotency-Replayed");
  });

  it("belongs to the key of the API that it came with", async () => {
    const vault = await TestVault.create();
    const made = await post(`${vault.path}/keys`, admin, { type: "secret" });
    const { token } = await made.json<{ token: string }>();
    const first = await told(await upload(vault, "k"));
    const other = await upload(vault, "k", "another file", { headers: bearer(token) });
    expect([other.status, isReplayed(other)]).toEqual([201, false]);
    await expectReplay(await upload(vault, "k"), first);
    expect(await idsOf(vault)).toHaveLength(2);
    await refusal(await upload(vault, "k", "hello", { headers: bearer(vault.publicKey) }), 403, "FORBIDDEN");
  });
});

describe("an upload that is repeated", () => {
  it("gets the first answer, byte for byte, whatever became of the asset, and leaves nothing in R2", async () => {
    const vault = await TestVault.create();
    const response = await upload(vault, "k");
    expect(isReplayed(response)).toBe(false);
    const first = await told(response);
    expect(first).toMatchObject({ status: 201, etag: '"1"' });
    const [id = ""] = await idsOf(vault);
    expect(first).toMatchObject({ location: `${vault.assets}/${id}` });
    await expectReplay(await upload(vault, "k"), first);
    await vault.patch(id, { tags: ["later"] });
    await expectReplay(await upload(vault, "k"), first);
    expect(await vault.bodies()).toHaveLength(1);
    await vault.delete(id);
    await expectReplay(await upload(vault, "k"), first);
    expect([await vault.bodies(), await idsOf(vault)]).toEqual([[], []]);
  });

  it("is the same as a form and raw, in parts of any size", async () => {
    const vault = await TestVault.create();
    const big = "x".repeat(9 * MIB);
    const form = (content: string): Promise<Response> => {
      const body = new FormData();
      body.append("file", textFile(content, "f.txt"));
      for (const [name, value] of Object.entries(PATH)) body.append(name, value);
      const headers = { ...bearer(vault.secretKey), "Idempotency-Key": "k" };
      return send(vault.assets, { method: "POST", headers, body });
    };
    const first = await told(await form(big));
    await expectReplay(await form(big), first);
    await expectReplay(await upload(vault, "k", big), first);
    await expectReplay(await upload(vault, "k", new Blob([big]).stream()), first);
    await refusal(await form(`${big}x`), 422, "IDEMPOTENCY_KEY_REUSED");
    expect(await vault.bodies()).toHaveLength(1);
  });

  it.each<[what: string, change: Parameters<typeof upload>[3], body?: string]>([
    ["the file", {}, "hellO"],
    ["the partition", { query: { partition: "p" } }],
    ["the collection", { query: { collection: "p" } }],
    ["the channel", { query: { channel: "p" } }],
    ["the filename", { query: { filename: "g.txt" } }],
    ["metadata", { query: { metadata: '{"a":1}' } }],
    ["tags", { query: { tags: '["a"]' } }],
    ["the media type", { headers: { "Content-Type": "text/html" } }],
    ["If-None-Match", { headers: { "If-None-Match": "*" } }],
  ])("is another one when %s differs: 422, and nothing is stored", async (_what, change, body = "hello") => {
    const vault = await TestVault.create();
    const first = await told(await upload(vault, "k"));
    await refusal(await upload(vault, "k", body, change), 422, "IDEMPOTENCY_KEY_REUSED");
    await refusal(await upload(vault, "k", new Blob([body]).stream(), change), 422, "IDEMPOTENCY_KEY_REUSED");
    expect(await vault.bodies()).toHaveLength(1);
    await expectReplay(await upload(vault, "k"), first);
  });

  it("is replayed before conditions, and after the right to write", async () => {
    const vault = await TestVault.create();
    const createOnly = { headers: { "If-None-Match": "*" } };
    const first = await told(await upload(vault, "k", "hello", createOnly));
    await expectReplay(await upload(vault, "k", "hello", createOnly), first);
    // A large one is asked about before its bytes have come.
    const other = { ...createOnly, query: { filename: "large" } };
    const large = (): Promise<Response> => upload(vault, "large", new Uint8Array(3 * MIB), other);
    const firstLarge = await told(await large());
    await expectReplay(await large(), firstLarge);
    await refusal(await upload(vault, "l", "hello", createOnly), 412, "PRECONDITION_FAILED");
    const { data } = await (await send(`${vault.path}/keys`, { headers: admin })).json<{ data: { id: string }[] }>();
    for (const { id } of data) await send(`${vault.path}/keys/${id}`, { method: "DELETE", headers: admin });
    await refusal(await upload(vault, "k", "hello", createOnly), 401, "UNAUTHORIZED");
  });

  it("is replayed before quotas", async () => {
    const vault = await TestVault.create();
    const large = new Uint8Array(3 * MIB);
    const first = await told(await upload(vault, "k"));
    const other = await told(await upload(vault, "large", large));
    const bounds = { quota_assets: 2, max_file_bytes: 1, allowed_types: ["image/png"] };
    expect((await vault.request("PATCH", vault.path, bounds, admin)).status).toBe(200);
    await expectReplay(await upload(vault, "k"), first);
    await expectReplay(await upload(vault, "large", large), other);
    await refusal(await upload(vault, "l"), 413, "PAYLOAD_TOO_LARGE");
    expect(await vault.bodies()).toHaveLength(2);
  });

  it("keeps successes only", async () => {
    const vault = await TestVault.create();
    const { id } = await (await upload(vault, "a")).json<AssetRecord>();
    const createOnly = { headers: { "If-None-Match": "*" } };
    await refusal(await upload(vault, "k", "hello", createOnly), 412, "PRECONDITION_FAILED");
    const wrong = { headers: { "Content-Digest": await digestOf("other") } };
    await refusal(await upload(vault, "k", "hello", wrong), 400, "INVALID_PARAMS");
    await vault.delete(id);
    const response = await upload(vault, "k", "hello", createOnly);
    expect([response.status, isReplayed(response)]).toEqual([201, false]);
  });

  it("with a Content-Digest is answered before its body, and so is one that is certainly another", async () => {
    const vault = await TestVault.create();
    const first = await told(await upload(vault, "k"));
    const headers = { "Content-Digest": await digestOf("hello") };
    // The file that comes is another one: nobody looks at it.
    await expectReplay(await upload(vault, "k", "other", { headers }), first);
    let pulled = 0;
    const endless = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        pull: (controller) => {
          if (++pulled > 50) controller.close();
          else controller.enqueue(new Uint8Array(64 * KIB));
        },
      });
    const different = { headers: { "Content-Digest": await digestOf("other") } };
    await refusal(await upload(vault, "k", endless(), different), 422, "IDEMPOTENCY_KEY_REUSED");
    await refusal(await upload(vault, "k", endless(), { query: { filename: "g" } }), 422, "IDEMPOTENCY_KEY_REUSED");
    expect(await vault.bodies()).toHaveLength(1);
  });

  it("while the first is running: 409 with Retry-After, for this key alone", async () => {
    const vault = await TestVault.create();
    const { answer, finish } = await begun(vault, "k");
    const second = await upload(vault, "k");
    expect(second.headers.get("Retry-After")).toMatch(/^[1-9]\d?$/);
    expect(await refusal(second, 409, "CONFLICT")).toContain("still running");
    expect((await upload(vault, "l", "hello")).status).toBe(201);
    finish();
    const first = await told(await answer);
    expect(first).toMatchObject({ status: 201 });
    await expectReplay(await upload(vault, "k"), first);
    expect(await vault.bodies()).toHaveLength(2);
  });

  it("after the first was refused, or broken off: is carried out at once", async () => {
    const vault = await TestVault.create();
    const refused = await begun(vault, "k", { "Content-Digest": await digestOf("other") });
    refused.finish();
    await refusal(await refused.answer, 400, "INVALID_PARAMS");
    expect((await upload(vault, "k")).status).toBe(201);
    const broken = await begun(vault, "l");
    broken.breakOff();
    await refusal(await broken.answer, 400, "INVALID_PARAMS");
    expect((await upload(vault, "l")).status).toBe(201);
    expect(await vault.bodies()).toHaveLength(2);
  });

  it("twenty at once: one asset, and each is told of it or to wait", async () => {
    const vault = await TestVault.create();
    const answers = await Promise.all(Array.from({ length: 20 }, () => upload(vault, "k", "hello")));
    const firsts = answers.filter((response) => response.status === 201 && !isReplayed(response));
    expect(firsts).toHaveLength(1);
    expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    const texts = new Set(await Promise.all(answers.filter(({ status }) => status === 201).map((each) => each.text())));
    expect(texts.size).toBe(1);
    expect([(await idsOf(vault)).length, (await vault.bodies()).length]).toEqual([1, 1]);
  });

  it("from two places at once, when neither knows of the other: the commit decides", async () => {
    const vault = await TestVault.create();
    await vault.list();
    // The vault is told of none of these while they run.
    const unheard = interposed(() => Promise.resolve({ ok: true, record: null }), "beginUpload");
    const once = (size: number): Promise<Response> =>
      upload(vault, `k${size}`, new Uint8Array(size), { bindings: unheard });
    for (const size of [10, 3 * MIB]) {
      const answers = await Promise.all([once(size), once(size), once(size)]);
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
      expect(answers.filter(isReplayed)).toHaveLength(2);
      expect(new Set(await Promise.all(answers.map((each) => each.text()))).size).toBe(1);
    }
    expect([(await idsOf(vault)).length, (await vault.bodies()).length]).toEqual([2, 2]);
  });
});

describe("a change that the router asks for again, because the vault was reset", () => {
  /** Sends a change whose first answers get lost between vault and router. */
  const lossy = (vault: TestVault, method: string, path: string, body: object): Promise<Response> => {
    const lose = async (call: () => Promise<unknown>, n: number): Promise<unknown> => {
      const answer = await call();
      if (n === 1) throw reset();
      return answer;
    };
    const headers = { ...bearer(vault.secretKey), "Content-Type": "application/json", "Idempotency-Key": "k" };
    const request = new Request(ORIGIN + path, { method, headers, body: JSON.stringify(body) });
    return sendTo(request, interposed(lose, method === "PATCH" ? "patchAsset" : "batchAssets"));
  };

  it.each(["PATCH", "POST"])("%s: is no replay, unless its first attempt was one", async (method) => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const path = `${vault.assets}/${method === "PATCH" ? id : "batch"}`;
    const change = { metadata: { n: 1 } };
    const body = method === "PATCH" ? change : { operations: [{ op: "update", id, ...change }] };
    const response = await lossy(vault, method, path, body);
    expect([response.status, isReplayed(response)]).toEqual([200, false]);
    const first = await told(response);
    await expectReplay(await lossy(vault, method, path, body), first);
    expect((await vault.get(id)).headers.get("ETag")).toBe('"2"');
  });
});

describe("a patch that is repeated", () => {
  const KEY = { "Idempotency-Key": '"k"' };

  it("gets the first answer, though the tag no longer matches and the asset is gone", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const patch = (): Promise<Response> => vault.patch(id, { metadata: { n: 1 } }, { ...KEY, "If-Match": '"1"' });
    const response = await patch();
    expect(isReplayed(response)).toBe(false);
    const first = await told(response);
    expect(first).toMatchObject({ status: 200, etag: '"2"' });
    await expectReplay(await patch(), first);
    await vault.patch(id, { metadata: { n: 2 } });
    await expectReplay(await patch(), first);
    expect(JSON.parse((await (await vault.get(id)).json<AssetRecord>()).metadata)).toEqual({ n: 2 });
    await vault.delete(id);
    await expectReplay(await patch(), first);
  });

  it("is another one when its asset, body, media type or condition differs: 422", async () => {
    const vault = await TestVault.create();
    const [one, two] = [await vault.upload(), await vault.upload()];
    const first = await told(await vault.patch(one.id, { metadata: { n: 1 } }, KEY));
    const others: [id: string, body: object, headers: Record<string, string>][] = [
      [two.id, { metadata: { n: 1 } }, {}],
      [one.id, { metadata: { n: 2 } }, {}],
      [one.id, { metadata: { n: 1 }, tags: [] }, {}],
      [one.id, { metadata: { n: 1 } }, { "Content-Type": "application/merge-patch+json" }],
      [one.id, { metadata: { n: 1 } }, { "If-Match": '"3"' }],
      [one.id, { metadata: { n: 1 } }, { "If-None-Match": '"1"' }],
    ];
    for (const [id, body, headers] of others) {
      await refusal(await vault.patch(id, body, { ...KEY, ...headers }), 422, "IDEMPOTENCY_KEY_REUSED");
    }
    await refusal(await upload(vault, "k"), 422, "IDEMPOTENCY_KEY_REUSED");
    expect(await vault.bodies()).toHaveLength(2);
    await expectReplay(await vault.patch(one.id, { metadata: { n: 1 } }, KEY), first);
  });

  it("keeps successes only", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const patch = (tag: string): Promise<Response> => vault.patch(id, { tags: ["a"] }, { ...KEY, "If-Match": tag });
    await refusal(await patch('"7"'), 412, "PRECONDITION_FAILED");
    expect((await patch('"1"')).status).toBe(200);
    await refusal(await patch('"7"'), 422, "IDEMPOTENCY_KEY_REUSED");
    await refusal(await vault.patch("asset_0", {}, KEY), 400, "INVALID_PARAMS");
  });

  it("twenty at once: one change, and all are told of it", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const answers = await Promise.all(Array.from({ length: 20 }, () => vault.patch(id, { metadata: { n: 1 } }, KEY)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(answers.filter(isReplayed)).toHaveLength(19);
    expect(new Set(answers.map(({ headers }) => headers.get("ETag")))).toEqual(new Set(['"2"']));
    expect((await vault.get(id)).headers.get("ETag")).toBe('"2"');
  });
});

describe("a batch that is repeated", () => {
  const KEY = { "Idempotency-Key": "k" };

  /** Changes one asset and deletes another, if that is still there. */
  const batch = (vault: TestVault, ids: readonly string[], atomic = false): Promise<Response> => {
    const operations = [
      { op: "update", id: ids[0], metadata: { n: 1 } },
      { op: "delete", id: ids[1] },
    ];
    return vault.request("POST", `${vault.assets}/batch`, { operations, atomic }, KEY);
  };

  it("gets the first answer, and does nothing again", async () => {
    const vault = await TestVault.create();
    const ids = [(await vault.upload()).id, (await vault.upload()).id];
    const response = await batch(vault, ids);
    expect(isReplayed(response)).toBe(false);
    const first = await told(response);
    expect(first).toMatchObject({ status: 200, body: expect.stringContaining('"durability":"recorded"') as string });
    await vault.patch(ids[0] ?? "", { metadata: { n: 2 } });
    await expectReplay(await batch(vault, ids), first);
    expect(JSON.parse((await (await vault.get(ids[0] ?? "")).json<AssetRecord>()).metadata)).toEqual({ n: 2 });
    await refusal(await batch(vault, ids, true), 422, "IDEMPOTENCY_KEY_REUSED");
    await refusal(await batch(vault, ids.toReversed()), 422, "IDEMPOTENCY_KEY_REUSED");
    await refusal(await vault.patch(ids[0] ?? "", { tags: [] }, KEY), 422, "IDEMPOTENCY_KEY_REUSED");
  });

  it("and changed nothing gets the first answer too, although it would do something now", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const operations = [{ op: "update", id, metadata: { n: 1 }, if_match: '"2"' }];
    const repeat = (): Promise<Response> => vault.request("POST", `${vault.assets}/batch`, { operations }, KEY);
    const first = await told(await repeat());
    expect(first).toMatchObject({ status: 200, body: expect.stringContaining("PRECONDITION_FAILED") as string });
    await vault.patch(id, { tags: ["a"] });
    await vault.patch(id, { tags: ["b"] });
    await expectReplay(await repeat(), first);
  });

  it("keeps no refusal of all of it", async () => {
    const vault = await TestVault.create();
    const ids = [(await vault.upload()).id, "asset_00000000000000000000000000"];
    await refusal(await batch(vault, ids, true), 404, "ASSET_NOT_FOUND");
    await vault.delete(ids[0] ?? "");
    const after = await batch(vault, ids);
    expect([after.status, isReplayed(after)]).toEqual([200, false]);
  });
});
