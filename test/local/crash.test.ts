import { createHash, randomBytes } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import type { VaultReport } from "../../src/vault/report.ts";
import { credentialsIn, ServerProcess, temporaryState } from "./server-process.ts";

const CLIENTS = 8;
/** The server lives this long under load before it is killed, at random between the two. Milliseconds. */
const [SHORTEST, LONGEST] = [300, 2_500];

/**
 * What the harness knows of an asset: the last state that was acknowledged, and what was under way when the server died.
 * Only what no answer came for may be either way.
 */
interface Known {
  record: AssetRecord;
  sha256: string;
  deleted: boolean;
  pending: "patch" | "delete" | undefined;
}

const state = temporaryState();
const known = new Map<string, Known>();
let server: ServerProcess;
let acknowledged = 0;

beforeAll(() => {
  process.env["RECONCILE_GRACE_SECONDS"] = "0";
});

afterAll(() => {
  server.killGroup();
  delete process.env["RECONCILE_GRACE_SECONDS"];
  rmSync(state, { recursive: true });
});

const call = (path: string, init: RequestInit = {}, admin = false): Promise<Response> => {
  const { url, vault_id, secret_key, admin_token } = credentialsIn(state);
  const headers = {
    Authorization: `Bearer ${admin ? admin_token : secret_key}`,
    ...(init.headers as Record<string, string>),
  };
  return fetch(`${url}/api/v1/vaults/${vault_id}${path}`, { ...init, headers });
};

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

async function upload(): Promise<Known> {
  const bytes = randomBytes(Math.random() < 0.03 ? 9 * 1024 * 1024 : Math.ceil(Math.random() * 30_000));
  const place = { partition: "crash", collection: "c", channel: "h" };
  let response: Response;
  if (Math.random() < 0.5) {
    const query = new URLSearchParams({ ...place, filename: "raw.bin" }).toString();
    response = await call(`/assets?${query}`, {
      method: "POST",
      body: bytes,
      headers: { "Content-Type": "application/octet-stream" },
    });
  } else {
    const form = new FormData();
    if (Math.random() < 0.5) form.set("file", new File([bytes], "form.bin"));
    for (const [name, value] of Object.entries(place)) form.set(name, value);
    if (!form.has("file")) form.set("file", new File([bytes], "form.bin"));
    response = await call("/assets", { method: "POST", body: form });
  }
  const record = (await response.json()) as AssetRecord;
  if (response.status !== 201) throw new Error(`upload: ${response.status} ${JSON.stringify(record)}`);
  const asset: Known = { record, sha256: sha256(bytes), deleted: false, pending: undefined };
  known.set(record.id, asset);
  acknowledged++;
  return asset;
}

async function change(asset: Known): Promise<void> {
  if (Math.random() < 0.6) {
    asset.pending = "patch";
    const body = JSON.stringify({ metadata: { [`k${Math.floor(Math.random() * 5)}`]: Math.random() } });
    const response = await call(`/assets/${asset.record.id}`, {
      method: "PATCH",
      body,
      headers: { "Content-Type": "application/json" },
    });
    if (response.status !== 200) throw new Error(`patch: ${response.status}`);
    asset.record = (await response.json()) as AssetRecord;
  } else {
    asset.pending = "delete";
    const response = await call(`/assets/${asset.record.id}`, { method: "DELETE" });
    if (response.status !== 204) throw new Error(`delete: ${response.status}`);
    asset.deleted = true;
  }
  asset.pending = undefined;
  acknowledged++;
}

/** Writes until the server is gone. Each client changes only what it made itself, so that it knows what to expect. */
async function client(alive: () => boolean): Promise<void> {
  const mine: Known[] = [];
  while (alive()) {
    const asset = mine[Math.floor(Math.random() * mine.length)];
    try {
      if (asset && !asset.deleted && Math.random() < 0.5) await change(asset);
      else mine.push(await upload());
    } catch (error) {
      if (alive()) throw error; // Only the kill may break a request.
    }
  }
}

async function check(asset: Known): Promise<void> {
  const response = await call(`/assets/${asset.record.id}`);
  if (asset.deleted) return expect(response.status, "a delete that was acknowledged").toBe(404);
  if (asset.pending === "delete" && response.status === 404) {
    asset.deleted = true;
    asset.pending = undefined;
    return;
  }
  expect(response.status, `${asset.record.id} was acknowledged`).toBe(200);
  const record = (await response.json()) as AssetRecord;
  if (asset.pending === "patch")
    asset.record = { ...asset.record, metadata: record.metadata, updated_at: record.updated_at };
  asset.pending = undefined;
  expect(record).toEqual(asset.record);
  const content = await call(`/assets/${asset.record.id}/content`);
  expect(sha256(new Uint8Array(await content.arrayBuffer())), `the body of ${asset.record.id}`).toBe(asset.sha256);
}

const report = async (): Promise<VaultReport> => (await call("", {}, true)).json() as Promise<VaultReport>;

async function reconcile(): Promise<NonNullable<VaultReport["reconcile"]>> {
  const before = Date.now();
  await call("/reconcile", { method: "POST" }, true);
  for (;;) {
    const { reconcile: findings, outbox, rev, recorded_rev } = await report();
    if (
      findings?.finished_at &&
      Date.parse(findings.started_at) >= before - 1_000 &&
      rev === recorded_rev &&
      outbox === 0
    )
      return findings;
    if (Date.now() - before > 60_000)
      throw new Error(`no end: ${JSON.stringify({ findings, outbox, rev, recorded_rev })}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What D1 has on disk, with the server stopped. */
function inD1(): Map<string, Record<string, unknown>> {
  const rows = new Map<string, Record<string, unknown>>();
  const directory = join(state, "d1", "miniflare-D1DatabaseObject");
  for (const name of readdirSync(directory).filter(
    (file) => file.endsWith(".sqlite") && !file.startsWith("metadata"),
  )) {
    const db = new DatabaseSync(join(directory, name), { readOnly: true });
    for (const row of db.prepare("SELECT * FROM assets").all()) rows.set(String(row["id"]), row);
    db.close();
  }
  return rows;
}

it(
  "a server killed under load, again and again, has every write that it acknowledged, and nothing by half",
  async () => {
    const rounds = inject("crashRounds");
    const orphans: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      server = await new ServerProcess(state).ready();
      let alive = true;
      const clients = Array.from({ length: CLIENTS }, () => client(() => alive));
      await new Promise((resolve) => setTimeout(resolve, SHORTEST + Math.random() * (LONGEST - SHORTEST)));
      alive = false;
      server.killGroup();
      await Promise.all([...clients, server.exited]);

      server = await new ServerProcess(state).ready();
      for (const asset of known.values()) await check(asset);
      orphans.push((await reconcile()).orphans_deleted);
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

      const rows = inD1();
      for (const { record, deleted } of known.values()) {
        const row = rows.get(record.id);
        if (deleted) expect(row).toBeUndefined();
        else
          expect(row).toMatchObject({
            metadata: record.metadata,
            updated_at: record.updated_at,
            r2_key: record.r2_key,
          });
      }
    }
    console.log(
      `crash: ${rounds} kills, ${acknowledged} acknowledged writes checked, orphans swept after each: ${orphans.join(", ")}`,
    );
  },
  30 * 60 * 1000,
);
