/** Kills the server under load, again and again, and then checks every write that it has acknowledged. */

import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import type { VaultReport } from "../../src/model/vault.ts";
import { Load } from "./crash-load.ts";
import { BuiltServer, temporaryState } from "./server-process.ts";
import { StoredFiles } from "./stored-files.ts";

/** How long the server lives under load before it is killed: a random time between these two. Milliseconds. */
const [SHORTEST, LONGEST] = [300, 2_500];

/** How many writes must be acknowledged before the server is killed, so that there is something to lose. */
const WRITES = 10;

/**
 * How long a server lives that has just found that files are missing or old. It is killed while it makes them good.
 * Milliseconds.
 */
const [SHORTEST_REPAIR, LONGEST_REPAIR] = [10, 600];

/** The longest that workerd goes on alone when only Node was killed. Milliseconds. */
const ORPHANED = 500;

const state = temporaryState();
const load = new Load(state);
const files = new StoredFiles(state);
let server: BuiltServer;
let kills = 0;

/** What happens beside the kill, by kind of round. All kinds but the first two need an earlier round to go back to. */
const KINDS = {
  kill: undefined,
  "kill, the vault's storage is old": () => files.rollVaultsBack(),
  "kill of Node alone": undefined,
  "kill, the vault's storage is lost": () => files.loseVaults(),
  "kill, D1 is old": () => files.rollD1Back(),
};
type Kind = keyof typeof KINDS;

beforeAll(() => {
  process.env["RECONCILE_GRACE_SECONDS"] = "0";
});

afterAll(() => {
  server.killGroup();
  delete process.env["RECONCILE_GRACE_SECONDS"];
  rmSync(state, { recursive: true });
});

const between = (least: number, most: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, least + Math.random() * (most - least)));

const report = async (): Promise<VaultReport> => (await load.call("", {}, true)).json() as Promise<VaultReport>;

/** Begins a reconciliation, and waits until it is done and everything is recorded. */
async function reconcile(): Promise<NonNullable<VaultReport["reconcile"]>> {
  // Its time has no fractions: one that has just begun would be taken for the new one.
  while (Date.parse((await report()).reconcile?.started_at ?? "") >= Date.now() - 1_000) await between(100, 100);
  const before = Date.now();
  await load.call("/reconcile", { method: "POST" }, true);
  for (;;) {
    const { reconcile: findings, outbox, rev, recorded_rev } = await report();
    const isNew = findings?.finished_at && Date.parse(findings.started_at) >= before - 1_000;
    if (isNew && rev === recorded_rev && outbox === 0) return findings;
    if (Date.now() - before > 60_000)
      throw new Error(`no end: ${JSON.stringify({ findings, outbox, rev, recorded_rev })}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Starts the server, writes to it, and kills it at a random moment. It is not running afterwards. */
async function killUnderLoad(shortest: number, longest: number, writes: number): Promise<void> {
  server = await new BuiltServer(state).ready();
  const before = load.acknowledged;
  const clients = load.start();
  await between(shortest, longest);
  while (load.acknowledged < before + writes) await between(10, 50);
  clients.fragile();
  server.killGroup();
  await Promise.all([clients.stop(), server.exited]);
  kills++;
}

/** Kills Node alone. workerd goes on until the next start ends it. The server of that start is running afterwards. */
async function killNodeUnderLoad(): Promise<void> {
  server = await new BuiltServer(state).ready();
  const clients = load.start();
  await between(SHORTEST, LONGEST);
  clients.fragile();
  await server.killNode(state);
  await between(0, ORPHANED);
  server = await new BuiltServer(state).ready();
  await clients.stop();
  kills++;
}

async function round(kind: Kind): Promise<void> {
  const harm = KINDS[kind];
  const mayHaveLost = kind.includes("vault's storage");
  if (kind === "kill of Node alone") await killNodeUnderLoad();
  else {
    await killUnderLoad(SHORTEST, LONGEST, WRITES);
    if (harm) {
      const intact = files.digest();
      harm();
      expect(files.digest()).not.toBe(intact);
      // This kill comes while the vault takes over what D1 has, builds itself anew, or tells D1 everything again.
      await killUnderLoad(SHORTEST_REPAIR, LONGEST_REPAIR, 0);
    }
    server = await new BuiltServer(state).ready();
  }
  // The vault notices in the background that its storage is old, and makes it good.
  if (harm) await reconcile();
  await load.check(mayHaveLost);
  if (mayHaveLost) {
    // The vault says that something may be lost.
    expect((await report()).lost_windows).not.toEqual([]);
    expect((await load.call("/lost-windows", { method: "DELETE" }, true)).status).toBe(204);
  }
  await reconcile();
  expect(await reconcile()).toMatchObject({
    restored: 0,
    removed: 0,
    orphans_deleted: 0,
    orphans_waiting: 0,
    orphans_kept: 0,
    foreign: 0,
    missing: 0,
  });
  await server.interrupt();

  const rows = files.assetsInD1();
  for (const [id, record] of load.found()) {
    const row = rows.get(id);
    if (!record) expect(row).toBeUndefined();
    else {
      const { metadata, tags, channel, filename, updated_at, r2_key } = record;
      expect(row).toMatchObject({ metadata, tags, channel, filename, updated_at, r2_key });
    }
  }
  files.remember();
}

it(
  "a server that is killed under load, again and again: has every write that it acknowledged, and nothing by half",
  async () => {
    const kinds = Object.keys(KINDS) as Kind[];
    const rounds = inject("crashRounds");
    for (let done = 0; done < rounds; done++) {
      const kind = kinds[done % kinds.length] ?? "kill";
      try {
        await round(kind);
      } catch (error) {
        throw new Error(`round ${done + 1}, ${kind}`, { cause: error });
      }
    }
    // Most kills cut some off.
    if (rounds >= 5) expect(load.repeated).toBeGreaterThan(0);
    console.log(
      `crash: ${rounds} rounds, ${kills} kills, ${load.acknowledged} acknowledged writes checked, ` +
        `${load.repeated} unanswered ones repeated, ${load.replayed} of them had been done`,
    );
  },
  30 * 60 * 1000,
);
