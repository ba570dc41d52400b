/** Random histories in which the storage goes back in time or is lost, and what must be left of what was durable. */

import { evictDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { expect, inject, it, vi } from "vitest";
import type { AssetRecord } from "../../../src/model/asset.ts";
import { OPERATOR, TestVault, textFile } from "../../support/api.ts";
import { putBack, state, stored, wipe, work } from "../../support/history.ts";
import { flaky, replace } from "../../support/outage.ts";
import { expectAgreement, indexed, reconcile, recorded, withoutGrace } from "../../support/stores.ts";

vi.mock(import("../../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  DURABLE_WAIT_MS: 100,
  REBUILD_WAIT_MS: 1_000,
  RETRY_MIN_MS: 5,
  RETRY_MAX_MS: 20,
}));
vi.mock(import("../../../src/runtime/timeouts.ts"), async () => ({
  ...(await import("../../support/short-times.ts")),
  CALL_TIMEOUT_MS: 150,
  R2_TIMEOUT_MS: 1_000,
  VAULT_TIMEOUT_MS: 3_000,
}));

withoutGrace();

/** A state of an asset, as a client sees it: what can change of it, or {@link ABSENT}. */
type Possible = string;
const ABSENT = "absent";

interface Known {
  /** By asset id: the last state that was acknowledged as durable, and all that were acknowledged as queued since. */
  assets: Map<string, Set<Possible>>;
  /** The storage as it was after each write. */
  snapshots: Awaited<ReturnType<typeof stored>>[];
  /** The highest revision in an ETag of a durable answer. */
  highest: number;
  /** How many patches were sent. Each sets a value of its own. */
  patches: number;
}

interface Real {
  vault: TestVault;
  /** Ends an outage of D1. */
  heal: () => void;
}

const looks = ({ metadata, tags, partition, channel, filename }: AssetRecord): Possible =>
  `${metadata} ${tags} ${partition}/${channel}/${filename}`;

const command = (name: string, run: (known: Known, real: Real) => Promise<void>): fc.AsyncCommand<Known, Real> => ({
  check: () => true,
  run: async (known, real) => {
    await run(known, real);
    if (/upload|patch|delete/.test(name)) known.snapshots.push(await stored(real.vault));
  },
  toString: () => name,
});

/** Notes what an answer tells of an asset. */
function learn(known: Known, id: string, now: Possible, response: Response): void {
  const isDurable = response.ok && !response.headers.has("Strongroom-Durability");
  const before = known.assets.get(id) ?? new Set<Possible>([ABSENT]);
  known.assets.set(id, isDurable ? new Set([now]) : before.add(now));
  const rev = Number(/\d+/.exec(response.headers.get("ETag") ?? "")?.[0] ?? 0);
  if (isDurable) known.highest = Math.max(known.highest, rev);
}

const pick = (known: Known, n: number): string | undefined =>
  [...known.assets.keys()][n % Math.max(1, known.assets.size)];

const upload = fc.constant(
  command("upload", async (known, { vault }) => {
    const response = await vault.send({ partition: "p", collection: "c", channel: "h", file: textFile() });
    expect([201, 503]).toContain(response.status);
    if (response.status !== 201) return;
    const record = await response.json<AssetRecord>();
    learn(known, record.id, looks(record), response);
  }),
);

const kind = fc.constantFrom("tags", "metadata", "move", "rename");
type Kind = typeof kind extends fc.Arbitrary<infer K> ? K : never;

/** A change of its own, of one kind. */
function changeOf(known: Known, what: Kind): object {
  const value = ++known.patches;
  if (what === "tags") return { tags: [`${value}`] };
  if (what === "metadata") return { metadata: { value } };
  return what === "rename" ? { filename: `f${value}` } : { partition: `p${value % 3}`, channel: `h${value}` };
}

const patch = fc.tuple(fc.nat(), kind).map(([n, what]) =>
  command(`patch #${n} ${what}`, async (known, { vault }) => {
    const id = pick(known, n);
    if (id === undefined) return;
    const response = await vault.patch(id, changeOf(known, what));
    expect([200, 404, 503]).toContain(response.status);
    if (response.status === 200) learn(known, id, looks(await response.json()), response);
  }),
);

/** How assets look now. Undefined when the vault cannot say, because it is being rebuilt. Nothing else is going on. */
const lookAt = async (vault: TestVault, ids: Iterable<string>): Promise<Map<string, Possible> | undefined> => {
  const found = new Map<string, Possible>();
  for (const id of ids) {
    const response = await vault.get(id);
    expect([200, 404, 503]).toContain(response.status);
    if (response.status === 503) return undefined;
    found.set(id, response.status === 404 ? ABSENT : looks(await response.json()));
  }
  return found;
};

const batch = fc
  .tuple(fc.array(fc.tuple(fc.nat(), fc.option(kind)), { minLength: 1, maxLength: 6 }), fc.boolean())
  .map(([picks, atomic]) =>
    command(`patch and delete in a batch ${JSON.stringify(picks)}${atomic ? " at once" : ""}`, async (known, real) => {
      const { vault } = real;
      const operations = picks.flatMap(([n, what]) => {
        const id = pick(known, n);
        if (id === undefined) return [];
        return [what === null ? { op: "delete", id } : { op: "update", id, ...changeOf(known, what) }];
      });
      if (operations.length === 0) return;
      const response = await vault.request("POST", `${vault.assets}/batch`, { operations, atomic });
      expect(atomic ? [200, 404, 503] : [200, 503]).toContain(response.status);
      if (response.status !== 200) return;
      const { data } = await response.json<{ data: { id: string; status: number }[] }>();
      const done = data.filter(({ status }) => status < 300).map(({ id }) => id);
      const now = await lookAt(vault, new Set(done));
      expect(now).toBeDefined();
      for (const [id, looked] of now ?? []) learn(known, id, looked, response);
    }),
  );

const removeFolder = fc.integer({ min: 1, max: 3 }).map((limit) =>
  command(`delete ${limit} of a folder`, async (known, { vault }) => {
    const before = await lookAt(vault, known.assets.keys());
    if (!before) return;
    const response = await vault.request("DELETE", `${vault.assets}?partition=p1&limit=${limit}`);
    expect([200, 503]).toContain(response.status);
    if (response.status !== 200) return;
    const { deleted } = await response.json<{ deleted: number }>();
    const after = await lookAt(vault, known.assets.keys());
    expect(after).toBeDefined();
    const gone = [...(after ?? [])].filter(([id, now]) => now === ABSENT && before.get(id) !== ABSENT);
    for (const [id] of gone) {
      // If the vault learnt in this request that its storage is old, it is not known which of these it deleted.
      if (gone.length === deleted) learn(known, id, ABSENT, response);
      else known.assets.get(id)?.add(ABSENT);
    }
  }),
);

const remove = fc.nat().map((n) =>
  command(`delete #${n}`, async (known, { vault }) => {
    const id = pick(known, n);
    if (id === undefined) return;
    const response = await vault.delete(id);
    expect([204, 404, 503]).toContain(response.status);
    if (response.status === 204) learn(known, id, ABSENT, response);
  }),
);

const goBack = fc.integer({ min: 1, max: 5 }).map((writes) =>
  command(`storage goes back by ${writes} of the latest writes`, async (known, { vault }) => {
    const tables = known.snapshots.at(-writes);
    if (tables) await putBack(vault, tables);
  }),
);

const lose = fc.constant(command("storage is lost", (_, { vault }) => wipe(vault)));
const evict = fc.constant(command("evict", (_, { vault }) => evictDurableObject(vault.stub).catch(() => {})));
const alarm = fc.constant(command("alarm", (_, { vault }) => work(vault)));

const fail = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.boolean())
  .map(([nth, more, lands]) =>
    command(`D1's next call ${nth} and ${more - 1} more fail${lands ? ", but land" : ""}`, async (_, real) => {
      real.heal();
      const failing = flaky(real.vault, (call) => call >= nth && call < nth + more, lands);
      real.heal = replace(real.vault.db, "batch", failing.batch);
    }),
  );

const outage = fc.boolean().map((isDown) =>
  command(isDown ? "D1 goes down" : "D1 comes back", async (_, real) => {
    real.heal();
    real.heal = isDown ? replace(real.vault.db, "batch", flaky(real.vault, () => true).batch) : () => {};
  }),
);

it(
  "any history of writes, old or lost storage, evictions and failures of D1 keeps what was acknowledged as durable",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.commands(
          [
            upload,
            upload,
            patch,
            patch,
            remove,
            batch,
            removeFolder,
            goBack,
            goBack,
            lose,
            evict,
            alarm,
            fail,
            fail,
            outage,
          ],
          {
            maxCommands: 30,
            size: "max",
          },
        ),
        async (commands) => {
          const vault = await TestVault.create();
          await vault.list();
          const real: Real = { vault, heal: () => {} };
          const known: Known = { assets: new Map(), snapshots: [], highest: 0, patches: 0 };
          try {
            await fc.asyncModelRun(() => ({ model: known, real }), commands);
          } finally {
            real.heal();
          }
          await work(vault, 3);
          await reconcile(vault);
          const rows = await indexed(vault);
          const now = new Map(rows.map((row) => [String(row["id"]), looks(row as unknown as AssetRecord)]));
          for (const [id, possible] of known.assets) expect([...possible], id).toContain(now.get(id) ?? ABSENT);
          const [row] = await state(vault, "SELECT rev, assets FROM vault");
          expect(row?.["assets"]).toBe(rows.length);
          expect(Number(row?.["rev"])).toBeGreaterThanOrEqual(known.highest);
          expect(new Set(rows.map(({ rev }) => rev)).size).toBe(rows.length);
          expect(await recorded(vault)).toEqual(rows);
          expect(await vault.bodies()).toEqual(expect.arrayContaining(rows.map((asset) => asset["r2_key"])));
          // The other bodies in R2 are from lost windows, or of assets whose ids are void for now.
          await state(vault, "DELETE FROM voids");
          expect(await vault.rpc.clearLostWindows(OPERATOR)).toMatchObject({ ok: true });
          await reconcile(vault);
          await expectAgreement(vault);
          const last = await vault.send({ partition: "p", collection: "c", channel: "h", file: textFile() });
          expect([last.status, last.headers.get("Strongroom-Durability")]).toEqual([201, null]);
        },
      ),
      { numRuns: Math.ceil(inject("fuzzRuns") / 10) },
    );
  },
  60 * 60 * 1000,
);
