/** Commits that are repeated or late: an asset comes to be once, and never again after it was deleted or lost. */

import { env } from "cloudflare:workers";
import { evictDurableObject } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import type { AssetRecord } from "../../../src/model/asset.ts";
import { newAssetId } from "../../../src/model/id.ts";
import {
  OPERATOR,
  bearer,
  type ErrorBody,
  ORIGIN,
  PATH,
  refusal,
  TestVault,
  textFile,
  sendTo,
} from "../../support/api.ts";
import { type Commit, interposed, reset } from "../../support/interposed.ts";
import { state, wipe, work } from "../../support/history.ts";
import { down, withD1 } from "../../support/outage.ts";
import { reconcile } from "../../support/stores.ts";

const HOUR = 60 * 60 * 1000;

afterEach(() => {
  delete env.RECONCILE_GRACE_SECONDS;
});

/** Uploads through a router whose commits go through `commit`. */
function upload(vault: TestVault, commit: Commit, headers: Record<string, string> = {}): Promise<Response> {
  const body = new FormData();
  for (const [name, value] of Object.entries(PATH)) body.append(name, value);
  body.append("file", textFile("body", "body.txt"));
  const init = { method: "POST", body, headers: { ...bearer(vault.secretKey), ...headers } };
  return sendTo(new Request(ORIGIN + vault.assets, init), interposed(commit));
}

it("commit: a repetition after the asset was deleted does not bring the asset back", async () => {
  const vault = await TestVault.create();
  await vault.list();
  const commit: Commit = async (call, n) => {
    const answer = await call();
    if (n > 1) return answer;
    const [asset] = (await vault.list({ limit: 1 })).data;
    expect((await vault.delete(asset?.id ?? "")).status).toBe(204);
    throw reset();
  };
  await refusal(await upload(vault, commit), 503, "UNAVAILABLE");
  expect((await vault.list()).data).toEqual([]);
  await work(vault);
  expect(await vault.bodies()).toEqual([]);
});

it("commit: a repetition after the asset was deleted is refused at any later time", async () => {
  const vault = await TestVault.create();
  const record = await vault.upload();
  const [row] = await state(vault, "SELECT * FROM assets");
  expect((await vault.delete(record.id)).status).toBe(204);
  const late = { ...record, ...row } as unknown as Parameters<typeof vault.rpc.commitUpload>[1];
  expect(await vault.rpc.commitUpload(OPERATOR, late)).toMatchObject({ ok: false, code: "UNAVAILABLE" });
  await work(vault);
  await evictDurableObject(vault.stub);
  expect(await vault.rpc.commitUpload(OPERATOR, late)).toMatchObject({ ok: false, code: "UNAVAILABLE" });
  // The upload's deadline is long over when the void ends.
  await state(vault, "UPDATE voids SET ends = 0");
  const old = { ...late, id: newAssetId(Date.now() - 2 * HOUR) };
  expect(await vault.rpc.commitUpload(OPERATOR, old)).toMatchObject({ ok: false, code: "REQUEST_TIMEOUT" });
});

it("void: only a young id gets one, and it ends two deadlines after the id was made", async () => {
  const vault = await TestVault.create();
  const { id } = await vault.upload();
  await state(vault, "UPDATE assets SET id = ? WHERE id = ?", newAssetId(Date.now() - 3 * HOUR), id);
  await evictDurableObject(vault.stub);
  const [old] = (await vault.list()).data;
  const young = await vault.upload();
  for (const asset of [old?.id ?? "", young.id]) expect((await vault.delete(asset)).status).toBe(204);
  const voids = await state<{ id: string; ends: number }>(vault, "SELECT id, ends FROM voids");
  expect(voids.map((each) => each.id)).toEqual([young.id]);
  expect(Math.abs((voids[0]?.ends ?? 0) - Date.now() - 2 * HOUR)).toBeLessThan(60_000);
});

it("commit: a repetition after the vault was lost makes an asset with another id", async () => {
  const vault = await TestVault.create();
  await vault.list();
  let first: string | undefined;
  const commit: Commit = async (call, n) => {
    if (n > 1) return call();
    // The vault has the asset and D1 does not when the storage is lost.
    await withD1(vault, down, call);
    [{ id: first }] = (await vault.list({ limit: 1 })).data as [AssetRecord];
    await wipe(vault);
    throw reset();
  };
  const response = await upload(vault, commit);
  expect(response.status).toBe(201);
  const record = await response.json<AssetRecord>();
  expect(record.id).not.toBe(first);
  expect((await vault.list()).data).toEqual([record]);
  expect(await (await vault.request("GET", `${vault.assets}/${record.id}/content`)).text()).toBe("body");
  // The first body is kept, because it may be all that is left of a lost asset.
  env.RECONCILE_GRACE_SECONDS = "0";
  await evictDurableObject(vault.stub);
  expect(await reconcile(vault)).toMatchObject({ orphans_kept: 1, orphans_deleted: 0 });
  expect(await vault.bodies()).toHaveLength(2);
});

it("commit: a repetition after the asset was deleted and the vault lost makes no second asset of its id", async () => {
  const vault = await TestVault.create();
  await vault.upload({ file: textFile("other") });
  let first = "";
  const commit: Commit = async (call, n) => {
    const answer = await call();
    if (n > 1) return answer;
    first = (await vault.list({ limit: 1 })).data[0]?.id ?? "";
    expect((await vault.delete(first)).status).toBe(204);
    await wipe(vault);
    throw reset();
  };
  const response = await upload(vault, commit);
  // The body is gone, so it cannot be copied, and the upload is refused.
  expect(response.status).toBe(503);
  expect((await response.json<ErrorBody>()).error.message).toMatch(/storage was lost/);
  expect((await vault.get(first)).status).toBe(404);
  expect((await vault.list()).data).toHaveLength(1);
});

it("commit: a copy under another id that is refused leaves no second body", async () => {
  const vault = await TestVault.create();
  await vault.upload({ file: textFile("old", "body.txt") });
  const commit: Commit = async (call, n) => {
    if (n === 1) await wipe(vault);
    return call();
  };
  await refusal(await upload(vault, commit, { "If-None-Match": "*" }), 412, "PRECONDITION_FAILED");
  await vi.waitFor(async () => expect((await vault.bodies()).length).toBeLessThanOrEqual(2), 2_000);
});

it("resolve: does not delete the body of an upload that may have been committed in a lost history", async () => {
  const vault = await TestVault.create();
  await vault.list();
  const id = newAssetId();
  const key = `${vault.id}/p/c/h/${id}_f`;
  await env.BUCKET.put(key, "body");
  await wipe(vault);
  expect(await vault.rpc.resolveUpload(OPERATOR, id, key)).toEqual({ ok: true, record: null });
  await work(vault);
  expect(await vault.bodies()).toEqual([key]);
});
