import fc from "fast-check";
import { describe, expect, inject, it } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { MAX_TAGS } from "../../src/model/limits.ts";
import { bearer, PATH, refusal, send, TestVault, textFile } from "../support/api.ts";
import { meter } from "../support/meter.ts";
import { expectAgreement, indexed, report } from "../support/stores.ts";

const MERGE = { "Content-Type": "application/merge-patch+json" };

async function patched(vault: TestVault, id: string, body: unknown, headers = {}): Promise<AssetRecord> {
  const response = await vault.patch(id, body, headers);
  expect(response.status, await response.clone().text()).toBe(200);
  return response.json();
}

const at = (vault: TestVault, path: string): Promise<Response> => vault.request("GET", `${vault.path}/files/${path}`);

describe("move", () => {
  it("changes where the asset is and what it is called, and nothing else but its tag and its time", async () => {
    const vault = await TestVault.create();
    const record = await vault.upload({ file: textFile("body", "a.txt"), tags: '["t"]' });
    const etag = (await vault.get(record.id)).headers.get("ETag");
    const [before] = await indexed(vault);
    const to = { partition: "p", collection: "c", channel: "h", filename: "b ü.txt" };
    const response = await vault.patch(record.id, { ...to, metadata: { n: 1 } });
    const moved = await response.json<AssetRecord>();
    expect(moved).toEqual({ ...record, ...to, metadata: '{"n":1}', updated_at: moved.updated_at });
    expect(response.headers.get("ETag")).not.toBe(etag);
    const [after] = await indexed(vault);
    expect([after?.["seq"], after?.["created_at"], after?.["r2_key"]]).toEqual([
      before?.["seq"],
      before?.["created_at"],
      record.r2_key,
    ]);
    expect(await (await vault.get(record.id)).json()).toEqual(moved);
    await expectAgreement(vault);
  });

  it("is seen by lists, by reads by path and in the name of a download at once", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload({ file: textFile("body", "a.txt") });
    const other = await vault.upload({ file: textFile("other", "b.txt") });
    expect((await vault.list({ channel: PATH.channel })).data).toHaveLength(2);
    await patched(vault, id, { channel: "new", filename: "c.txt" });
    expect((await vault.list({ channel: PATH.channel })).data.map((asset) => asset.id)).toEqual([other.id]);
    for (const filter of [
      { channel: "new" },
      { ...PATH, channel: "new" },
      { partition: "marketing", channel: "new" },
    ]) {
      expect((await vault.list(filter)).data.map((asset) => asset.id)).toEqual([id]);
    }
    expect((await at(vault, "marketing/blog/hero-images/a.txt")).status).toBe(404);
    const file = await at(vault, "marketing/blog/new/c.txt");
    expect([file.status, await file.text()]).toEqual([200, "body"]);
    const content = await vault.request("GET", `${vault.assets}/${id}/content`);
    expect(content.headers.get("Content-Disposition")).toContain('filename="c.txt"');
    // The partition is empty of what was moved out of it, as far as the operator can see.
    await patched(vault, id, { partition: "q" });
    expect((await report(vault)).partitions).toEqual([
      { name: "marketing", assets: 1, bytes: 5 },
      { name: "q", assets: 1, bytes: 4 },
    ]);
  });

  it("to a name that is taken: the asset that was created last is the newest of the name", async () => {
    const vault = await TestVault.create();
    const [older, newer] = [
      await vault.upload({ file: textFile("older", "a.txt") }),
      await vault.upload({ file: textFile("newer", "b.txt") }),
    ];
    const path = "marketing/blog/hero-images";
    await patched(vault, older.id, { filename: "b.txt" });
    expect(await (await at(vault, `${path}/b.txt`)).text()).toBe("newer");
    await patched(vault, newer.id, { filename: "c.txt" });
    expect(await (await at(vault, `${path}/b.txt`)).text()).toBe("older");
    await patched(vault, newer.id, { filename: "b.txt" });
    expect(await (await at(vault, `${path}/b.txt`)).text()).toBe("newer");
    // Create-only goes by where assets are now.
    const createOnly = async (name: string): Promise<number> => {
      const query = new URLSearchParams({ ...PATH, filename: name }).toString();
      const headers = { ...bearer(vault.secretKey), "Content-Type": "a/b", "If-None-Match": "*" };
      return (await send(`${vault.assets}?${query}`, { method: "POST", headers, body: "x" })).status;
    };
    expect([await createOnly("b.txt"), await createOnly("a.txt")]).toEqual([412, 201]);
  });

  it("refuses what no upload could be called, and what a merge patch would remove", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const cases: [object, RegExp, object?][] = [
      [{ partition: "Upper" }, /^partition: must be 1 to 64 lowercase/],
      [{ channel: "" }, /^channel: must be 1 to 64 lowercase/],
      [{ collection: 5 }, /^collection: must be a string/],
      [{ filename: "" }, /^filename: must not be empty/],
      [{ filename: "a/b" }, /^filename: must not contain/],
      [{ filename: "x".repeat(256) }, /^filename: must be at most 255 bytes/],
      [{ filename: null }, /^filename: must be a string/],
      [{ partition: null }, /^partition: must be a string/, MERGE],
      [{ filename: null }, /^filename: must be a string/, MERGE],
      [{ add_tags: null }, /^add_tags: must be an array of strings/, MERGE],
      [{ r2_key: "x" }, /^r2_key: unknown/],
    ];
    const before = await indexed(vault);
    for (const [body, message, headers = {}] of cases) {
      const response = await vault.patch(id, body, headers as Record<string, string>);
      expect(await refusal(response, 400, "INVALID_PARAMS")).toMatch(message);
    }
    expect(await indexed(vault)).toEqual(before);
    expect(await patched(vault, id, { partition: "p", filename: "f" }, MERGE)).toMatchObject({
      partition: "p",
      filename: "f",
    });
  });

  it("writes only the indexes that the changed part is in", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    await vault.patch(id, { tags: ["t"] });
    const cost = async (body: object): Promise<number> =>
      (await meter(vault, async () => void (await patched(vault, id, body)))).vaultWritten;
    const change = await cost({ metadata: { a: 1 } });
    const costs = {
      rename: (await cost({ filename: "f" })) - change,
      channel: (await cost({ channel: "x" })) - change,
      everything: (await cost({ partition: "x", collection: "x", channel: "y", filename: "g" })) - change,
      nowhere: (await cost({ partition: "x", collection: "x", channel: "y", filename: "g" })) - change,
    };
    console.log("rows that a move writes beside those of a change:", JSON.stringify({ change, ...costs }));
    expect(costs.rename).toBeLessThanOrEqual(2);
    expect(costs.channel).toBeLessThanOrEqual(13);
    expect(costs.everything).toBeLessThanOrEqual(19);
    expect(costs.nowhere).toBeLessThanOrEqual(0);
  });
});

describe("add_tags and remove_tags", () => {
  it("take away every occurrence, then append what is not there yet, in the order given", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload({ tags: '["a","b","a","c"]' });
    const cases: [object, string[], object?][] = [
      [{ remove_tags: ["a", "none"] }, ["b", "c"]],
      [{ add_tags: ["d", "b", "d", "é"] }, ["b", "c", "d", "é"]],
      [{ add_tags: ["b"], remove_tags: ["b", "d"] }, ["c", "é", "b"]],
      [{ add_tags: [] }, ["c", "é", "b"]],
      [{ remove_tags: ["c"], add_tags: ["x"], metadata: { k: null } }, ["é", "b", "x"], MERGE],
    ];
    for (const [body, tags, headers] of cases) {
      expect(JSON.parse((await patched(vault, id, body, headers)).tags)).toEqual(tags);
    }
    await expectAgreement(vault);
  });

  it("any of them: come to what a list without the removed and with the missing ones is", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const tag = fc.constantFrom("a", "b", "c", "__proto__", "d d", "");
    const tags = fc.array(tag, { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(tags, tags, tags, async (start, add_tags, remove_tags) => {
        await patched(vault, id, { tags: start });
        const expected = start.filter((each) => !remove_tags.includes(each));
        for (const each of add_tags) if (!expected.includes(each)) expected.push(each);
        expect(JSON.parse((await patched(vault, id, { add_tags, remove_tags })).tags)).toEqual(expected);
      }),
      { numRuns: Math.ceil(inject("fuzzRuns") / 5) },
    );
    await expectAgreement(vault);
  });

  it("do not go with `tags`, and what they come to obeys the same bounds", async () => {
    const vault = await TestVault.create();
    const full = Array.from({ length: MAX_TAGS }, (_, i) => `t${i}`);
    const { id } = await vault.upload({ tags: JSON.stringify(full) });
    const cases: [object, string, object?][] = [
      [{ tags: [], add_tags: ["x"] }, "tags: cannot be given together with add_tags or remove_tags"],
      [{ tags: [], remove_tags: [] }, "tags: cannot be given together with add_tags or remove_tags"],
      [{ tags: null, remove_tags: [] }, "tags: cannot be given together with add_tags or remove_tags", MERGE],
      [{ add_tags: ["one more"] }, "add_tags: with them, the asset has more than 1000 tags"],
      [{ add_tags: "x" }, 'add_tags: must be an array of strings, such as ["hero","cats"]'],
      [{ remove_tags: [...full, "x"] }, "remove_tags: must be at most 1000 strings"],
      [{ add_tags: ["x".repeat(70_000)] }, "add_tags: must be at most 65536 bytes of JSON"],
      [
        { add_tags: ["x".repeat(63_000)], remove_tags: full.slice(0, 500) },
        "add_tags: with them, the tags are more than 65536 bytes of JSON",
      ],
    ];
    for (const [body, message, headers = {}] of cases) {
      const response = await vault.patch(id, body, headers as Record<string, string>);
      expect(await refusal(response, 400, "INVALID_PARAMS")).toBe(message);
    }
    expect(JSON.parse((await patched(vault, id, { add_tags: ["t5"] })).tags)).toEqual(full);
    const swapped = await patched(vault, id, { add_tags: ["new"], remove_tags: ["t0"] });
    expect(JSON.parse(swapped.tags)).toEqual([...full.slice(1), "new"]);
  });

  it("of many clients at once are all kept", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const tags = Array.from({ length: 50 }, (_, i) => `t${i}`);
    await Promise.all(tags.map((tag) => patched(vault, id, { add_tags: [tag] })));
    expect((JSON.parse((await (await vault.get(id)).json<AssetRecord>()).tags) as string[]).toSorted()).toEqual(
      tags.toSorted(),
    );
  });
});
