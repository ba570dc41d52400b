/** A batch comes to the same as its operations one by one, and holds nobody up for long. */

import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { expect, inject, it } from "vitest";
import { newAssetId } from "../../src/model/id.ts";
import type { BatchOperation } from "../../src/model/batch.ts";
import { MAX_BATCH_OPERATIONS } from "../../src/model/limits.ts";
import type { Vault } from "../../src/vault/vault.ts";
import { OPERATOR, TestVault } from "../support/api.ts";
import { newAsset } from "../support/new-asset.ts";
import { expectDerived, indexed, recorded } from "../support/stores.ts";

const ASSETS = 4;

/** An operation, on one of the assets or on none, and perhaps with a condition that holds or that does not. */
const operation = fc.record({
  on: fc.integer({ min: 0, max: ASSETS }),
  condition: fc.constantFrom("none", "none", "none", "now", "never"),
  fields: fc.option(
    fc.oneof(
      fc.record({ metadata: fc.dictionary(fc.constantFrom("a", "b"), fc.integer(), { minKeys: 1 }) }),
      fc.record({ tags: fc.array(fc.constantFrom("x", "y", "z"), { maxLength: 3 }) }),
      fc.record({
        add_tags: fc.subarray(["x", "y"], { minLength: 1 }),
        remove_tags: fc.subarray(["y", "z"]),
      }),
      fc.record({ partition: fc.constantFrom("p", "q"), channel: fc.constantFrom("h", "i") }),
      fc.record({ filename: fc.constantFrom("f", "g") }),
      // Together with what is there, it may be too much.
      fc.record({ metadata: fc.constantFrom("c", "d").map((key) => ({ [key]: "x".repeat(40_000) })) }),
    ),
  ),
});

const made = (vault: TestVault, count: number, fields: object = {}): Promise<string[]> =>
  runInDurableObject(vault.stub, async (instance: Vault) => {
    const assets = Array.from({ length: count }, () => newAsset(vault, fields));
    await Promise.all(assets.map((asset) => instance.commitUpload(OPERATOR, asset)));
    return assets.map(({ id }) => id);
  });

/** What differs from vault to vault. */
const OWN = ["id", "r2_key", "created_at", "updated_at"];

/** What is left in a vault, apart from that. */
const left = async (vault: TestVault, ids: string[]): Promise<unknown[]> =>
  (await indexed(vault)).map((row) => [
    ids.indexOf(String(row["id"])),
    Object.entries(row).filter(([name]) => !OWN.includes(name)),
  ]);

it(
  "a batch: any operations answer and leave what they do one by one",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 12 }), async (operations) => {
        const [together, apart] = [await TestVault.create(), await TestVault.create()];
        const ids = await Promise.all([together, apart].map((vault) => made(vault, ASSETS)));
        const unknown = newAssetId();
        const etags = new Map<number, string>();
        const answers: unknown[] = [];
        for (const { on, condition, fields } of operations) {
          const id = ids[1]?.[on] ?? unknown;
          const current = (await apart.get(id)).headers.get("ETag") ?? '"1"';
          if (!etags.has(on)) etags.set(on, current);
          const tag = condition === "now" ? current : condition === "never" ? '"0"' : undefined;
          const headers: Record<string, string> = tag === undefined ? {} : { "If-Match": tag };
          const path = `${apart.assets}/${id}`;
          const response = await (fields === null
            ? apart.request("DELETE", path, undefined, headers)
            : apart.request("PATCH", path, fields, headers));
          const { error } = response.ok ? {} : await response.json<{ error: { code: string } }>();
          answers.push({
            status: response.status,
            etag: response.headers.get("ETag") ?? undefined,
            code: error?.code,
            tag,
          });
        }
        const body = {
          operations: operations.map(({ on, fields }, i) => {
            const { tag } = answers[i] as { tag?: string };
            const target = { id: ids[0]?.[on] ?? unknown, ...(tag === undefined ? {} : { if_match: tag }) };
            return fields === null ? { op: "delete", ...target } : { op: "update", ...target, ...fields };
          }),
        };
        const response = await together.request("POST", `${together.assets}/batch`, body);
        const { data } = await response.json<{ data: { status: number; etag?: string; error?: { code: string } }[] }>();
        expect(
          data.map(({ status, etag, error }, i) => ({
            status,
            etag,
            code: error?.code,
            tag: (answers[i] as { tag?: string }).tag,
          })),
        ).toEqual(answers);
        expect(await left(together, ids[0] ?? [])).toEqual(await left(apart, ids[1] ?? []));
        expect(await recorded(together)).toEqual(await indexed(together));
        await expectDerived(together);
        await expectDerived(apart);
      }),
      { numRuns: Math.ceil(inject("fuzzRuns") / 10) },
    );
  },
  60 * 60 * 1000,
);

it("batches that come together: have a transaction each, between which others are answered", async () => {
  const vault = await TestVault.create();
  const ids = await made(vault, MAX_BATCH_OPERATIONS);
  const found = await runInDurableObject(vault.stub, async (instance: Vault, { storage }) => {
    const original = storage.transactionSync.bind(storage);
    const lasted: number[] = [];
    let depth = 0;
    storage.transactionSync = (work) => {
      const started = performance.now();
      depth++;
      try {
        return original(work);
      } finally {
        depth--;
        if (depth === 0) lasted.push(performance.now() - started);
      }
    };
    const conditions = { ifMatch: null, ifNoneMatch: null };
    const order: string[] = [];
    const operations = (n: number): BatchOperation[] =>
      ids.map((id) => ({
        op: "update",
        id,
        conditions,
        patch: { merge: "shallow", path: { partition: `p${n}`, channel: `h${n}` } },
      }));
    const batches = [1, 2, 3].map(async (n) => {
      const outcome = await instance.batchAssets(OPERATOR, operations(n), n === 2);
      order.push(`batch ${n}`);
      return outcome.ok;
    });
    const reads = Array.from({ length: 20 }, async (_, i) => {
      await new Promise((resolve) => setTimeout(resolve, i));
      await instance.getAsset(OPERATOR, ids[0] ?? "");
      order.push("read");
    });
    const outcomes = await Promise.all(batches);
    await Promise.all(reads);
    storage.transactionSync = original;
    return { outcomes, order, lasted };
  });
  console.log("transactions of 1,000 moves each, in ms:", found.lasted.map((ms) => ms.toFixed(0)).join(", "));
  expect(found.outcomes).toEqual([true, true, true]);
  expect(found.lasted.filter((ms) => ms > 1).length).toBeGreaterThanOrEqual(3);
  expect(found.order.indexOf("read")).toBeLessThan(found.order.indexOf("batch 3"));
  expect((await indexed(vault)).every((row) => row["partition"] === "p3")).toBe(true);
  await expectDerived(vault);
});
