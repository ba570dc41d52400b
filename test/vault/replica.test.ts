/**
 * Random histories, followed by several replicas that begin at different times and read pages of random length in
 * between. Whatever happens, each of them ends as the list has it, or is told to start over and then does.
 */

import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, inject, it, vi } from "vitest";
import { patiently, TestVault, textFile } from "../support/api.ts";
import { putBack, record, restoreRecord, stored, wipe, work } from "../support/history.ts";
import { down, withD1 } from "../support/outage.ts";
import { expectCopy, listed, Replica } from "../support/replica.ts";

vi.mock(import("../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../support/short-retries.ts")),
}));

interface Real {
  vault: TestVault;
  ids: string[];
  replicas: Replica[];
  /** What the vault's storage and D1 were at some moment. */
  storage: Awaited<ReturnType<typeof stored>> | undefined;
  record: Awaited<ReturnType<typeof record>> | undefined;
}

type Step = fc.AsyncCommand<object, Real>;

const step = (name: string, run: (real: Real) => Promise<unknown>): Step => ({
  check: () => true,
  run: async (_model, real) => void (await run(real)),
  toString: () => name,
});

/** Sends a change, which is made, or finds nothing, or is put off. */
async function change(request: () => Promise<Response>): Promise<void> {
  const response = await patiently(request);
  expect([200, 204, 404, 503], await response.clone().text()).toContain(response.status);
}

const one = <T>(items: readonly T[], n: number): T | undefined => items[n % Math.max(1, items.length)];

const upload = fc.integer({ min: 1, max: 5 }).map((count) =>
  step(`upload ${count} at once`, async ({ vault, ids }) => {
    const sent = Array.from({ length: count }, () => patiently(() => vault.send({ ...PATH, file: textFile() })));
    for (const response of await Promise.all(sent)) {
      expect(response.status, await response.clone().text()).toBe(201);
      ids.push((await response.json<{ id: string }>()).id);
    }
  }),
);

const PATH = { partition: "a", collection: "b", channel: "c" };

const patch = fc.tuple(fc.nat(), fc.nat({ max: 9 })).map(([n, value]) =>
  step(`patch #${n}`, async ({ vault, ids }) => {
    const id = one(ids, n);
    if (id !== undefined) await change(() => vault.patch(id, { metadata: { value }, tags: [`t${value}`] }));
  }),
);

const remove = fc.nat().map((n) =>
  step(`delete #${n}`, async ({ vault, ids }) => {
    const id = one(ids, n);
    if (id !== undefined) await change(() => vault.delete(id));
  }),
);

const move = fc.tuple(fc.nat(), fc.constantFrom("a", "z")).map(([n, partition]) =>
  step(`move #${n} to ${partition}`, async ({ vault, ids }) => {
    const id = one(ids, n);
    if (id !== undefined) await change(() => vault.patch(id, { partition, filename: `moved-${n % 10}` }));
  }),
);

const batch = fc
  .tuple(
    fc.boolean(),
    fc.array(fc.tuple(fc.constantFrom("tag", "move", "delete"), fc.nat()), { minLength: 1, maxLength: 5 }),
  )
  .map(([atomic, changes]) =>
    step(`batch of ${changes.length}${atomic ? ", atomic" : ""}`, async ({ vault, ids }) => {
      const operations = changes.map(([what, n]) => {
        const id = one(ids, n) ?? `asset_${"0".repeat(26)}`;
        if (what === "delete") return { op: "delete", id };
        return { op: "update", id, ...(what === "tag" ? { add_tags: [`b${n % 10}`] } : { partition: "z" }) };
      });
      await change(() => vault.request("POST", `${vault.assets}/batch`, { operations, atomic }));
    }),
  );

const removeFolder = fc
  .integer({ min: 1, max: 3 })
  .map((limit) =>
    step(`delete ${limit} of a folder`, ({ vault }) =>
      change(() => vault.request("DELETE", `${vault.assets}?partition=z&limit=${limit}`)),
    ),
  );

const together = fc.array(fc.tuple(fc.boolean(), fc.nat()), { minLength: 2, maxLength: 6 }).map((changes) =>
  step(`${changes.length} changes at once`, async ({ vault, ids }) => {
    const sent = changes.map(([isPatch, n]) => {
      const id = one(ids, n) ?? "none";
      return isPatch ? vault.patch(id, { metadata: { n } }) : vault.delete(id);
    });
    await Promise.all(sent);
  }),
);

const begin = fc.constant(step("a replica begins", async ({ vault, replicas }) => replicas.push(new Replica(vault))));

const read = fc
  .tuple(fc.nat(), fc.integer({ min: 1, max: 9 }))
  .map(([n, limit]) => step(`replica #${n} reads ${limit}`, async ({ replicas }) => one(replicas, n)?.read(limit)));

const restart = fc.constant(
  step("the object is started anew", ({ vault }) => evictDurableObject(vault.stub).catch(() => {})),
);
const alarm = fc.constant(step("alarm", ({ vault }) => runDurableObjectAlarm(vault.stub)));

const lose = fc.constant(step("the storage is lost", ({ vault }) => wipe(vault)));
const keep = fc.constant(
  step("a copy of the storage is kept", async (real) => {
    real.storage = await stored(real.vault);
  }),
);
const goBack = fc.constant(
  step("the storage goes back", async ({ vault, storage }) => {
    // That is found out with the first exchange. What was read before belongs to a history that is given up.
    if (storage) await putBack(vault, storage);
  }),
);
const keepRecord = fc.constant(
  step("a copy of D1 is kept", async (real) => {
    real.record = await record(real.vault);
  }),
);
const loseRecord = fc.constant(
  step("D1 goes back", async ({ vault, record: copy }) => {
    if (copy) await restoreRecord(vault, copy);
  }),
);

/** What may happen to a vault between two pages of a replica, besides what the feed is for. */
const LOSSES: Record<string, (vault: TestVault, before: Real) => Promise<void>> = {
  "the storage is lost": (vault) => wipe(vault),
  "the storage goes back to before": (vault, { storage }) => putBack(vault, storage ?? new Map()),
  "D1 is lost": (vault) => restoreRecord(vault, new Map()),
  "D1 goes back to before": (vault, { record: copy }) => restoreRecord(vault, copy ?? new Map()),
  "D1 goes back to before, and the storage is lost": async (vault, { record: copy }) => {
    await restoreRecord(vault, copy ?? new Map());
    await wipe(vault);
  },
};

/** Whether a cursor from before it is still good. */
const KEEPS_CURSORS = ["D1 is lost", "D1 goes back to before"];

describe.each(Object.entries(LOSSES))("%s", (name, happen) => {
  it("a replica that has read before and one that has read after the last change come to what the list has", async () => {
    const vault = await TestVault.create();
    const add = (filename: string) => vault.upload({ ...PATH, file: textFile(filename, filename) });
    const [a, b, c] = [await add("a"), await add("b"), await add("c")];
    await work(vault);
    const [early, late] = [new Replica(vault), new Replica(vault)];
    await early.drain(2);
    const before: Real = { vault, ids: [], replicas: [], storage: await stored(vault), record: await record(vault) };
    await vault.delete(a.id);
    await vault.patch(b.id, { tags: ["x"] });
    await add("d");
    await late.drain(2);
    await happen(vault, before);
    // In the history that is left there may be as many changes as there were.
    for (const filename of ["e", "f", "g", "h"])
      await patiently(() => vault.send({ ...PATH, file: textFile(filename) }));
    await patiently(() => vault.delete(c.id));
    await work(vault, 3);
    for (const replica of [early, late, new Replica(vault)]) {
      const { cursor } = replica;
      await expectCopy(vault, replica, 2);
      expect(replica.expired).toBe(cursor === undefined || KEEPS_CURSORS.includes(name) ? 0 : 1);
    }
  });
});

it("a change that both stores have lost ends the cursors that know of it, and no others", async () => {
  const vault = await TestVault.create();
  const add = (filename: string) => patiently(() => vault.send({ ...PATH, file: textFile(filename, filename) }));
  for (const filename of ["a", "b"]) await add(filename);
  await work(vault);
  const [early, late, waiting] = [new Replica(vault), new Replica(vault), new Replica(vault)];
  await early.drain(5);
  const [storage, d1] = [await stored(vault), await record(vault)];
  await add("lost");
  await work(vault);
  await late.drain(5);
  await putBack(vault, storage);
  await restoreRecord(vault, d1);
  await waiting.drain(5);
  // There are as many changes again as were lost. So revisions alone cannot tell the two histories apart.
  await add("c");
  await evictDurableObject(vault.stub);
  await add("d");
  for (const replica of [early, late, waiting]) await expectCopy(vault, replica, 5);
  expect([early.expired, late.expired, waiting.expired]).toEqual([0, 1, 0]);
});

it("a queued change that is lost with the storage ends the cursor, and is gone from the copy", async () => {
  const vault = await TestVault.create();
  await vault.upload();
  await work(vault);
  const replica = new Replica(vault);
  await withD1(vault, down, async () => {
    const queued = await vault.send({ ...PATH, file: textFile("queued", "queued") });
    expect(queued.headers.get("Strongroom-Durability")).toBe("queued");
    await replica.drain(10);
  });
  expect(replica.copy.size).toBe(2);
  await wipe(vault);
  await expectCopy(vault, replica, 10);
  expect([replica.copy.size, replica.expired]).toEqual([1, 1]);
});

const run = (steps: fc.Arbitrary<Step>[], runs: number, after: (real: Real) => Promise<void>): Promise<void> =>
  fc.assert(
    fc.asyncProperty(
      fc.commands(steps, { maxCommands: 30, size: "max" }),
      fc.integer({ min: 1, max: 7 }),
      async (commands, limit) => {
        const vault = await TestVault.create();
        await vault.list();
        const real: Real = { vault, ids: [], replicas: [new Replica(vault)], storage: undefined, record: undefined };
        await fc.asyncModelRun(() => ({ model: {}, real }), commands);
        await after(real);
        for (const replica of real.replicas) await expectCopy(vault, replica, limit);
      },
    ),
    { numRuns: Math.ceil(inject("fuzzRuns") / runs) },
  );

const changes = [
  upload,
  upload,
  patch,
  move,
  move,
  remove,
  together,
  batch,
  removeFolder,
  begin,
  read,
  read,
  read,
  read,
];

const HOUR_MS = 60 * 60 * 1000;

it(
  "any history of writes, restarts and alarms: each replica ends as the list has it, and no cursor expires",
  () =>
    run([...changes, restart, alarm], 30, async ({ replicas }) => {
      for (const { expired } of replicas) expect(expired).toBe(0);
    }),
  HOUR_MS,
);

it(
  "any history in which storage or D1 is lost or goes back: each replica ends as the list has it",
  () =>
    run(
      [...changes, remove, remove, alarm, lose, keep, goBack, goBack, keepRecord, loseRecord],
      25,
      async ({ vault }) => {
        await listed(vault).catch(() => {});
        await work(vault, 3);
      },
    ),
  HOUR_MS,
);
