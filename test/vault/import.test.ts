/** A vault that was imported is the one that was exported, but for its own id. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { patiently, TestVault, textFile } from "../support/api.ts";
import { wipe } from "../support/history.ts";
import { exported, importAll, movedTo } from "../support/imports.ts";
import { expectAgreement, reconcile } from "../support/stores.ts";

/** What happens to a vault: an upload, or something to one of its assets. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("upload" as const), name: fc.nat(2), tags: fc.nat(3) }) },
  fc.record({ do: fc.constant("tag" as const), at: fc.nat(9), tags: fc.nat(3) }),
  fc.record({ do: fc.constant("move" as const), at: fc.nat(9), name: fc.nat(2) }),
  fc.record({ do: fc.constant("delete" as const), at: fc.nat(9) }),
);

const tagsOf = (count: number): string[] => ["red", "grün", "\u{1f600}"].slice(0, count);

/** Lets a history happen, and returns how many assets are left. */
async function live(vault: TestVault, steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]) {
  const ids: string[] = [];
  for (const [n, each] of steps.entries()) {
    if (each.do === "upload") {
      const fields = { channel: `c${each.name}`, metadata: JSON.stringify({ n, __proto__x: "é" }) };
      const { id } = await vault.upload({ ...fields, tags: JSON.stringify(tagsOf(each.tags)), file: textFile(`${n}`) });
      ids.push(id);
      continue;
    }
    const at = each.at % Math.max(1, ids.length);
    const id = ids[at];
    if (id === undefined) continue;
    if (each.do === "delete") {
      await vault.delete(id);
      ids.splice(at, 1);
    } else if (each.do === "tag") await vault.patch(id, { tags: tagsOf(each.tags) });
    else await vault.patch(id, { channel: `c${each.name}`, filename: `${each.name}.txt` });
  }
  return ids.length;
}

/** All that readers see of a vault. */
async function seen(vault: TestVault) {
  const lists = [];
  for (const query of [{}, { order: "oldest" }, { channel: "c1" }, { tag: "red" }])
    lists.push((await vault.list({ ...query, limit: 200 })).data.map(({ id }) => id));
  const folders = await (
    await vault.request("GET", `${vault.path}/folders?partition=marketing&collection=blog`)
  ).json();
  return { lists, folders };
}

describe("import", () => {
  it("import: any history comes back with its ids, its order, its times and its entity tags, and outlives a rebuild", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 12 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(),
        async (steps, size, turn) => {
          const original = await TestVault.create();
          const count = await live(original, steps);
          const lines = await exported(original);
          expect(lines).toHaveLength(count);
          const copy = await TestVault.create();
          // In whatever order the lines come.
          const at = lines.length === 0 ? 0 : turn % lines.length;
          await importAll(copy, [...lines.slice(at), ...lines.slice(0, at)], size);
          const expected = movedTo(copy, lines);
          expect(await exported(copy)).toEqual(expected);
          expect(await seen(copy)).toEqual(await seen(original));
          await expectAgreement(copy);
          expect(await reconcile(copy)).toMatchObject({
            restored: 0,
            removed: 0,
            recounted: 0,
            missing: 0,
            orphans_waiting: 0,
          });
          await wipe(copy);
          expect((await patiently(() => copy.request("GET", copy.assets))).status).toBe(200);
          expect(await exported(copy)).toEqual(expected);
          // It lives on as any other: what is new is newer than all that was imported.
          const { id } = await copy.upload();
          expect((await copy.list()).data[0]?.id).toBe(id);
          expect((await exported(copy)).at(-1)?.asset.id).toBe(id);
        },
      ),
      { numRuns: 3 },
    );
  });
});
