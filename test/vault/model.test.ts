/** Random histories of writes, outages and evictions, compared with a model of what a client knows. */

import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import fc from "fast-check";
import { expect, inject, it, vi } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { refusal, TestVault, textFile } from "../support/api.ts";
import { expectAgreement, indexed, lose, reconcile } from "../support/stores.ts";

vi.mock(import("../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../support/short-retries.ts")),
}));

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

const move = fc
  .tuple(fc.nat(), place, fc.option(fc.constantFrom("f", "g"), { nil: undefined }))
  .map(([n, to, filename]) =>
    command(`move #${n} to ${JSON.stringify(to)} ${filename}`, async (model, { vault }) => {
      const old = model.assets[n % Math.max(1, model.assets.length)];
      if (!old) return;
      const change = { ...to, ...(filename === undefined ? {} : { filename }) };
      const response = await vault.patch(old.id, change);
      expect(response.status).toBe(200);
      const record = await response.json<AssetRecord>();
      expect(record).toEqual({ ...old, ...change, updated_at: record.updated_at });
      model.assets[model.assets.indexOf(old)] = record;
    }),
  );

const OPERATIONS = ["move", "tag", "delete", "nothing"] as const;

const batch = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(), fc.constantFrom(...OPERATIONS), place), { minLength: 1, maxLength: 6 }),
    fc.boolean(),
  )
  .map(([steps, atomic]) =>
    command(
      `batch of ${steps.map(([n, what]) => `${what} #${n}`).join(", ")}${atomic ? ", atomic" : ""}`,
      async (model, { vault }) => {
        const expected = model.assets.map((asset) => ({ ...asset }));
        const statuses: number[] = [];
        const operations = steps.map(([n, what, to]) => {
          const asset = what === "nothing" ? undefined : model.assets[n % Math.max(1, model.assets.length)];
          const now = expected.find(({ id }) => id === asset?.id);
          statuses.push(!now ? 404 : what === "delete" ? 204 : 200);
          const id = asset?.id ?? `asset_${"0".repeat(26)}`;
          if (what === "delete" || what === "nothing") {
            if (now) expected.splice(expected.indexOf(now), 1);
            return { op: "delete", id };
          }
          const tags = now ? (JSON.parse(now.tags) as string[]) : [];
          if (now && what === "move") Object.assign(now, to);
          else if (now) now.tags = JSON.stringify([...tags.filter((tag) => tag !== to.channel), to.channel]);
          return {
            op: "update",
            id,
            ...(what === "move" ? to : { remove_tags: [to.channel], add_tags: [to.channel] }),
          };
        });
        const response = await vault.request("POST", `${vault.assets}/batch`, { operations, atomic });
        const refused = atomic ? statuses.indexOf(404) : -1;
        if (refused >= 0) {
          expect(await refusal(response, 404, "ASSET_NOT_FOUND")).toMatch(`operations[${refused}]: `);
          return;
        }
        expect(response.status).toBe(200);
        const { data } = await response.json<{ data: { status: number }[] }>();
        expect(data.map(({ status }) => status)).toEqual(statuses);
        const { data: now } = await vault.list({ limit: 200 });
        // Only the vault knows the times.
        const times = new Map(now.map(({ id, updated_at }) => [id, updated_at]));
        for (const asset of expected) asset.updated_at = times.get(asset.id) ?? "";
        expect(now).toEqual(expected.toReversed());
        model.assets = expected;
      },
    ),
  );

const removeFolder = fc
  .tuple(place, fc.subarray(["collection", "channel"] as const), fc.integer({ min: 1, max: 4 }))
  .map(([path, filters, limit]) =>
    command(`delete ${limit} of ${JSON.stringify(path)} by ${filters.join()}`, async (model, { vault }) => {
      const names = ["partition", ...filters] as const;
      const query = new URLSearchParams([...names.map((name) => [name, path[name]]), ["limit", String(limit)]]);
      const response = await vault.request("DELETE", `${vault.assets}?${query.toString()}`);
      expect(response.status).toBe(200);
      const inside = model.assets.filter((asset) => names.every((name) => asset[name] === path[name])).toReversed();
      const deleted = Math.min(limit, inside.length);
      expect(await response.json()).toEqual({ deleted, has_more: inside.length > limit });
      const gone = new Set(inside.slice(0, limit));
      model.assets = model.assets.filter((asset) => !gone.has(asset));
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
        fc.commands([upload, upload, together, patch, move, batch, remove, removeFolder, list, outage, evict, alarm], {
          maxCommands: 25,
        }),
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
          // All of it comes back from D1.
          await lose(real.vault.stub);
          expect((await real.vault.list({ limit: 200 })).data).toEqual(model.assets.toReversed());
          await expectAgreement(real.vault);
        },
      ),
      { numRuns: Math.ceil(inject("fuzzRuns") / 15) },
    );
  },
  60 * 60 * 1000,
);
