import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { MAX_BATCH_OPERATIONS } from "../../src/model/limits.ts";
import { newAssetId } from "../../src/model/id.ts";
import type { Vault } from "../../src/vault/vault.ts";
import { bearer, OPERATOR, refusal, send, TestVault, textFile } from "../support/api.ts";
import { meter } from "../support/meter.ts";
import { newAsset } from "../support/new-asset.ts";
import { silent, withBucket } from "../support/outage.ts";
import { expectAgreement, expectDerived, indexed, recorded, report } from "../support/stores.ts";

interface Result {
  status: number;
  id: string;
  etag?: string;
  error?: { code: string; message: string; status: number };
}

const batch = (vault: TestVault, operations: unknown, more: object = {}): Promise<Response> =>
  vault.request("POST", `${vault.assets}/batch`, { operations, ...more });

/** The results of a batch that is answered with 200. */
async function results(vault: TestVault, operations: unknown, more?: object): Promise<Result[]> {
  const response = await batch(vault, operations, more);
  expect(response.status, await response.clone().text()).toBe(200);
  const { data, durability } = await response.json<{ data: Result[]; durability: string }>();
  expect([durability, response.headers.get("Strongroom-Durability")]).toEqual(["recorded", null]);
  return data;
}

/** Makes assets without bodies, and returns their ids. */
const made = (vault: TestVault, count: number, fields: Parameters<typeof newAsset>[1] = {}): Promise<string[]> =>
  runInDurableObject(vault.stub, async (instance: Vault) => {
    const assets = Array.from({ length: count }, () => newAsset(vault, fields));
    await Promise.all(assets.map((asset) => instance.commitUpload(OPERATOR, asset)));
    return assets.map(({ id }) => id);
  });

const recordOf = async (vault: TestVault, id: string): Promise<AssetRecord> => (await vault.get(id)).json();

describe("batch", () => {
  it("does its operations in their order, and answers each as a request of its own would be", async () => {
    const vault = await TestVault.create();
    const [a, b, c] = [await vault.upload(), await vault.upload({ tags: '["x","y"]' }), await vault.upload()];
    const etag = (await vault.get(c.id)).headers.get("ETag");
    const unknown = newAssetId();
    const data = await results(vault, [
      { op: "update", id: a.id, metadata: { n: 1 }, channel: "moved", filename: "renamed.txt" },
      { op: "update", id: b.id, add_tags: ["z"], remove_tags: ["x"] },
      { op: "update", id: c.id, tags: ["one"], if_match: etag },
      { op: "update", id: c.id, tags: ["two"], if_match: etag },
      { op: "delete", id: b.id },
      { op: "update", id: b.id, tags: [] },
      { op: "delete", id: unknown },
      { op: "delete", id: "nothing" },
      { op: "delete", id: a.id, if_match: '"0"' },
    ]);
    const gone = { code: "ASSET_NOT_FOUND", message: "no asset with this id in this vault", status: 404 };
    const changed = { code: "PRECONDITION_FAILED", message: "if_match: the asset has changed since", status: 412 };
    expect(data).toEqual([
      { status: 200, id: a.id, etag: (await vault.get(a.id)).headers.get("ETag") },
      { status: 200, id: b.id, etag: expect.stringMatching(/^"\d+"$/) as string },
      { status: 200, id: c.id, etag: (await vault.get(c.id)).headers.get("ETag") },
      { status: 412, id: c.id, error: changed },
      { status: 204, id: b.id },
      { status: 404, id: b.id, error: gone },
      { status: 404, id: unknown, error: gone },
      { status: 404, id: "nothing", error: gone },
      { status: 412, id: a.id, error: changed },
    ]);
    const { updated_at } = await recordOf(vault, a.id);
    expect(await recordOf(vault, a.id)).toEqual({
      ...a,
      metadata: '{"n":1}',
      channel: "moved",
      filename: "renamed.txt",
      updated_at,
    });
    expect((await recordOf(vault, c.id)).tags).toBe('["one"]');
    await expectAgreement(vault);
  });

  it("lets an operation see what those before it did to the same asset, with a revision for each", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const before = (await report(vault)).rev;
    const ops = ["a", "b", "c"].map((tag) => ({ op: "update", id, add_tags: [tag] }));
    const data = await results(vault, ops);
    expect(data.map(({ etag }) => etag)).toEqual([1, 2, 3].map((n) => `"${before + n}"`));
    expect((await recordOf(vault, id)).tags).toBe('["a","b","c"]');
    await expectAgreement(vault);
  });

  it("with `atomic`: does all or nothing, and says which operation was refused", async () => {
    const vault = await TestVault.create();
    const [a, b] = [await vault.upload({ tags: '["t"]' }), await vault.upload()];
    const before = { rows: await indexed(vault), rev: (await report(vault)).rev };
    const good = [
      { op: "update", id: a.id, tags: [], metadata: { x: 1 } },
      { op: "update", id: a.id, partition: "elsewhere" },
      { op: "delete", id: b.id },
    ];
    const big = JSON.stringify(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, "x".repeat(1_000)])));
    await vault.patch(a.id, `{"metadata":${big}}`);
    const cases: [object, number, string, RegExp][] = [
      [{ op: "delete", id: b.id }, 404, "ASSET_NOT_FOUND", /^operations\[3\]: no asset with this id/],
      [{ op: "delete", id: a.id, if_match: '"1"' }, 412, "PRECONDITION_FAILED", /^operations\[3\]: if_match: /],
      [
        { op: "update", id: a.id, metadata: { more: "x".repeat(10_000) } },
        400,
        "INVALID_PARAMS",
        /^operations\[3\]: metadata: must be at most 65536 bytes/,
      ],
    ];
    const now = { rows: await indexed(vault), rev: before.rev + 1 };
    for (const [bad, status, code, message] of cases) {
      expect(await refusal(await batch(vault, [...good, bad], { atomic: true }), status, code)).toMatch(message);
      expect(await indexed(vault)).toEqual(now.rows);
      expect((await report(vault)).rev).toBe(now.rev);
    }
    await expectDerived(vault);
    const data = await results(vault, good, { atomic: true });
    // No revision was lost with what was undone.
    expect(data).toEqual([
      { status: 200, id: a.id, etag: `"${now.rev + 1}"` },
      { status: 200, id: a.id, etag: `"${now.rev + 2}"` },
      { status: 204, id: b.id },
    ]);
    expect((await report(vault)).rev).toBe(now.rev + 3);
    await expectAgreement(vault);
  });

  it("beside other writes of its group, undoes its own changes alone", async () => {
    const vault = await TestVault.create();
    const [a, b, c] = [await vault.upload(), await vault.upload(), await vault.upload()];
    const statuses = await runInDurableObject(vault.stub, async (instance: Vault) => {
      const patch = { tags: '["t"]', merge: "shallow" } as const;
      const conditions = { ifMatch: null, ifNoneMatch: null };
      const operations = [
        { op: "update", id: a.id, conditions, patch: { path: { partition: "q" }, merge: "shallow" } },
        { op: "delete", id: c.id, conditions },
        { op: "delete", id: newAssetId(), conditions },
      ] as const;
      const outcomes = await Promise.all([
        instance.patchAsset(OPERATOR, a.id, patch, conditions),
        instance.batchAssets(OPERATOR, operations, true),
        instance.deleteAsset(OPERATOR, b.id, conditions),
      ]);
      return outcomes.map(({ ok }) => ok);
    });
    expect(statuses).toEqual([true, false, true]);
    expect(await recordOf(vault, a.id)).toMatchObject({ tags: '["t"]', partition: "marketing" });
    expect((await vault.get(b.id)).status).toBe(404);
    expect((await vault.get(c.id)).status).toBe(200);
    await expectAgreement(vault);
  });

  it("and a folder's deletion: are queued while R2 has not lost the bodies", async () => {
    const vault = await TestVault.create();
    const [a, b] = [await vault.upload(), await vault.upload()];
    await withBucket("delete", silent, async () => {
      const response = await batch(vault, [{ op: "delete", id: a.id }]);
      expect(await response.json()).toEqual({ data: [{ status: 204, id: a.id }], durability: "queued" });
      expect(response.headers.get("Strongroom-Durability")).toBe("queued");
      // What deletes nothing does not wait for R2.
      expect(await results(vault, [{ op: "update", id: b.id, tags: [] }])).toMatchObject([{ status: 200 }]);
      const folder = await vault.request("DELETE", `${vault.assets}?partition=marketing`);
      expect(await folder.json()).toEqual({ deleted: 1, has_more: false });
      expect(folder.headers.get("Strongroom-Durability")).toBe("queued");
    });
  });

  it("refuses a body that it does not take, and names the operation and the field", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const good = { op: "update", id, tags: [] };
    const deep = `${"[".repeat(33)}${"]".repeat(33)}`;
    const cases: [unknown, string | RegExp][] = [
      [{ operations: [] }, "operations: must be an array of 1 to 1000 operations"],
      [{ operations: {} }, "operations: must be an array of 1 to 1000 operations"],
      [{}, "operations: is required"],
      [
        { operations: Array.from({ length: MAX_BATCH_OPERATIONS + 1 }, () => ({})) },
        /^operations: must be an array of 1/,
      ],
      [{ operations: [good], atomic: 1 }, "atomic: must be true or false"],
      [{ operations: [good], atmic: true }, "atmic: unknown; did you mean atomic?"],
      [{ operations: [good, 5] }, "operations[1] must be a JSON object"],
      [{ operations: [good, { id }] }, 'operations[1].op: must be "update" or "delete"'],
      [{ operations: [{ op: "move", id }] }, 'operations[0].op: must be "update" or "delete"'],
      [{ operations: [good, { op: "update", id, tgas: [] }] }, "operations[1].tgas: unknown; did you mean tags?"],
      [
        `{"operations":[{"op":"delete","id":"${id}","__proto__":1}]}`,
        /^operations\[0\]\.__proto__: unknown; known are/,
      ],
      [{ operations: [{ op: "delete", id, tags: [] }] }, "operations[0].tags: unknown; known are op, id, if_match"],
      [{ operations: [{ op: "delete" }] }, "operations[0].id: is required"],
      [{ operations: [{ op: "delete", id: 5 }] }, "operations[0].id: must be a string"],
      [{ operations: [{ op: "delete", id, if_match: null }] }, "operations[0].if_match: must be a string"],
      [{ operations: [{ op: "update", id }] }, /^operations\[0\]: at least one of metadata, tags/],
      [{ operations: [{ ...good, add_tags: [] }] }, /^operations\[0\]: tags: cannot be given together/],
      [{ operations: [good, { op: "update", id, partition: "A" }] }, /^operations\[1\]\.partition: must be 1 to 64/],
      [{ operations: [good, { op: "update", id, filename: "a/b" }] }, /^operations\[1\]\.filename: must not contain/],
      [{ operations: [good, { op: "update", id, metadata: [] }] }, /^operations\[1\]\.metadata: must be a JSON object/],
      [{ operations: [good, { op: "update", id, tags: [1] }] }, /^operations\[1\]\.tags\.0: must be a string/],
      [
        `{"operations":[{"op":"update","id":"${id}","tags":[]},{"metadata":{"n":{"m":[1,1e400]}}}]}`,
        "operations[1].metadata.n.m.1: the number 1e400 cannot be kept exactly; send it as a string",
      ],
      [`{"operations":[{"metadata":{"a":${deep}}}]}`, "operations[0].metadata: must not nest deeper than 32 levels"],
      [
        { operations: [good, { op: "update", id, add_tags: Array.from({ length: 1_001 }, () => "t") }] },
        "operations[1].add_tags: must be at most 1000 strings",
      ],
      [
        { operations: [{ op: "update", id, metadata: { a: "x".repeat(70_000) } }, good] },
        "operations[0].metadata: must be at most 65536 bytes of JSON",
      ],
      [[], "the body must be a JSON object"],
    ];
    const before = await recordOf(vault, id);
    for (const [body, message] of cases) {
      const response = await vault.request("POST", `${vault.assets}/batch`, body);
      const said = await refusal(response, 400, "INVALID_PARAMS");
      if (typeof message === "string") expect(said).toBe(message);
      else expect(said).toMatch(message);
    }
    const large = await vault.request("POST", `${vault.assets}/batch`, `{"operations":[]${" ".repeat(1024 * 1024)}}`);
    await refusal(large, 413, "PAYLOAD_TOO_LARGE");
    expect(await recordOf(vault, id)).toEqual(before);
  });

  it("counts the bytes of each field by itself, and not those of the operations around it", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    // Each of these is as long as it may be.
    const metadata = { a: "x".repeat(64 * 1024 - '{"a":""}'.length) };
    const data = await results(vault, [
      { op: "update", id, metadata },
      { op: "update", id, metadata },
      { op: "update", id, tags: ["t".repeat(64 * 1024 - 4)] },
      { op: "update", id, tags: ["last"] },
    ]);
    expect(data.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it("takes 1,000 operations, and costs at most two calls to D1", async () => {
    const vault = await TestVault.create();
    const ids = await made(vault, MAX_BATCH_OPERATIONS);
    const ops = ids.map((id) => ({ op: "update", id, metadata: { text: "x".repeat(700) } }));
    let data: Result[] = [];
    const update = await meter(vault, async () => {
      data = await results(vault, ops);
    });
    expect(new Set(data.map(({ status }) => status))).toEqual(new Set([200]));
    console.log("a batch of 1,000 updates:", JSON.stringify(update));
    expect(update.d1Calls).toBeLessThanOrEqual(2);
    expect(update.vaultWritten / ids.length).toBeLessThanOrEqual(3.1);
    const move = await meter(vault, async () => {
      await results(
        vault,
        ids.map((id) => ({ op: "update", id, partition: "q" })),
      );
    });
    console.log("a batch of 1,000 moves to another partition:", JSON.stringify(move));
    expect(move.d1Calls).toBeLessThanOrEqual(2);
    const removal = await meter(vault, async () => {
      data = await results(
        vault,
        ids.map((id) => ({ op: "delete", id })),
      );
    });
    console.log("a batch of 1,000 deletions:", JSON.stringify(removal));
    expect(new Set(data.map(({ status }) => status))).toEqual(new Set([204]));
    expect([removal.d1Calls, removal.r2Deletes]).toEqual([1, 1]);
    await expectAgreement(vault);
  });

  it("counts an operation that is refused when it has been worked out, so that it cannot be had for nothing", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload({ metadata: JSON.stringify({ a: "x".repeat(65_400) }) });
    const ops = Array.from({ length: 100 }, () => ({ op: "update", id, metadata: { z: "y".repeat(200) } }));
    const data = await results(vault, ops);
    const statuses = data.map(({ status }) => status);
    expect(statuses.slice(0, 60)).toEqual(Array.from({ length: 60 }, () => 400));
    expect(statuses.slice(60)).toEqual(Array.from({ length: 40 }, () => 413));
  });

  it("refuses the operation that would be too much, and with `atomic` all of them", async () => {
    const vault = await TestVault.create();
    const text = JSON.stringify({ a: "x".repeat(60_000) });
    const large = await made(vault, 67, { metadata: text });
    const [small = ""] = await made(vault, 1);
    const ops = [...large.map((id) => ({ op: "update", id, tags: ["t"] })), { op: "update", id: small, tags: ["t"] }];
    const message = /^(?:operations\[65\]: )?this is too much for one batch: the records .* 4000000 bytes together$/;
    expect(await refusal(await batch(vault, ops, { atomic: true }), 413, "PAYLOAD_TOO_LARGE")).toMatch(message);
    const data = await results(vault, ops);
    // 65 records are 3.97 MB. The small one still fits.
    expect(data.map(({ status }) => status)).toEqual([...Array.from({ length: 65 }, () => 200), 413, 413, 200]);
    expect(data[65]?.error?.message).toMatch(message);

    const tags = JSON.stringify(Array.from({ length: 1_000 }, (_, i) => `t${i}`));
    const tagged = await made(vault, 21, { tags });
    const removed = await results(
      vault,
      tagged.map((id) => ({ op: "delete", id })),
    );
    expect(removed.map(({ status }) => status)).toEqual([...Array.from({ length: 20 }, () => 204), 413]);
    expect(removed[20]?.error?.message).toMatch(/ at most 20000 tags$/);
    expect(await recorded(vault)).toEqual(await indexed(vault));
    await expectDerived(vault);
  });

  it("refuses parameters, and conditions on the whole, which it would have to ignore", async () => {
    const vault = await TestVault.create();
    const { id, partition } = await vault.upload();
    const body = { operations: [{ op: "delete", id }] };
    const parameter = await vault.request("POST", `${vault.assets}/batch?atomic=true`, body);
    expect(await refusal(parameter, 400, "INVALID_PARAMS")).toMatch(/^atomic: a batch takes no parameters/);
    for (const header of ["If-Match", "If-None-Match"]) {
      const headers = { ...bearer(vault.secretKey), [header]: '"0"' };
      const init = { method: "POST", headers: { ...headers, "Content-Type": "application/json" } };
      const batched = await send(`${vault.assets}/batch`, { ...init, body: JSON.stringify(body) });
      const folder = await send(`${vault.assets}?partition=${partition}`, { method: "DELETE", headers });
      for (const response of [batched, folder]) {
        expect(await refusal(response, 400, "INVALID_PARAMS")).toMatch(new RegExp(`^${header}: cannot be used here`));
      }
    }
    expect((await vault.list()).data).toHaveLength(1);
    expect((await vault.request("POST", `${vault.assets}/batch?_=1`, body)).status).toBe(200);
  });

  it("needs a secret key of the vault, and a body of JSON", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const body = JSON.stringify({ operations: [{ op: "delete", id }] });
    const headers = { ...bearer(vault.publicKey), "Content-Type": "application/json" };
    await refusal(await send(`${vault.assets}/batch`, { method: "POST", headers, body }), 403, "FORBIDDEN");
    const merge = { "Content-Type": "application/merge-patch+json" };
    const response = await vault.request("POST", `${vault.assets}/batch`, body, merge);
    await refusal(response, 415, "UNSUPPORTED_MEDIA_TYPE");
    expect((await vault.get(id)).status).toBe(200);
  });
});

describe("folder deletion", () => {
  const remove = (vault: TestVault, query: string): Promise<Response> =>
    vault.request("DELETE", `${vault.assets}?${query}`);

  it("deletes the newest assets of the folder with their bodies, and says whether there are more", async () => {
    const vault = await TestVault.create();
    const all: AssetRecord[] = [];
    for (const [partition, collection, channel] of ["aaa", "aab", "aba", "abb", "baa", "aaa"]) {
      all.push(await vault.upload({ partition, collection, channel, file: textFile(), tags: '["t"]' }));
    }
    const left = (...gone: number[]): string[] => all.filter((_, i) => !gone.includes(i)).map(({ id }) => id);
    const cases: [query: string, deleted: number, has_more: boolean, gone: number[]][] = [
      ["partition=a&collection=a&channel=a&limit=1", 1, true, [5]],
      ["partition=a&channel=a&limit=2", 2, false, [5, 2, 0]],
      ["partition=a&collection=b", 1, false, [5, 2, 0, 3]],
      ["partition=none", 0, false, [5, 2, 0, 3]],
      ["partition=a", 1, false, [5, 2, 0, 3, 1]],
    ];
    for (const [query, deleted, has_more, gone] of cases) {
      const response = await remove(vault, query);
      expect([query, response.status, await response.json()]).toEqual([query, 200, { deleted, has_more }]);
      expect(response.headers.get("Strongroom-Durability")).toBeNull();
      expect((await indexed(vault)).map(({ id }) => id)).toEqual(left(...gone));
      await expectAgreement(vault);
    }
    // A commit that is repeated brings none of them back.
    const outcome = await vault.rpc.commitUpload(OPERATOR, newAsset(vault, { id: all[0]?.id ?? "" }));
    expect(outcome).toMatchObject({ ok: false, code: "UNAVAILABLE" });
  });

  it("takes its four parameters, and refuses every other rather than delete what was not meant", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const cases: [string, string][] = [
      ["", "partition: is required"],
      ["collection=blog", "partition: is required"],
      ["partition=marketing&filename=x", "filename: unknown; known are partition, collection, channel, limit"],
      ["partition=marketing&tag=x", "tag: unknown; known are partition, collection, channel, limit"],
      ["partition=marketing&chanel=x", "chanel: unknown; did you mean channel?"],
      ["partition=marketing&partition=x", "partition: must be given only once"],
      [
        "partition=marketing&channel=",
        "channel: must be 1 to 64 lowercase letters, digits and hyphens, starting and ending with a letter or digit",
      ],
      ["partition=marketing&limit=0", "limit: must be a number from 1 to 1000"],
      ["partition=marketing&limit=1001", "limit: must be a number from 1 to 1000"],
    ];
    for (const [query, message] of cases) {
      expect(await refusal(await remove(vault, query), 400, "INVALID_PARAMS")).toBe(message);
    }
    expect((await vault.get(id)).status).toBe(200);
    const response = await send(`${vault.assets}?partition=marketing`, {
      method: "DELETE",
      headers: bearer(vault.publicKey),
    });
    await refusal(response, 403, "FORBIDDEN");
  });

  it("deletes 1,000 at once with one call to each store, and fewer when their records are large", async () => {
    const vault = await TestVault.create();
    await made(vault, 1_001);
    const bill = await meter(vault, async () => {
      expect(await (await remove(vault, "partition=p")).json()).toEqual({ deleted: 1_000, has_more: true });
    });
    console.log("1,000 assets of a folder:", JSON.stringify(bill));
    expect([bill.d1Calls, bill.r2Deletes]).toEqual([1, 1]);
    expect(await (await remove(vault, "partition=p")).json()).toEqual({ deleted: 1, has_more: false });
    await made(vault, 70, { metadata: JSON.stringify({ a: "x".repeat(60_000) }) });
    expect(await (await remove(vault, "partition=p")).json()).toEqual({ deleted: 65, has_more: true });
    expect(await (await remove(vault, "partition=p")).json()).toEqual({ deleted: 5, has_more: false });
    expect(await env.BUCKET.list({ prefix: vault.id })).toMatchObject({ objects: [] });
  });
});
