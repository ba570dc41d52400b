/** What an import takes and what it refuses, and what a vault does meanwhile. */

import { createHash } from "node:crypto";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { ErrorBody, ImportedLine } from "../../src/api/types.ts";
import { newAssetId } from "../../src/model/id.ts";
import { timestamp } from "../../src/model/time.ts";
import { admin, PATH, patiently, post, TestVault, textFile } from "../support/api.ts";
import { wipe } from "../support/history.ts";
import {
  bringBodies,
  exported,
  importAll,
  importPage,
  movedTo,
  sendBody,
  sendImport,
  termsOf,
} from "../support/imports.ts";
import { askChanges } from "../support/replica.ts";
import { reconcile, report } from "../support/stores.ts";

/** A vault with some assets, one of them moved, and all that is known of them. */
async function original(): Promise<{ vault: TestVault; lines: ImportedLine[] }> {
  const vault = await TestVault.create();
  const first = await vault.upload({ file: textFile("one"), tags: '["a"]' });
  await vault.upload({ file: textFile("two") });
  await vault.upload({ file: new File([], "empty.txt", { type: "text/plain" }) });
  await vault.patch(first.id, { channel: "moved", filename: "new name.txt" });
  return { vault, lines: await exported(vault) };
}

async function refused(response: Promise<Response>, status: number): Promise<string> {
  const { status: got, ...rest } = await response.then(async (answer) => ({
    status: answer.status,
    text: await answer.text(),
  }));
  expect(got, rest.text).toBe(status);
  return (JSON.parse(rest.text) as ErrorBody).error.message;
}

describe("import", () => {
  it("import: goes on where it was cut off, even after the vault was lost, and repeats nothing", async () => {
    const { lines } = await original();
    const copy = await TestVault.create();
    const terms = termsOf(lines);
    const [first, ...others] = lines as [ImportedLine, ...ImportedLine[]];
    expect(await importPage(copy, { ...terms, records: lines })).toMatchObject({ imported: 0, missing: { length: 3 } });
    await bringBodies(copy, [first]);
    // Not all is there, so a last request ends nothing.
    const part = await importPage(copy, { ...terms, records: lines, finish: true });
    expect(part).toEqual({ imported: 1, present: 0, missing: others.map(({ asset }) => asset.id), done: false });
    await wipe(copy);
    expect((await patiently(() => copy.get(first.asset.id))).status).toBe(200);
    await bringBodies(copy, others);
    expect(await importPage(copy, { ...terms, records: lines, finish: true })).toMatchObject({
      imported: 2,
      present: 1,
      done: true,
    });
    expect(await importPage(copy, { ...terms, records: lines, finish: true })).toMatchObject({
      imported: 0,
      present: 3,
      done: true,
    });
    expect(await exported(copy)).toEqual(movedTo(copy, lines));
    // The import is over: what is gone stays gone.
    await copy.delete(first.asset.id);
    expect(await refused(sendImport(copy, { ...terms, records: [first] }), 409)).toMatch(
      /^records\[0\]\.asset\.id: is not in the vault/,
    );
  });

  it("import: while it is under way other writes and the feed get 503, and keys can be made", async () => {
    const { lines } = await original();
    const copy = await TestVault.create();
    const before = await (await askChanges(copy, { cursor: "now" })).json<{ cursor: string }>();
    await importPage(copy, { ...termsOf(lines), records: [] });
    expect(await refused(copy.send({ ...PATH, file: textFile() }), 503)).toContain("is being imported");
    expect(await refused(askChanges(copy), 503)).toContain("is being imported");
    expect((await copy.request("GET", copy.assets)).status).toBe(200);
    const { top: _, ...expected } = termsOf(lines);
    expect((await report(copy)).import).toEqual({ ...expected, started_at: expect.stringMatching(/Z$/) as string });
    expect((await post(`${copy.path}/keys`, admin, {})).status).toBe(201);
    await importAll(copy, lines);
    expect((await report(copy)).import).toBeNull();
    // Whoever followed the empty vault has not heard of what came at earlier places.
    expect((await askChanges(copy, { cursor: before.cursor })).status).toBe(410);
    expect((await copy.send({ ...PATH, file: textFile() })).status).toBe(201);
  });

  it("import: a vault with assets of its own, or with some of late, takes none, and no second import", async () => {
    const { vault, lines } = await original();
    const terms = termsOf(lines);
    expect(await refused(sendImport(vault, { ...terms, records: [] }), 409)).toContain("has 3 assets");
    for (const { asset } of lines) await vault.delete(asset.id);
    expect(await refused(sendImport(vault, { ...terms, records: [] }), 409)).toContain("of late");
    const copy = await TestVault.create();
    expect(await refused(sendBody(copy, lines[0] as ImportedLine, "x"), 409)).toContain("no such import");
    await importPage(copy, { ...terms, records: [] });
    const other = { ...terms, bytes: terms.bytes + 1, records: [] };
    expect(await refused(sendImport(copy, other), 409)).toContain("another import is under way");
    expect(await refused(sendImport(copy, { ...terms, records: [], finish: true }), 409)).toContain("0 of 3 assets");
  });

  it("import: takes no line beyond what it is of, which could never be finished", async () => {
    const { lines } = await original();
    const copy = await TestVault.create();
    for (const [fewer, message] of [
      [{ assets: 2 }, /^records\[2\]: the import is of 2 assets/],
      [{ bytes: 5 }, /^records\[\d\]\.asset\.size: the import is of 5 bytes/],
    ] as const) {
      const into = "assets" in fewer ? copy : await TestVault.create();
      const terms = { ...termsOf(lines), ...fewer };
      await importPage(into, { ...terms, records: [] });
      await bringBodies(into, lines);
      expect(await refused(sendImport(into, { ...terms, records: lines }), 409)).toMatch(message);
      expect((await into.list()).data).toEqual([]);
    }
    const two = { ...termsOf(lines), assets: 2 };
    const rest = lines.filter(({ asset }) => asset.size > 0);
    expect(await importPage(copy, { ...two, records: rest, finish: true })).toMatchObject({ imported: 2, done: true });
  });

  it("import: quotas and the other bounds of the vault hold", async () => {
    const { lines } = await original();
    const copy = await TestVault.create();
    const set = (change: object) => copy.request("PATCH", copy.path, change, admin);
    await set({ quota_assets: 2 });
    expect(await refused(sendImport(copy, { ...termsOf(lines), records: [] }), 403)).toContain("quota_assets: is 2");
    await set({ quota_assets: null });
    await importPage(copy, { ...termsOf(lines), records: lines });
    await bringBodies(copy, lines);
    await set({ allowed_types: ["image/*"] });
    expect(await refused(sendImport(copy, { ...termsOf(lines), records: lines }), 415)).toMatch(
      /^records\[0\]\.file: is text/,
    );
    await set({ allowed_types: null });
    await importAll(copy, lines);
  });

  it("import: a file is stored only if it is the one of its record, and another in its place counts as missing", async () => {
    const { lines } = await original();
    const copy = await TestVault.create();
    const line = lines.find(({ asset }) => asset.size === 3) as ImportedLine;
    await importPage(copy, { ...termsOf(lines), records: [] });
    expect(await refused(sendBody(copy, line, "wrong"), 400)).toMatch(/^sha256: the file's is [0-9a-f]{64}$/);
    expect(await refused(sendBody(copy, line, "one and more of it"), 400)).toMatch(/^sha256/);
    expect(await refused(sendBody(copy, line, "one", { nothing: "1" }), 400)).toMatch(/^nothing: /);
    const gzip = sendBody(copy, line, "one", {}, { "Content-Encoding": "gzip" });
    expect(await refused(gzip, 415)).toBe("Content-Encoding: must be identity; send the file as it is");
    expect(await copy.bodies()).toEqual([]);
    const wild = { ...line, asset: { ...line.asset, r2_key: `${line.asset.vault_id}/../x` } };
    expect(await refused(sendBody(copy, wild, "one"), 400)).toMatch(/^r2_key: /);
    // Brought there by other means, R2 cannot tell what it is.
    const [moved] = movedTo(copy, [line]);
    await env.BUCKET.put(moved?.asset.r2_key ?? "", "one");
    expect(await importPage(copy, { ...termsOf(lines), records: [line] })).toMatchObject({ missing: [line.asset.id] });
    await bringBodies(copy, [line]);
    expect(await importPage(copy, { ...termsOf(lines), records: [line] })).toMatchObject({ imported: 1 });
    // What is imported keeps its file, and may come once more.
    const other = { ...line, sha256: createHash("sha256").update("one").digest("hex") };
    expect(await refused(sendBody(copy, other, "one"), 409)).toBe(
      `sha256: the vault has this asset, and its file's is ${line.sha256}`,
    );
    expect(await (await copy.request("GET", `${copy.assets}/${line.asset.id}/content`)).text()).toBe("two");
    await bringBodies(copy, [line]);
    // Bodies without records wait for them, however old they are.
    await importAll(copy, lines);
    expect(await reconcile(copy)).toMatchObject({ restored: 0, orphans_waiting: 0, orphans_deleted: 0, missing: 0 });
  });

  it("import: a file that is on its way while its asset is taken does not get its place", async () => {
    const vault = await TestVault.create();
    const texts = ["small", "large".repeat(400_000)];
    for (const text of texts) await vault.upload({ file: textFile(text) });
    const lines = await exported(vault);
    const copy = await TestVault.create();
    await importPage(copy, { ...termsOf(lines), records: [] });
    const late = lines.map((line) => {
      const { size } = line.asset;
      const bytes = Buffer.alloc(size, "x");
      const other = { ...line, sha256: createHash("sha256").update(bytes).digest("hex") };
      const [begun, rest] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      let at = 0;
      const body = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            if (at > 0) begun.resolve();
            if (at > 0) await rest.promise;
            if (at === size) return controller.close();
            const end = at === 0 ? size - 1 : size;
            controller.enqueue(bytes.subarray(at, end));
            at = end;
          },
        },
        { highWaterMark: 0 },
      );
      const answer = sendBody(copy, other, body, {}, { "Content-Length": `${size}` });
      return { answer, begun: begun.promise, go: rest.resolve };
    });
    await Promise.all(late.map(({ begun }) => begun));
    const [taken, done] = late as [(typeof late)[0], (typeof late)[0]];
    await bringBodies(copy, lines);
    await importPage(copy, { ...termsOf(lines), records: lines });
    taken.go();
    expect(await refused(taken.answer, 409)).toMatch(/^sha256: the vault has this asset/);
    await importAll(copy, lines);
    done.go();
    expect(await refused(done.answer, 409)).toContain("no such import");
    for (const { asset } of lines) {
      const content = await (await copy.request("GET", `${copy.assets}/${asset.id}/content`)).text();
      expect(texts.includes(content), asset.id).toBe(true);
    }
  });

  it("import: a line that breaks a rule is refused by its place and the rule", async () => {
    const { lines } = await original();
    const copy = await TestVault.create();
    const [good] = lines as [ImportedLine];
    const terms = termsOf(lines);
    await importPage(copy, { ...terms, records: lines });
    await bringBodies(copy, lines);
    const { asset } = good;
    const soon = timestamp(Date.now() + 3_600_000);
    const line = (fields: object) => ({ ...good, asset: { ...asset, ...fields } });
    const wrong: [line: unknown, message: RegExp][] = [
      ["x", /^records\[1\] must be a JSON object/],
      [{ type: "deleted", id: asset.id }, /^records\[1\]\.(?:id|type)/],
      [{ ...good, more: 1 }, /^records\[1\]\.more/],
      [{ ...good, seq: 0 }, /^records\[1\]\.seq: must be a whole number/],
      [{ ...good, seq: 9, etag: '"8"' }, /^records\[1\]\.seq: must be at most/],
      [{ ...good, etag: "7" }, /^records\[1\]\.etag: /],
      [{ ...good, sha256: "A" }, /^records\[1\]\.sha256: /],
      [line({ id: "asset_1" }), /^records\[1\]\.asset\.id: /],
      [line({ id: newAssetId() }), /^records\[1\]\.asset\.r2_key: /],
      [line({ vault_id: copy.id }), /^records\[1\]\.asset\.r2_key: /],
      [line({ r2_key: "../../etc/passwd" }), /^records\[1\]\.asset\.r2_key: /],
      [line({ __proto__x: 1 }), /^records\[1\]\.asset\.__proto__x/],
      [line({ partition: "../x" }), /^records\[1\]\.asset\.partition: /],
      [line({ filename: "a/b" }), /^records\[1\]\.asset\.filename: /],
      [line({ size: -1 }), /^records\[1\]\.asset\.size: /],
      [line({ size: 1e300 }), /^records\[1\]\.asset\.size: /],
      [line({ mime_type: "a\r\nb: c" }), /^records\[1\]\.asset\.mime_type: /],
      [line({ width: 3 }), /^records\[1\]\.asset\.height: /],
      [line({ metadata: "[]" }), /^records\[1\]\.asset\.metadata: /],
      [line({ metadata: {} }), /^records\[1\]\.asset\.metadata: /],
      [line({ metadata: `{"a":"${"x".repeat(70_000)}"}` }), /^records\[1\]\.asset\.metadata: /],
      [line({ tags: "[1]" }), /^records\[1\]\.asset\.tags: /],
      [line({ created_at: "2026-02-30T00:00:00Z" }), /^records\[1\]\.asset\.created_at: there is no such time/],
      [line({ updated_at: soon }), /^records\[1\]\.asset\.updated_at: must not be in the future/],
      [line({ updated_at: "2020-01-01T00:00:00Z" }), /^records\[1\]\.asset\.updated_at: must not be before/],
    ];
    for (const [bad, message] of wrong) {
      expect(await refused(sendImport(copy, { ...terms, records: [good, bad] }), 400)).toMatch(message);
    }
    expect(await refused(sendImport(copy, { ...terms, records: Array(21).fill(good) }), 400)).toMatch(
      /^records: must be an array of at most 20/,
    );
    // Nothing of a request is taken of which one line is refused.
    expect((await copy.list()).data).toEqual([]);
    await importPage(copy, { ...terms, records: [good] });
    const { size, sha256 } = { size: asset.size, sha256: good.sha256 };
    const id = newAssetId();
    const r2_key = asset.r2_key.replace(asset.id, id);
    const twin = { ...good, asset: { ...asset, id, r2_key, size }, sha256 };
    await bringBodies(copy, [good]);
    const body = await env.BUCKET.get(asset.r2_key);
    await sendBody(copy, twin, await (body as R2ObjectBody).arrayBuffer());
    const beyond = { ...twin, etag: `"${terms.top + 1}"` };
    expect(await refused(sendImport(copy, { ...terms, records: [beyond] }), 400)).toMatch(
      /^records\[0\]\.etag: must be at/,
    );
    const same = sendImport(copy, { ...terms, records: [twin] });
    expect(await refused(same, 409)).toMatch(/^records\[0\]\.(?:seq|etag): \d+ is the place of another asset/);
    const other = { ...good, asset: { ...asset, tags: '["b"]' } };
    expect(await refused(sendImport(copy, { ...terms, records: [other] }), 409)).toMatch(
      /^records\[0\]\.asset\.tags: differs/,
    );
    // Time does not run backwards in the order of lists.
    const early = { ...twin, seq: good.seq + 1, etag: `"${good.seq + 1}"` };
    const before = { ...early, asset: { ...twin.asset, created_at: "2020-01-01T00:00:00Z" } };
    expect(await refused(sendImport(copy, { ...terms, records: [before] }), 400)).toMatch(
      /^records\[0\]\.asset\.created_at: must not be before/,
    );
  });
});
