/**
 * What a client is told, and what is kept, when one call of a request to R2, D1 or the vault goes wrong. Each operation
 * of the API runs again and again, each time with another of its calls failing.
 */

import { env } from "cloudflare:workers";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { admin, bearer, ORIGIN, PATH, TestVault, textFile, sendTo } from "../support/api.ts";
import { eachCall } from "../support/fault-loop.ts";
import { Faults } from "../support/faults.ts";
import { PART_BYTES } from "../support/small-parts.ts";
import { clearLostWindows, expectAgreement, indexed, lose, reconcile } from "../support/stores.ts";

// A call that hangs ends at one of these bounds. They are short, so that thousands of faults take minutes.
vi.mock(import("../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../support/short-waits.ts")),
  RUNNING_MS: 1_000,
}));
vi.mock(import("../../src/runtime/timeouts.ts"), () => import("../support/short-times.ts"));
vi.mock(import("../../src/upload/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../support/small-parts.ts")),
  STORE_MS: 600,
  COMMIT_MS: 1_000,
  RESOLVE_MS: 1_000,
  DISCARD_MS: 300,
}));

const MIB = 1024 * 1024;

interface Scene {
  vault: TestVault;
  /** The stub is made before anything fails. */
  stub: TestVault["stub"];
  old: AssetRecord;
  other: AssetRecord;
  publicKeyId: string;
}

const request = (vault: TestVault, path: string, init: RequestInit = {}): Promise<Response> =>
  sendTo(
    new Request(ORIGIN + path, {
      ...init,
      headers: { ...bearer(vault.secretKey), ...(init.headers as Record<string, string>) },
    }),
    env,
  );

const form = (size: number, fileFirst: boolean): FormData => {
  const data = new FormData();
  const file = new File([new Uint8Array(size)], "new.bin");
  if (fileFirst) data.append("file", file);
  for (const [name, value] of Object.entries(PATH)) data.append(name, value);
  if (!fileFirst) data.append("file", file);
  return data;
};

const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  headers: { ...headers, "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

const raw = (vault: TestVault, size: number, init: RequestInit = {}): Promise<Response> =>
  request(vault, `${vault.assets}?${new URLSearchParams({ ...PATH, filename: "old.txt" }).toString()}`, {
    method: "POST",
    body: new Uint8Array(size),
    ...init,
    headers: { "Content-Type": "a/b", ...(init.headers as Record<string, string>) },
  });

/** A body during which the vault's storage is lost, so that the upload's id lies in a lost window. */
function interrupted(losing: () => Promise<void>): ReadableStream<Uint8Array> {
  const pieces = [() => Promise.resolve(), losing];
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      await pieces.shift()?.();
      controller.enqueue(new Uint8Array(10));
      if (pieces.length === 0) controller.close();
    },
  });
}

const OPERATIONS: Record<string, (scene: Scene) => Promise<Response>> = {
  "upload of a small form": ({ vault }) => request(vault, vault.assets, { method: "POST", body: form(10, false) }),
  "upload of a large form": ({ vault }) =>
    request(vault, vault.assets, { method: "POST", body: form(2 * PART_BYTES + MIB, false) }),
  "upload of a large form, file first": ({ vault }) =>
    request(vault, vault.assets, { method: "POST", body: form(PART_BYTES + MIB, true) }),
  "raw upload": ({ vault }) => raw(vault, 3 * MIB),
  "raw upload to a name that is taken": ({ vault }) => raw(vault, 10, { headers: { "If-None-Match": "*" } }),
  "raw upload whose digest is wrong": ({ vault }) =>
    raw(vault, 3 * MIB, { headers: { "Content-Digest": `sha-256=:${"A".repeat(43)}=:` } }),
  "raw upload of unknown length whose digest is wrong": ({ vault }) =>
    raw(vault, 0, {
      body: new Blob([new Uint8Array(PART_BYTES + MIB)]).stream(),
      headers: { "Content-Digest": `sha-256=:${"A".repeat(43)}=:` },
    }),
  "raw upload during which the vault's storage is lost": ({ vault, stub }) =>
    raw(vault, 0, { body: interrupted(() => lose(stub)) }),
  "raw upload with an Idempotency-Key": ({ vault }) => raw(vault, 3 * MIB, { headers: { "Idempotency-Key": "k" } }),
  "upload that is repeated": async ({ vault }) => {
    await raw(vault, 10, { headers: { "Idempotency-Key": "k" } });
    return raw(vault, 10, { headers: { "Idempotency-Key": "k" } });
  },
  "patch with an Idempotency-Key": ({ vault, old }) =>
    request(vault, `${vault.assets}/${old.id}`, {
      method: "PATCH",
      ...json({ tags: ["patched"] }, { "Idempotency-Key": "k" }),
    }),
  patch: ({ vault, old }) =>
    request(vault, `${vault.assets}/${old.id}`, { method: "PATCH", ...json({ tags: ["patched"] }) }),
  delete: ({ vault, old }) => request(vault, `${vault.assets}/${old.id}`, { method: "DELETE" }),
  "patch that moves": ({ vault, old }) =>
    request(vault, `${vault.assets}/${old.id}`, {
      method: "PATCH",
      ...json({ partition: "moved", filename: "new.txt", add_tags: ["moved"] }),
    }),
  batch: ({ vault, old, other }) =>
    request(vault, `${vault.assets}/batch`, {
      method: "POST",
      ...json({
        operations: [
          { op: "update", id: old.id, partition: "moved", add_tags: ["batch"] },
          { op: "delete", id: other.id },
        ],
        atomic: true,
      }),
    }),
  "deletion of a folder": ({ vault }) =>
    request(vault, `${vault.assets}?partition=${PATH.partition}`, { method: "DELETE" }),
  "key creation": ({ vault }) => request(vault, `${vault.path}/keys`, { method: "POST", ...json({ label: "new" }) }),
  "key revocation": ({ vault, publicKeyId }) =>
    request(vault, `${vault.path}/keys/${publicKeyId}`, { method: "DELETE" }),
  "vault creation": ({ vault }) =>
    request(vault, "/api/v1/vaults", { method: "POST", ...json({ name: "new" }, admin) }),
  "list of vaults": ({ vault }) => request(vault, "/api/v1/vaults", { headers: admin }),
  "list of keys": ({ vault }) => request(vault, `${vault.path}/keys`),
  report: ({ vault }) => request(vault, vault.path),
  get: ({ vault, old }) => request(vault, `${vault.assets}/${old.id}`),
  list: ({ vault }) => request(vault, vault.assets),
  "first request after a loss of the vault's storage": async ({ vault, stub }) => {
    await lose(stub);
    return request(vault, vault.assets);
  },
  content: ({ vault, old }) => request(vault, `${vault.assets}/${old.id}/content`),
  "content by path": ({ vault }) => request(vault, `${vault.path}/files/${Object.values(PATH).join("/")}/old.txt`),
  link: ({ vault, old }) => request(vault, `${vault.assets}/${old.id}/links`, { method: "POST", ...json({}) }),
};

/** The status of the operations that are refused even when nothing fails. */
const REFUSALS: Record<string, number> = {
  "raw upload to a name that is taken": 412,
  "raw upload whose digest is wrong": 400,
  "raw upload of unknown length whose digest is wrong": 400,
};

beforeAll(() => {
  env.RECONCILE_GRACE_SECONDS = "0";
});
afterAll(() => {
  delete env.RECONCILE_GRACE_SECONDS;
});

type Answer = Partial<AssetRecord> & { token?: string; secret_key?: string; url?: string };

async function scene(): Promise<Scene> {
  const vault = await TestVault.create();
  const old = await vault.upload({ file: textFile("old", "old.txt") });
  const other = await vault.upload({ file: textFile("other", "other.txt") });
  const key = await vault.db
    .prepare("SELECT id FROM keys WHERE vault_id = ? AND type = 'public'")
    .bind(vault.id)
    .first();
  return { vault, stub: vault.stub, old, other, publicKeyId: String(key?.["id"]) };
}

/**
 * Repeats, when all is well again, what had a key and perhaps no answer. Asserts that the repeat gets the answer that was
 * given, and that it was done once in all.
 */
async function expectOnce(name: string, setting: Scene, status: number, text: string | undefined): Promise<void> {
  const { vault, old } = setting;
  const operation = OPERATIONS[name];
  if (!operation || (!name.includes("Idempotency-Key") && !name.includes("repeated"))) return;
  const before = await vault.get(old.id);
  // The upload may still count as running, if its end could not be told.
  let again = await operation(setting);
  for (let tries = 0; again.status === 409 && tries < 50; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    again = await operation(setting);
  }
  expect(again.ok, `${again.status}`).toBe(true);
  const repeated = await again.text();
  if (status < 300) expect(repeated).toBe(text);
  if (status < 300) expect(again.headers.get("Idempotency-Replayed")).toBe("true");
  if (name.startsWith("patch")) {
    if (status < 300) expect((await vault.get(old.id)).headers.get("ETag")).toBe(before.headers.get("ETag"));
    expect(await (await vault.get(old.id)).text()).toBe(repeated);
  } else expect(await indexed(vault)).toHaveLength(3);
  await reconcile(vault);
  await expectAgreement(vault);
}

/** Asserts that what was acknowledged is there, and is what the answer said. */
async function expectKept(name: string, { vault, old, other }: Scene, status: number, answer: Answer): Promise<void> {
  if (status === 201 && answer.r2_key && answer.id) {
    expect(await (await vault.get(answer.id)).json()).toEqual(answer);
    expect((await env.BUCKET.head(answer.r2_key))?.size).toBe(answer.size);
  }
  if (answer.token) expect((await request(vault, vault.assets, { headers: bearer(answer.token) })).status).toBe(200);
  if (answer.url) expect(await (await sendTo(new Request(answer.url), env)).text()).toBe("old");
  if (answer.secret_key) {
    const url = `/api/v1/vaults/${answer.id}/assets`;
    expect((await request(vault, url, { headers: bearer(answer.secret_key) })).status).toBe(200);
  }
  const now = await vault.get(old.id);
  const isOtherThere = (await vault.get(other.id)).status === 200;
  if (name === "batch" && status === 200) expect(isOtherThere).toBe(false);
  else if (name !== "batch" && name !== "deletion of a folder") expect(isOtherThere).toBe(true);
  if (name === "deletion of a folder") {
    // What was not acknowledged happened as a whole or not at all.
    expect([now.status === 200, now.status === 200]).toEqual([isOtherThere, status !== 200 && isOtherThere]);
  } else if (name === "batch") {
    const record = await now.json<AssetRecord>();
    const isDone = { partition: record.partition === "moved", tags: record.tags === '["batch"]' };
    expect([isDone.partition, isDone.tags]).toEqual([!isOtherThere, !isOtherThere]);
  } else if (name === "patch that moves" && status !== 200) {
    const record = await now.json<AssetRecord>();
    const isMoved = record.partition === "moved";
    const moved = { partition: "moved", filename: "new.txt", tags: '["moved"]' };
    expect(record).toEqual({ ...old, ...(isMoved ? moved : {}), updated_at: record.updated_at });
  } else if (name.startsWith("patch") && status === 200) expect(await now.json()).toEqual(answer);
  else if (name.startsWith("patch"))
    expect(await now.json<AssetRecord>()).toMatchObject({
      ...old,
      tags: expect.any(String),
      updated_at: expect.any(String),
    });
  else if (name === "delete") expect([status === 204 ? 404 : 200, 404]).toContain(now.status);
  else expect(await now.json()).toEqual(old);
  const withPublicKey = await request(vault, vault.assets, { headers: bearer(vault.publicKey) });
  if (name !== "key revocation") expect(withPublicKey.status).toBe(200);
  else expect(status === 204 ? [401] : [200, 401]).toContain(withPublicKey.status);
}

/** Asserts that a client which reads is told the truth, or that the asset cannot be had. */
async function expectRead(name: string, { old, publicKeyId }: Scene, text: string | undefined): Promise<void> {
  if (name.startsWith("content")) expect([undefined, "old"]).toContain(text);
  if (name === "get") expect(JSON.parse(text ?? "")).toEqual(old);
  if (name.startsWith("list") || name.startsWith("first request"))
    expect(text).toContain(name === "list of keys" ? publicKeyId : name === "list of vaults" ? old.vault_id : old.id);
}

it("the faults cover every way in which a binding can be called", () => {
  expect(Faults.uncovered()).toEqual([]);
});

eachCall(Object.keys(OPERATIONS), async (name, faults) => {
  const setting = await scene();
  const { vault } = setting;
  const operation = OPERATIONS[name];
  if (!operation) throw new Error(name);
  const { status, text } = await faults.during(async () => {
    const response = await operation(setting);
    // The body of the answer may break off.
    return { status: response.status, text: await response.text().catch(() => undefined) };
  });
  const refusal = REFUSALS[name];
  const expected = status < 300 && refusal === undefined;
  expect(expected || status === refusal || status === 503, `${status} ${text}`).toBe(true);
  if (faults.hit === undefined) expect(status).not.toBe(503);
  if (expected) await expectRead(name, setting, text);

  await clearLostWindows(vault);
  await reconcile(vault);
  await expectAgreement(vault);
  await expectKept(name, setting, status, expected && text?.startsWith("{") ? (JSON.parse(text) as Answer) : {});
  // What was not acknowledged is there whole or not at all. So is the old asset.
  for (const { id } of await indexed(vault)) expect((await vault.get(String(id))).status).toBe(200);
  expect((await request(vault, vault.path, { headers: admin })).status).toBe(200);
  await expectOnce(name, setting, status, text);
  return ` ${status}`;
});
