/** What requests cost in rows and calls, which is what Cloudflare bills. docs/cost.md calculates with these figures. */

import { expect, it } from "vitest";
import type { AssetRecord } from "../../../src/model/asset.ts";
import { TestVault } from "../../support/api.ts";
import { upload as uploadRaw } from "../../support/keyed.ts";
import { type Bill, meter } from "../../support/meter.ts";
import { TusClient } from "../../support/tus.ts";

/** Writes come many at once, because they share transactions and flushes. */
const WRITES = { requests: 128, concurrency: 32 };
/** Those that are to be compared come one at a time, so that each pays for all of its group. */
const ALONE = { requests: 20, concurrency: 1 };
/** What a read costs does not depend on other reads. */
const READS = { requests: 10, concurrency: 1 };

/** Does `request` a number of times and returns what one of them cost. */
async function perRequest(
  vault: TestVault,
  { requests, concurrency }: typeof WRITES,
  request: (n: number) => Promise<unknown>,
): Promise<Bill> {
  let n = 0;
  const bill = await meter(vault, async () => {
    const client = async (): Promise<void> => {
      while (n < requests) await request(n++);
    };
    await Promise.all(Array.from({ length: concurrency }, client));
  });
  return Object.fromEntries(Object.entries(bill).map(([what, count]) => [what, count / requests])) as unknown as Bill;
}

/** Prints the figures as a row of the table in docs/cost.md. */
const report = (operation: string, bill: Bill): void =>
  console.log(
    `| ${operation} | ${Object.values(bill)
      .map((count: number) => count.toFixed(2))
      .join(" | ")} |`,
  );

it("what a request costs in rows and calls stays what docs/cost.md says", async () => {
  const vault = await TestVault.create();
  await vault.upload(); // This brings the vault to life.
  const ids: string[] = [];

  const upload = await perRequest(vault, WRITES, async () => ids.push((await vault.upload()).id));
  report("upload", upload);
  // Ten rows are the table, its unique id, seven filter indexes and the name. The rest are a share of the group's own:
  // the vault's row, the partition's counters and the alarm. A created asset needs no row in the outbox.
  expect(upload.vaultWritten).toBeGreaterThanOrEqual(10);
  expect(upload.vaultWritten).toBeLessThanOrEqual(12);
  expect(upload.d1Calls).toBeLessThanOrEqual(0.15);
  expect(upload.d1Written).toBeLessThanOrEqual(2.5);
  expect([upload.r2Puts, upload.r2Gets]).toEqual([1, 0]);

  const get = await perRequest(vault, READS, async (n) => (await vault.get(ids[n] ?? "")).text());
  report("get", get);
  expect(get.vaultRead).toBeLessThanOrEqual(2);
  expect([get.vaultWritten, get.d1Calls, get.r2Gets]).toEqual([0, 0, 0]);

  const list = await perRequest(vault, READS, (n) =>
    vault.list({ limit: 50, partition: n % 2 ? "marketing" : "none" }),
  );
  report("list, pages kept ready", list);
  // Two pages of 51 rows are read once each. assets-list.test.ts counts the rows of one page.
  expect(list.vaultRead).toBeLessThanOrEqual(11);
  expect([list.vaultWritten, list.d1Calls]).toEqual([0, 0]);

  const download = await perRequest(vault, READS, async (n) =>
    (await vault.request("GET", `${vault.assets}/${ids[n]}/content`)).arrayBuffer(),
  );
  report("download", download);
  expect(download.vaultRead).toBeLessThanOrEqual(2);
  expect([download.vaultWritten, download.d1Calls, download.r2Gets]).toEqual([0, 0, 1]);

  const patch = await perRequest(vault, WRITES, async (n) =>
    (await vault.patch(ids[n] ?? "", { metadata: { n } })).text(),
  );
  report("patch", patch);
  expect(patch.vaultWritten).toBeLessThanOrEqual(4);
  expect(patch.d1Written).toBeLessThanOrEqual(1.5);
  expect(patch.d1Calls).toBeLessThanOrEqual(0.15);

  const removal = await perRequest(vault, WRITES, async (n) => (await vault.delete(ids[n] ?? "")).text());
  report("delete", removal);
  // One of these rows is the void, which keeps the id of a young asset from coming back.
  expect(removal.vaultWritten).toBeLessThanOrEqual(4.5);
  expect(removal.d1Written).toBeLessThanOrEqual(1.5);
  expect(removal.d1Calls).toBeLessThanOrEqual(0.15);
  expect(removal.r2Deletes).toBeLessThanOrEqual(0.15);
});

it("an Idempotency-Key costs one row more, and a repeat none", async () => {
  const vault = await TestVault.create();
  await uploadRaw(vault, "first");
  const kept: string[] = [];
  const together = await perRequest(vault, WRITES, async (n) => {
    const response = await uploadRaw(vault, `k${n}`);
    kept.push((await response.json<AssetRecord>()).id);
  });
  report("upload with an Idempotency-Key", together);
  expect(together.vaultWritten).toBeLessThanOrEqual(13);
  const alone = await perRequest(vault, ALONE, async () => (await uploadRaw(vault, undefined)).text());
  const keyed = await perRequest(vault, ALONE, async (n) => (await uploadRaw(vault, `a${n}`)).text());
  // How many uploads share what a group writes is chance. Alone, the receipt is one row more.
  expect(keyed.vaultWritten - alone.vaultWritten).toBeCloseTo(1, 1);
  expect(keyed.d1Written).toBeCloseTo(alone.d1Written, 1);
  // A repeat writes nothing but the body, which is removed again.
  const repeated = await perRequest(vault, ALONE, async (n) => (await uploadRaw(vault, `a${n}`)).text());
  report("upload that is repeated", repeated);
  expect([repeated.vaultWritten, repeated.d1Calls, repeated.r2Puts, repeated.r2Deletes]).toEqual([0, 0, 1, 1]);

  const patchAlone = await perRequest(vault, ALONE, async (n) =>
    (await vault.patch(kept[n] ?? "", { metadata: { n } })).text(),
  );
  const patchKeyed = await perRequest(vault, ALONE, async (n) =>
    (await vault.patch(kept[ALONE.requests + n] ?? "", { metadata: { n } }, { "Idempotency-Key": `p${n}` })).text(),
  );
  expect(patchKeyed.vaultWritten - patchAlone.vaultWritten).toBeCloseTo(1, 1);
});

it("a resumable upload costs rows for its beginning, each of its requests, and its end", async () => {
  const client = new TusClient(await TestVault.create());
  const { vault } = client;
  await vault.upload();
  const paths: string[] = [];
  const begun = await perRequest(vault, ALONE, async () => paths.push(await client.begin(2_000)));
  report("resumable upload: creation", begun);
  expect(begun.vaultWritten).toBeLessThanOrEqual(5);
  const appended = await perRequest(vault, ALONE, (n) => client.append(paths[n] ?? "", 0, new Uint8Array(1_000)));
  report("resumable upload: bytes", appended);
  expect(appended.vaultWritten).toBeLessThanOrEqual(4);
  const asked = await perRequest(vault, ALONE, (n) => client.head(paths[n] ?? ""));
  report("resumable upload: question", asked);
  expect([asked.vaultWritten, asked.d1Calls, asked.r2Gets, asked.r2Puts]).toEqual([0, 0, 0, 0]);
  const finished = await perRequest(vault, ALONE, (n) => client.append(paths[n] ?? "", 1_000, new Uint8Array(1_000)));
  report("resumable upload: last bytes", finished);
  // Alone, an upload in one request writes 15 rows.
  expect(finished.vaultWritten).toBeLessThanOrEqual(15 + 6);
  expect([begun.d1Calls, appended.d1Calls, appended.r2Puts, finished.r2Puts]).toEqual([0, 0, 0, 1]);
});
