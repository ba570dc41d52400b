/**
 * Resumable uploads of which one call to R2, D1 or the vault goes wrong. Whichever it is: what a client is told to be safe
 * is safe, the upload can be gone on with, and nothing is left behind in the end.
 */

import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { expect, vi } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { bearer, ORIGIN, sendTo, TestVault } from "../support/api.ts";
import { eachCall } from "../support/fault-loop.ts";
import { PART_BYTES } from "../support/small-parts.ts";
import { clearLostWindows, expectAgreement, indexed, reconcile, rest, withoutGrace } from "../support/stores.ts";
import { FIELDS, fileOf, metadata, OFFSET_BYTES, sha256, TUS, TusClient } from "../support/tus.ts";

// A call that hangs ends at one of these bounds. They are short, so that many faults take minutes.
vi.mock(import("../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../support/short-waits.ts")),
}));
vi.mock(import("../../src/runtime/timeouts.ts"), () => import("../support/short-times.ts"));
vi.mock(import("../../src/model/session-limits.ts"), async (original) => ({
  ...(await original()),
  SESSION_STALL_MS: 300,
}));
vi.mock(import("../../src/upload/limits.ts"), async (original) => ({
  ...(await original()),
  SESSION_SIGN_MS: 250,
  ...(await import("../support/small-parts.ts")),
}));

withoutGrace();

const MIB = 1024 * 1024;
const SMALL = fileOf(300_000);
const LARGE = fileOf(PART_BYTES + 300_000);
/** A part of it, and some bytes behind. */
const MOST = PART_BYTES + 200_000;

interface Scene {
  readonly client: TusClient;
  /** The stub is made before anything fails. */
  readonly stub: TestVault["stub"];
  readonly file: Uint8Array;
  /** The upload that is under way. Undefined when the work is to begin one. */
  readonly path: string | undefined;
  readonly offset: number;
}

interface Operation {
  readonly file: Uint8Array;
  /** How many bytes have come before. Undefined when the work begins the upload. */
  readonly before?: number;
  readonly work: (scene: Scene) => Promise<Response>;
}

const request = (scene: Scene, method: string, path: string, headers: Record<string, string>, body?: BodyInit) =>
  sendTo(
    new Request(ORIGIN + path, {
      method,
      headers: { ...bearer(scene.client.vault.secretKey), ...TUS, ...headers },
      ...(body === undefined ? {} : { body }),
    }),
    env,
  );

const create = (scene: Scene, body?: Uint8Array): Promise<Response> =>
  request(
    scene,
    "POST",
    scene.client.uploads,
    {
      "Upload-Length": String(scene.file.length),
      "Upload-Metadata": metadata(FIELDS),
      ...(body ? { "Content-Type": OFFSET_BYTES } : {}),
    },
    body,
  );

/** Sends the next bytes up to an offset, or all. */
const append =
  (to?: number, more: (part: Uint8Array) => Record<string, string> = () => ({})) =>
  (scene: Scene): Promise<Response> => {
    const part = scene.file.slice(scene.offset, to);
    const headers = { "Upload-Offset": String(scene.offset), "Content-Type": OFFSET_BYTES, ...more(part) };
    return request(scene, "PATCH", scene.path ?? "", headers, part);
  };

const summed = (part: Uint8Array): Record<string, string> => ({
  "Upload-Checksum": `sha256 ${Buffer.from(sha256(part), "hex").toString("base64")}`,
});

const OPERATIONS: Record<string, Operation> = {
  "session: creation": { file: SMALL, work: create },
  "session: creation with no bytes to come": { file: new Uint8Array(0), work: create },
  "session: creation with all bytes": { file: LARGE, work: (scene) => create(scene, scene.file) },
  "session: first bytes": { file: SMALL, before: 0, work: append(100_000) },
  "session: last bytes of a small file": { file: SMALL, before: 100_000, work: append() },
  "session: bytes that fill a part": { file: LARGE, before: 2 * MIB, work: append(MOST) },
  "session: last bytes of a large file": { file: LARGE, before: MOST, work: append() },
  "session: all bytes with a checksum": { file: LARGE, before: 0, work: append(undefined, summed) },
  "session: question": {
    file: SMALL,
    before: 100_000,
    work: (scene) => request(scene, "HEAD", scene.path ?? "", {}),
  },
  "session: deletion": {
    file: LARGE,
    before: MOST,
    work: async (scene) => {
      const response = await request(scene, "DELETE", scene.path ?? "", {});
      await rest(scene.stub);
      return response;
    },
  },
  "session: expiry": {
    file: LARGE,
    before: MOST,
    work: async (scene) => {
      await expireAll(scene.stub);
      await rest(scene.stub);
      return new Response(null);
    },
  },
};

/** Lets all sessions of a vault come to their end. */
const expireAll = (stub: TestVault["stub"]): Promise<void> =>
  runInDurableObject(stub, async (_, { storage }) => {
    storage.sql.exec("UPDATE sessions SET ends = 1 WHERE state IN ('open', 'completing')");
    await storage.setAlarm(Date.now());
  });

async function sceneOf({ file, before }: Operation): Promise<Scene> {
  const client = new TusClient(await TestVault.create());
  const { stub } = client.vault;
  await client.vault.list();
  if (before === undefined) return { client, stub, file, path: undefined, offset: 0 };
  const path = await client.begin(file.length);
  if (before > 0) expect((await client.append(path, 0, file.subarray(0, before))).status).toBe(204);
  return { client, stub, file, path, offset: before };
}

/** Asks how the upload stands, as clients do: again while another request has it or the server is not ready. */
async function ask(client: TusClient, path: string): Promise<Response> {
  for (let tries = 0; ; tries++) {
    const head = await client.head(path);
    if ((head.status !== 423 && head.status !== 503) || tries === 40) return head;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Goes on with an upload until it is an asset, and asserts that all of its bytes are there, once. */
async function finish({ client, file }: Scene, path: string): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    const head = await ask(client, path);
    expect(head.status).toBe(200);
    const offset = Number(head.headers.get("Upload-Offset"));
    const asset = head.headers.get("Location");
    if (asset === null) {
      await client.append(path, offset, file.slice(offset));
      continue;
    }
    const record = await (await client.vault.request("GET", asset)).json<AssetRecord>();
    const body = await env.BUCKET.get(record.r2_key);
    expect(sha256(new Uint8Array((await body?.arrayBuffer()) ?? new ArrayBuffer(0)))).toBe(sha256(file));
    const [row] = await indexed(client.vault);
    expect(row?.["sha256"]).toBe(sha256(file));
    return;
  }
  throw new Error("the upload cannot be finished");
}

eachCall(Object.keys(OPERATIONS), async (name, faults) => {
  const operation = OPERATIONS[name];
  if (!operation) throw new Error("no such operation");
  const scene = await sceneOf(operation);
  const { client } = scene;
  const response = await faults.during(() => operation.work(scene));
  const path = scene.path ?? (response.status === 201 ? response.headers.get("Location") : null);
  const isGone = name === "session: deletion" || name === "session: expiry";
  if (path !== null && !(isGone && response.status < 300)) {
    const head = await ask(client, path);
    // R2 may have made a body of the parts and not have said so: then they cannot be put together again.
    if (head.status !== 410) {
      expect(head.status).toBe(200);
      const safe = Number(head.headers.get("Upload-Offset"));
      const told = Number(response.headers.get("Upload-Offset") ?? scene.offset);
      expect(safe).toBeGreaterThanOrEqual(response.status < 300 ? told : scene.offset);
      await finish(scene, path);
    } else expect(isGone).toBe(true);
  } else if (path !== null) expect((await ask(client, path)).status).toBe(410);
  const assets = (await indexed(client.vault)).length;
  expect(assets).toBeLessThanOrEqual(1);
  if (response.headers.get("Content-Location") !== null) expect(assets).toBe(1);
  await expireAll(scene.stub);
  await rest(scene.stub);
  await clearLostWindows(client.vault);
  await reconcile(client.vault);
  expect((await client.vault.bodies()).filter((key) => key.includes("/.uploads/"))).toEqual([]);
  await expectAgreement(client.vault);
  return ` → ${response.status}`;
});
