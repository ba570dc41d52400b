import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ChangesPage } from "../../src/api/types.ts";
import { decodeCursor, encodeCursor, type FeedPosition } from "../../src/model/cursor.ts";
import { MAX_WAITED_LENGTH, MAX_WAITING } from "../../src/model/limits.ts";
import { Watchers } from "../../src/vault/watchers.ts";
import { admin, bearer, OPERATOR, refusal, send, TestVault, textFile } from "../support/api.ts";
import { amend, state, withoutAlarm, work } from "../support/history.ts";
import { leftOpen, meter, watchSql } from "../support/meter.ts";
import { down, withD1 } from "../support/outage.ts";
import { newAsset } from "../support/new-asset.ts";
import { askChanges, changes, told } from "../support/replica.ts";

const upload = (vault: TestVault, name: string) => vault.upload({ file: textFile(name, name) });

/** Makes assets whose bodies nobody asks for. */
const fill = async (
  vault: TestVault,
  count: number,
  fields: Parameters<typeof newAsset>[1] = {},
): Promise<string[]> => {
  const assets = Array.from({ length: count }, (_, n) => newAsset(vault, { filename: `f${n}`, ...fields }));
  for (const outcome of await Promise.all(assets.map((asset) => vault.rpc.commitUpload(OPERATOR, asset))))
    expect(outcome.ok).toBe(true);
  return assets.map(({ id }) => id);
};

/** Before anything that the feed keeps. */
const OLD = "2020-01-01T00:00:00Z";

/** Makes all that the feed keeps so far older than it is kept. */
const aged = (vault: TestVault): Promise<unknown> =>
  state(vault, "UPDATE outbox SET at = ? WHERE at IS NOT NULL", OLD).then(() =>
    state(vault, "UPDATE assets SET updated_at = ?", OLD),
  );

const positionIn = (cursor: string): FeedPosition => decodeCursor(cursor) as FeedPosition;

describe("changes", () => {
  it("has each asset once, in its latest state and in the order of the changes, and then what changes later", async () => {
    const vault = await TestVault.create();
    const [a, b, c] = [await upload(vault, "a"), await upload(vault, "b"), await upload(vault, "c")];
    await vault.patch(a.id, { tags: ["x"] });
    await vault.delete(b.id);
    const first = await changes(vault);
    expect(told(first)).toEqual(["c", "a"]);
    expect(first.has_more).toBe(false);
    const got = await vault.get(a.id);
    expect(first.data[1]).toEqual({ type: "asset", asset: await got.json(), etag: got.headers.get("ETag") });

    expect(await changes(vault, { cursor: first.cursor })).toEqual({ ...first, data: [] });
    await vault.delete(c.id);
    await vault.patch(a.id, { tags: ["y"] });
    await vault.patch(a.id, { tags: ["z"] });
    await upload(vault, "d");
    const next = await changes(vault, { cursor: first.cursor });
    expect(told(next)).toEqual([`deleted ${c.id}`, "a", "d"]);
    expect(next.data[0]).toMatchObject({ deleted_at: expect.stringMatching(/^20.*Z$/) as string });
    expect(next.data[1]).toMatchObject({ asset: { tags: '["z"]' } });
    // D1 and R2 have heard of all of it.
    await work(vault);
    expect(told(await changes(vault, { cursor: first.cursor }))).toEqual([`deleted ${c.id}`, "a", "d"]);
    expect(told(await changes(vault))).toEqual(["a", "d"]);
  });

  it("is paged: whoever began at the beginning hears of what is deleted meanwhile, and of nothing from before", async () => {
    const vault = await TestVault.create();
    await vault.delete((await upload(vault, "gone")).id);
    const [a, b] = [await upload(vault, "a"), await upload(vault, "b")];
    const first = await changes(vault, { limit: 1 });
    expect([told(first), first.has_more]).toEqual([["a"], true]);
    await vault.delete(a.id);
    const second = await changes(vault, { cursor: first.cursor, limit: 2 });
    expect([told(second), second.has_more]).toEqual([["b", `deleted ${a.id}`], false]);
    await vault.patch(b.id, { tags: ["x"] });
    expect(told(await changes(vault, { cursor: first.cursor }))).toEqual([`deleted ${a.id}`, "b"]);
    expect(told(await changes(vault, { cursor: second.cursor, limit: 1 }))).toEqual(["b"]);
  });

  it("says that there is no more when all that is left is no asset's", async () => {
    const vault = await TestVault.create();
    await upload(vault, "a");
    expect(await vault.request("POST", `${vault.path}/keys`, {})).toMatchObject({ status: 201 });
    expect((await changes(vault, { limit: 1 })).has_more).toBe(false);
  });

  it("`now` begins with what changes from now on", async () => {
    const vault = await TestVault.create();
    await upload(vault, "a");
    const now = await changes(vault, { cursor: "now" });
    expect(now).toMatchObject({ data: [], has_more: false });
    await upload(vault, "b");
    expect(told(await changes(vault, { cursor: now.cursor }))).toEqual(["b"]);
  });

  it("is the same after a restart", async () => {
    const vault = await TestVault.create();
    await upload(vault, "a");
    const { cursor } = await changes(vault);
    const { id } = await upload(vault, "b");
    await upload(vault, "c");
    await vault.delete(id);
    await evictDurableObject(vault.stub);
    expect(told(await changes(vault, { cursor }))).toEqual(["c", `deleted ${id}`]);
  });

  it.each([
    ["limit=0", "limit: must be a number from 1 to 1000"],
    ["limit=1001", "limit: must be a number from 1 to 1000"],
    ["wait=31", "wait: must be a number from 0 to 30"],
    ["wait=-1", "wait: must be a number from 0 to 30"],
    ["cursor=x", "cursor: is not a cursor of this feed"],
    [`cursor=${encodeCursor({ created_at: "2026-01-01T00:00:00Z", seq: 1 })}`, "cursor: is not a cursor of this feed"],
    [`cursor=${encodeCursor({ generation: "a", after: -1 })}`, "cursor: is not a cursor of this feed"],
    [`cursor=${encodeCursor({ generation: "'", after: 1 })}`, "cursor: is not a cursor of this feed"],
    ["partition=a", "partition: unknown"],
  ])("refuses ?%s", async (query, message) => {
    const vault = await TestVault.create();
    const response = await send(`${vault.path}/changes?${query}`, { headers: bearer(vault.publicKey) });
    expect(await refusal(response, 400, "INVALID_PARAMS")).toContain(message);
  });

  it("answers 410 to a cursor of another history, or of a revision that the vault does not have", async () => {
    const vault = await TestVault.create();
    await upload(vault, "a");
    const { cursor } = await changes(vault);
    const position = positionIn(cursor);
    for (const other of [
      { ...position, generation: "0" },
      { ...position, after: position.after + 1 },
      { ...position, began: position.after + 1 },
    ]) {
      const response = await askChanges(vault, { cursor: encodeCursor(other) });
      expect(await refusal(response, 410, "CURSOR_EXPIRED")).toContain("start over without a cursor");
    }
  });
});

/** A large page. It goes by the vault's method: to hold each of its records to the document would take seconds. */
async function read(vault: TestVault, limit: number, cursor?: string): Promise<{ page: ChangesPage; rows: number }> {
  let page: ChangesPage = { data: [], cursor: "", has_more: false };
  const { vaultRead: rows } = await meter(vault, async () => {
    const from = cursor === undefined ? undefined : positionIn(cursor);
    const outcome = await vault.rpc.listChanges(OPERATOR, { from, limit, wait: 0 });
    if (outcome.ok) page = JSON.parse(outcome.body) as ChangesPage;
  });
  return { page, rows };
}

const ANYHOW = { ifMatch: null, ifNoneMatch: null };

describe("a page", () => {
  it("reads two rows for each asset of it and one more, and four for each that has changed since", async () => {
    const vault = await TestVault.create();
    const ids = await fill(vault, 1_200);
    const first = await read(vault, 1_000);
    expect([first.page.data.length, first.page.has_more]).toEqual([1_000, true]);
    expect(first.rows).toBeLessThanOrEqual(2_010);
    expect((await read(vault, 10)).rows).toBeLessThanOrEqual(23);
    const patched = ids.slice(0, 200);
    for (const outcome of await Promise.all(
      patched.map((id) => vault.rpc.patchAsset(OPERATOR, id, { merge: "shallow", tags: '["x"]' }, ANYHOW)),
    ))
      expect(outcome.ok).toBe(true);
    const second = await read(vault, 1_000, first.page.cursor);
    expect([second.page.data.length, second.page.has_more]).toEqual([400, false]);
    expect(second.rows).toBeLessThanOrEqual(2 * 200 + 4 * 200 + 5);
    expect((await read(vault, 1_000, second.page.cursor)).rows).toBe(0);
  });

  it("looks at no more than 10,000 rows, and at few beyond those that it needs", async () => {
    const vault = await TestVault.create();
    await upload(vault, "a");
    // 10,500 assets whose latest change stands far behind.
    await runInDurableObject(vault.stub, (_, { storage: { sql } }) => {
      sql.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10500)
        INSERT INTO assets SELECT 10 + i, 20000 + i, 'asset_' || printf('%026d', i), 'p', 'c', 'h', 'f', 'k' || i, 1,
          'text/plain', NULL, NULL, '{}', '[]', '00', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z' FROM n`);
      sql.exec("INSERT INTO outbox (rev, seq) SELECT rev, seq FROM assets WHERE rev <> seq");
    });
    await amend(vault, "UPDATE vault SET rev = 40000, recorded = 40000, erased = 40000, loaded = NULL");
    const seen = new Set<string>();
    let pages = 0;
    for (let cursor: string | undefined; ; pages++) {
      const { page, rows } = await read(vault, 1_000, cursor);
      expect(rows).toBeLessThanOrEqual(11_000);
      for (const change of page.data) if (change.type === "asset") seen.add(change.asset.id);
      ({ cursor } = page);
      if (!page.has_more) break;
    }
    expect(seen.size).toBe(10_501);
    // Two of them look at places that say nothing.
    expect(pages).toBeLessThanOrEqual(2 + 11);
  });

  it("ends when it is large, and the next goes on behind it", async () => {
    const vault = await TestVault.create();
    const ids = await fill(vault, 100, { metadata: JSON.stringify({ text: '"'.repeat(30_000) }) });
    const seen: string[] = [];
    for (let cursor: string | undefined; ;) {
      const { page } = await read(vault, 1_000, cursor);
      expect(JSON.stringify(page).length).toBeLessThan(4_300_000);
      if (cursor === undefined) expect([page.has_more, page.data.length > 20]).toEqual([true, true]);
      seen.push(...page.data.map((change) => (change.type === "asset" ? change.asset.id : "")));
      ({ cursor } = page);
      if (!page.has_more) break;
    }
    expect(seen.toSorted()).toEqual(ids.toSorted());
  });
});

/** Watches what a vault's SQLite does for its feed: how many characters of records it renders, and how many pages it begins. */
async function watchFeed(vault: TestVault) {
  const seen = { rendered: 0, looks: 0, inTurn: 0, mostInTurn: 0 };
  const { cursors, stop } = await runInDurableObject(vault.stub, (_, { storage: { sql } }) => {
    const exec = sql.exec.bind(sql);
    const counted = (value: unknown): void => {
      if (typeof value === "string" && value.includes('"vault_id"')) seen.rendered += value.length;
      else if (typeof value === "object" && value !== null) Object.values(value).forEach(counted);
    };
    const count = <T>(rows: Iterable<T>): T[] => {
      const all = [...rows];
      counted(all);
      return all;
    };
    const watched = (...args: Parameters<typeof exec>) => {
      if (args[0].includes("UNION ALL") && args[0].includes("ORDER BY place")) {
        seen.looks++;
        if (seen.inTurn++ === 0) setTimeout(() => (seen.inTurn = 0), 0);
        seen.mostInTurn = Math.max(seen.mostInTurn, seen.inTurn);
      }
      const cursor = exec(...args);
      const [toArray, raw] = [cursor.toArray.bind(cursor), cursor.raw.bind(cursor)];
      Object.defineProperty(cursor, "toArray", { value: () => count(toArray()) });
      Object.defineProperty(cursor, "raw", { value: () => count(raw()).values() });
      return cursor;
    };
    Object.defineProperty(sql, "exec", { configurable: true, writable: true, value: watched });
    return watchSql(sql);
  });
  const end = () =>
    runInDurableObject(vault.stub, (_, { storage: { sql } }) => {
      stop();
      delete (sql as Partial<SqlStorage>).exec;
      return leftOpen(cursors);
    });
  return { seen, end };
}

/** The metadata of an asset whose record has some 60,000 characters. */
const LONG = JSON.stringify({ text: "x".repeat(60_000) });

describe("what is rendered", () => {
  it("is what the page shows, and no statement is left open", async () => {
    const vault = await TestVault.create();
    const ids = await fill(vault, 40);
    await fill(vault, 60, { metadata: LONG });
    const outcomes = await Promise.all(ids.map((id) => vault.rpc.deleteAsset(OPERATOR, id, ANYHOW)));
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    // The feed begins with places of nothing: after those it asks for more places than the page has room for.
    await state(vault, "UPDATE outbox SET rev = seq WHERE r2_key IS NOT NULL");
    const { seen, end } = await watchFeed(vault);
    const { page } = await read(vault, 1);
    expect([page.data.length, page.has_more]).toEqual([1, true]);
    expect(seen.rendered).toBeLessThan(2 * LONG.length);
    expect(await end()).toBe(0);
  });

  it("ends with the page that is full of text", async () => {
    const vault = await TestVault.create();
    await fill(vault, 120, { metadata: LONG });
    const { seen, end } = await watchFeed(vault);
    const { page } = await read(vault, 1_000);
    expect([page.data.length > 60, page.has_more]).toEqual([true, true]);
    expect(seen.rendered).toBeLessThan(4_000_000 + 4 * LONG.length);
    expect(await end()).toBe(0);
  });
});

describe("wait", () => {
  const waits = vi.spyOn(Watchers.prototype, "wait");
  beforeEach(() => {
    waits.mockClear();
  });
  /** Lets so many requests of a test come to wait. */
  const untilWaiting = (count: number): Promise<void> =>
    vi.waitFor(() => expect(waits).toHaveBeenCalledTimes(count), { timeout: 10_000, interval: 5 });

  /** Lets {@link MAX_WAITING} wait with these limits, writes `assets` at once, and returns the pages. */
  async function woken(vault: TestVault, limitOf: (n: number) => number, count: number, metadata: string) {
    const { cursor } = await changes(vault);
    const from = positionIn(cursor);
    const waiting = Array.from({ length: MAX_WAITING }, (_, n) =>
      vault.rpc.listChanges(OPERATOR, { from, limit: limitOf(n), wait: 10_000 }),
    );
    await untilWaiting(MAX_WAITING);
    const { seen, end } = await watchFeed(vault);
    await fill(vault, count, { metadata });
    const pages: { body: string; page: ChangesPage }[] = [];
    for (const outcome of await Promise.all(waiting)) {
      if (!outcome.ok) throw new Error(JSON.stringify(outcome));
      pages.push({ body: outcome.body, page: JSON.parse(outcome.body) as ChangesPage });
    }
    expect(await end()).toBe(0);
    return { pages, seen, cursor };
  }

  it("builds a page once for all that wait for the same", async () => {
    const vault = await TestVault.create();
    const { pages, seen } = await woken(vault, () => 200, 20, "{}");
    for (const { page } of pages) expect(page.data.length).toBeGreaterThan(0);
    expect(seen.looks).toBeLessThan(10);
  });

  it("gives those that it wakes small pages, a few in each turn, and the rest when they ask again", async () => {
    const vault = await TestVault.create();
    const metadata = JSON.stringify({ text: "x".repeat(10_000) });
    const { pages, seen } = await woken(vault, (n) => 100 + n, 60, metadata);
    for (const { body, page } of pages) {
      expect(body.length).toBeLessThan(MAX_WAITED_LENGTH + 200);
      expect([page.data.length > 0, page.data.length < 8, page.has_more || page.data.length < 6]).toEqual([
        true,
        true,
        true,
      ]);
    }
    expect(seen.mostInTurn).toBeLessThanOrEqual(12);
    expect(seen.rendered).toBeLessThan(MAX_WAITING * 2 * MAX_WAITED_LENGTH);
    const { page } = await read(vault, 1_000, pages[0]?.page.cursor);
    expect((pages[0]?.page.data.length ?? 0) + page.data.length).toBe(60);
  });

  it("answers without a record that is too long to wait for, which is there at once", async () => {
    const vault = await TestVault.create();
    const { cursor } = await changes(vault);
    const waiting = waitFor(vault, cursor);
    await untilWaiting(1);
    await fill(vault, 1, { metadata: JSON.stringify({ text: '"'.repeat(30_000) }) });
    const page = await waiting;
    expect([page.data, page.has_more]).toEqual([[], true]);
    expect(told(await waitFor(vault, page.cursor))).toEqual(["f0"]);
  });

  const waitFor = (vault: TestVault, cursor: string, wait = 10): Promise<ChangesPage> =>
    changes(vault, { cursor, wait });

  it("answers at once when there is something, and as soon as there is when there is not", async () => {
    const vault = await TestVault.create();
    await upload(vault, "a");
    const started = Date.now();
    const { cursor } = await changes(vault, { wait: 10 });
    const waiting = waitFor(vault, cursor);
    const fromNow = changes(vault, { cursor: "now", wait: 10 });
    await untilWaiting(2);
    await upload(vault, "b");
    expect([told(await waiting), told(await fromNow)]).toEqual([["b"], ["b"]]);
    expect(Date.now() - started).toBeLessThan(5_000);
  });

  it("goes on waiting after a change that is no asset's, and answers when the time is over", async () => {
    const vault = await TestVault.create();
    const { cursor } = await changes(vault);
    const started = Date.now();
    const waiting = waitFor(vault, cursor, 1);
    await untilWaiting(1);
    await vault.request("POST", `${vault.path}/keys`, {});
    const page = await waiting;
    expect(page).toMatchObject({ data: [], has_more: false });
    expect(Date.now() - started).toBeGreaterThanOrEqual(950);
    expect(positionIn(page.cursor).after).toBeGreaterThan(positionIn(cursor).after);
  });

  it("wakes those that wait not more often than every 100 ms, and each hears of everything", async () => {
    const vault = await TestVault.create();
    const { cursor } = await changes(vault);
    const seen: string[] = [];
    let pages = 0;
    const reader = (async () => {
      for (let at = cursor; seen.length < 40; pages++) {
        const page = await waitFor(vault, at);
        seen.push(...told(page));
        at = page.cursor;
      }
    })();
    const names = Array.from({ length: 40 }, (_, n) => `n${n}`);
    const started = Date.now();
    for (const name of names) await upload(vault, name);
    await reader;
    expect(seen).toEqual(names);
    expect(pages).toBeLessThanOrEqual(2 + (Date.now() - started) / 100);
  });

  it("lets 100 requests wait, and answers one more at once", async () => {
    const vault = await TestVault.create();
    const { cursor } = await changes(vault);
    const waiting = Array.from({ length: MAX_WAITING }, () => waitFor(vault, cursor));
    await untilWaiting(MAX_WAITING);
    const started = Date.now();
    expect(told(await waitFor(vault, cursor))).toEqual([]);
    expect(Date.now() - started).toBeLessThan(2_000);
    await upload(vault, "a");
    for (const page of await Promise.all(waiting)) expect(told(page)).toEqual(["a"]);
    // Those places are free again.
    const next = waitFor(vault, (await changes(vault)).cursor, 1);
    expect(told(await next)).toEqual([]);
  });

  it("takes one token of the vault's rate, however often it looks", async () => {
    const vault = await TestVault.create();
    const { cursor } = await changes(vault);
    const bounded = await send(vault.path, {
      method: "PATCH",
      headers: { ...admin, "Content-Type": "application/json" },
      body: '{"requests_per_second":1}',
    });
    expect(bounded.status).toBe(200);
    const waiting = askChanges(vault, { cursor, wait: 1 });
    for (let n = 0; n < 5; n++) {
      await new Promise((resolve) => setTimeout(resolve, 120));
      await send(`${vault.path}/keys`, { method: "POST", headers: admin });
    }
    const response = await waiting;
    expect([response.status, response.headers.has("RateLimit")]).toEqual([200, true]);
    expect(await response.json()).toMatchObject({ data: [] });
  });

  it("ends with 401 when the key is revoked meanwhile", async () => {
    const vault = await TestVault.create();
    const { cursor } = await changes(vault);
    const waiting = askChanges(vault, { cursor, wait: 10 });
    await untilWaiting(1);
    const keys = await state<{ id: string }>(vault, "SELECT id FROM keys WHERE type = 'public'");
    await send(`${vault.path}/keys/${keys[0]?.id}`, { method: "DELETE", headers: admin });
    await refusal(await waiting, 401, "UNAUTHORIZED");
  });
});

describe("deletions", () => {
  const outbox = (vault: TestVault) => state(vault, "SELECT rev, id, at FROM outbox ORDER BY rev");

  it("are kept while they are young, and then forgotten up to the first that is young: older cursors get 410", async () => {
    const vault = await TestVault.create();
    const [a, b, c] = [await upload(vault, "a"), await upload(vault, "b"), await upload(vault, "c")];
    const before = await changes(vault);
    const began = await changes(vault, { limit: 1 });
    await vault.delete(a.id);
    const between = await changes(vault, { cursor: before.cursor });
    await work(vault);
    await aged(vault);
    await vault.patch(b.id, { tags: ["x"] });
    await vault.delete(c.id);
    await work(vault);
    // The row of a's deletion is gone, those of b's change and of c's deletion are not.
    expect(await outbox(vault)).toMatchObject([{ id: null }, { id: c.id }]);
    const tooOld = await refusal(await askChanges(vault, { cursor: before.cursor }), 410, "CURSOR_EXPIRED");
    expect(tooOld).toContain("older than the 30 days");
    await refusal(await askChanges(vault, { cursor: began.cursor }), 410, "CURSOR_EXPIRED");
    expect(told(await changes(vault, { cursor: between.cursor }))).toEqual(["b", `deleted ${c.id}`]);
    // Whoever begins now needs no deletion from before.
    const now = await changes(vault, { limit: 2 });
    expect([told(now), now.has_more]).toEqual([["b"], false]);
    const later = await changes(vault);
    await vault.delete(b.id);
    expect(told(await changes(vault, { cursor: later.cursor }))).toEqual([`deleted ${b.id}`]);
  });

  it("are forgotten 1,000 at a time", async () => {
    const vault = await TestVault.create();
    const ids = await fill(vault, 1_500);
    await withoutAlarm(vault);
    const { cursor } = await changes(vault, { cursor: "now" });
    await Promise.all(ids.map((id) => vault.rpc.deleteAsset(OPERATOR, id, ANYHOW)));
    await work(vault);
    await aged(vault);
    await work(vault);
    expect(await outbox(vault)).toHaveLength(500);
    await work(vault);
    expect(await outbox(vault)).toHaveLength(0);
    await refusal(await askChanges(vault, { cursor }), 410, "CURSOR_EXPIRED");
  });

  it("are never forgotten before D1 has heard of them, however old they are", async () => {
    const vault = await TestVault.create();
    const { id } = await upload(vault, "a");
    const { cursor } = await changes(vault);
    await work(vault);
    await withD1(vault, down, async () => {
      await vault.delete(id);
      await aged(vault);
      await work(vault);
      expect(told(await changes(vault, { cursor }))).toEqual([`deleted ${id}`]);
    });
    await work(vault, 2);
    await refusal(await askChanges(vault, { cursor }), 410, "CURSOR_EXPIRED");
  });
});

it("a move is a change of its asset, and no more than that once it is old", async () => {
  const vault = await TestVault.create();
  const [a, b] = [await upload(vault, "a"), await upload(vault, "b")];
  const { cursor } = await changes(vault);
  for (const { id } of [a, b]) expect((await vault.patch(id, { channel: "moved" })).status).toBe(200);
  await work(vault);
  const moved = await changes(vault, { cursor });
  expect(told(moved)).toEqual(["a", "b"]);
  expect(moved.data[0]).toMatchObject({ asset: { channel: "moved" }, etag: '"3"' });
  await aged(vault);
  await vault.patch(a.id, { tags: ["x"] });
  await work(vault);
  // That a has left its path is forgotten, and its later change and b's move are their places.
  expect(await state(vault, "SELECT rev, id FROM outbox ORDER BY rev")).toEqual([
    { rev: 4, id: null },
    { rev: 5, id: null },
  ]);
  expect(told(await changes(vault, { cursor: moved.cursor }))).toEqual(["a"]);
  expect(told(await changes(vault))).toEqual(["b", "a"]);
  await refusal(await askChanges(vault, { cursor }), 410, "CURSOR_EXPIRED");
});

describe("a feed that is not complete", () => {
  it("is 503 until what was there before is indexed, and has all of it then", async () => {
    const vault = await TestVault.create();
    const [a] = [await upload(vault, "a"), await upload(vault, "b")];
    await vault.patch(a.id, { tags: ["x"] });
    await work(vault);
    for (const table of ["outbox", "tags", "folders"]) await state(vault, `DELETE FROM ${table}`);
    await amend(vault, "INSERT INTO unindexed VALUES (1, 0, (SELECT rev FROM vault))");
    const response = await askChanges(vault);
    await refusal(response, 503, "UNAVAILABLE");
    expect(response.headers.get("Retry-After")).toBe("5");
    await vi.waitFor(async () => {
      await runDurableObjectAlarm(vault.stub);
      expect(told(await changes(vault))).toEqual(["b", "a"]);
    }, 10_000);
  });

  it("is 503 while a takeover is under way", async () => {
    const vault = await TestVault.create();
    await upload(vault, "a");
    const { cursor } = await changes(vault);
    await work(vault);
    await withD1(vault, down, async () => {
      const takeover = JSON.stringify({ since: 0, began: 0, base: 1, common: 0 });
      await amend(vault, "UPDATE vault SET merging = ?, keys_to = '', rebuilt_to = 0", takeover);
      const response = await askChanges(vault, { cursor });
      await refusal(response, 503, "UNAVAILABLE");
      expect(response.headers.get("Retry-After")).toBe("2");
      expect((await vault.list()).data).toHaveLength(1);
    });
  });
});
