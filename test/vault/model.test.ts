/** Random histories of writes, outages and evictions, compared with a model of what a client knows. */

import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import fc from "fast-check";
import { expect, inject, it } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { TestVault, textFile } from "../support/api.ts";
import { expectAgreement, indexed, reconcile } from "../support/stores.ts";

/** What a client knows. */
interface Model {
  /** In the order of their creation. */
  assets: AssetRecord[];
  d1Down: boolean;
}

interface Real {
  vault: TestVault;
}

type Step = fc.AsyncCommand<Model, Real>;

const PLACES = ["a", "b"];
const place = fc.record({
  partition: fc.constantFrom(...PLACES),
  collection: fc.constantFrom(...PLACES),
  channel: fc.constantFrom(...PLACES),
});

const command = (name: string, run: (model: Model, real: Real) => Promise<void>): Step => ({
  check: () => true,
  run,
  toString: () => name,
});

const upload = place.map((path) =>
  command(`upload ${JSON.stringify(path)}`, async (model, { vault }) => {
    model.assets.push(await vault.upload({ ...path, file: textFile(`body ${model.assets.length}`) }));
  }),
);

const together = fc.integer({ min: 2, max: 12 }).map((count) =>
  command(`upload ${count} at once`, async (model, { vault }) => {
    const records = await Promise.all(Array.from({ length: count }, () => vault.upload({ partition: "a" })));
    // Only the vault knows which came first. Its list is newest first.
    const order = (await vault.list({ limit: 200 })).data.map((asset) => asset.id);
    model.assets.push(...records.toSorted((x, y) => order.indexOf(y.id) - order.indexOf(x.id)));
  }),
);

const patch = fc.tuple(fc.nat(), fc.constantFrom("k", "l", "__proto__"), fc.integer()).map(([n, key, value]) =>
  command(`patch #${n} {"${key}":${value}}`, async (model, { vault }) => {
    const old = model.assets[n % Math.max(1, model.assets.length)];
    if (!old) return;
    const response = await vault.patch(old.id, `{"metadata":{"${key}":${value}},"tags":["${value}"]}`);
    expect(response.status).toBe(200);
    const record = await response.json<AssetRecord>();
    const merged = new Map(Object.entries(JSON.parse(old.metadata) as object)).set(key, value);
    expect(JSON.parse(record.metadata)).toEqual(Object.fromEntries(merged));
    expect(record).toEqual({ ...old, metadata: record.metadata, tags: `["${value}"]`, updated_at: record.updated_at });
    model.assets[model.assets.indexOf(old)] = record;
  }),
);

const remove = fc.nat().map((n) =>
  command(`delete #${n}`, async (model, { vault }) => {
    const gone = model.assets[n % Math.max(1, model.assets.length)];
    if (!gone) return;
    expect((await vault.delete(gone.id)).status).toBe(204);
    model.assets.splice(model.assets.indexOf(gone), 1);
    expect((await vault.get(gone.id)).status).toBe(404);
  }),
);

const list = fc
  .tuple(fc.subarray(["partition", "collection", "channel"] as const), place, fc.integer({ min: 1, max: 7 }))
  .map(([filters, path, limit]) =>
    command(`list ${filters.join()} by ${limit}`, async (model, { vault }) => {
      const filter = Object.fromEntries(filters.map((name) => [name, path[name]]));
      const seen: AssetRecord[] = [];
      for (let cursor: string | null = null; ;) {
        const page = await vault.list({ ...filter, limit, ...(cursor ? { cursor } : {}) });
        seen.push(...page.data);
        ({ cursor } = page);
        if (!cursor) break;
      }
      const expected = model.assets.filter((asset) => filters.every((name) => asset[name] === path[name]));
      expect(seen).toEqual(expected.toReversed());
    }),
  );

const outage = fc.boolean().map((down) =>
  command(down ? "D1 goes down" : "D1 comes back", async (model, { vault }) => {
    if (down && !model.d1Down) {
      Object.defineProperty(vault.db, "batch", {
        configurable: true,
        writable: true,
        value: () => Promise.reject(new Error("down")),
      });
    }
    if (!down) restore(vault);
    model.d1Down = down;
  }),
);

const evict = fc.constant(
  command("evict", async (_model, { vault }) => evictDurableObject(vault.stub).catch(() => {})),
);
const alarm = fc.constant(
  command("alarm", async (_model, { vault }) => {
    await runDurableObjectAlarm(vault.stub);
  }),
);

/** Ends an outage, which hides the binding's own method. */
const restore = (vault: TestVault): void => {
  delete (vault.db as { batch?: unknown }).batch;
};

it(
  "any history of writes, outages, evictions and alarms ends with index, D1 and R2 as the model has them",
  async () => {
    env.RECONCILE_GRACE_SECONDS = "0";
    await fc.assert(
      fc.asyncProperty(
        fc.commands([upload, upload, together, patch, remove, list, outage, evict, alarm], { maxCommands: 25 }),
        async (commands) => {
          const real = { vault: await TestVault.create() };
          const model: Model = { assets: [], d1Down: false };
          // The vault comes to life before D1 may go down, because it cannot without D1.
          await real.vault.list();
          try {
            await fc.asyncModelRun(() => ({ model, real }), commands);
          } finally {
            restore(real.vault);
          }
          await reconcile(real.vault);
          expect((await indexed(real.vault)).map((row) => row["id"])).toEqual(model.assets.map((asset) => asset.id));
          await expectAgreement(real.vault);
          for (const asset of model.assets) expect(await (await real.vault.get(asset.id)).json()).toEqual(asset);
        },
      ),
      { numRuns: Math.ceil(inject("fuzzRuns") / 15) },
    );
  },
  60 * 60 * 1000,
);
