/** Resumable uploads whose requests break off, stall, overlap or come again. */

import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { describe, expect, inject, it, vi } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { newSessionId } from "../../src/model/id.ts";
import { newDigest } from "../../src/upload/resumable/sha256.ts";
import type { Vault } from "../../src/vault/vault.ts";
import { admin, bearer, OPERATOR, ORIGIN, refusal, sendTo, TestVault } from "../support/api.ts";
import { newAsset } from "../support/new-asset.ts";
import { bodies as bodyMemory } from "../../src/http/memory.ts";
import { Refused, unavailable } from "../../src/model/refusal.ts";
import { MAX_CALLS } from "../../src/vault/limits.ts";
import { Faults } from "../support/faults.ts";
import { putBack, state, stored, withoutAlarm, work } from "../support/history.ts";
import { clearLostWindows, expectAgreement, lose, reconcile, report, rest, withoutGrace } from "../support/stores.ts";
import { meter } from "../support/meter.ts";
import { FIELDS, fileOf, metadata, OFFSET_BYTES, sha256, TUS, TusClient } from "../support/tus.ts";

const STALL_MS = 400;

vi.mock(import("../../src/model/session-limits.ts"), async (original) => ({
  ...(await original()),
  SESSION_STALL_MS: 400,
}));
vi.mock(import("../../src/upload/limits.ts"), async (original) => ({ ...(await original()), SESSION_SIGN_MS: 100 }));

withoutGrace();

const MIB = 1024 * 1024;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What a request sends, and then: it ends, breaks off, or sends nothing more until it is told what else to send. */
function bodyOf(bytes: Uint8Array, then: "end" | "break" | Promise<Uint8Array>): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const chunk = bytes.slice(at, at + 60_000);
      at += chunk.length;
      if (chunk.length > 0) controller.enqueue(chunk);
      else if (then === "break") controller.error(new Error("the client is gone"));
      else {
        if (then !== "end") controller.enqueue((await then).slice());
        controller.close();
      }
    },
  });
}

/** Appends by the router alone. The length is declared if it is given. */
function append(
  client: TusClient,
  path: string,
  offset: number,
  body: BodyInit,
  length?: number,
  more: Record<string, string> = {},
): Promise<Response> {
  const headers: Record<string, string> = {
    ...bearer(client.vault.secretKey),
    ...TUS,
    "Upload-Offset": String(offset),
    "Content-Type": OFFSET_BYTES,
    ...(length === undefined ? {} : { "Content-Length": String(length) }),
    ...more,
  };
  return sendTo(new Request(ORIGIN + path, { method: "PATCH", headers, body }), env);
}

const clientOf = async (): Promise<TusClient> => new TusClient(await TestVault.create());

const offsetOf = async (client: TusClient, path: string): Promise<number> => {
  const head = await client.head(path);
  expect(head.status).toBe(200);
  return Number(head.headers.get("Upload-Offset"));
};

/** Asserts that an upload is done, and what is stored. */
async function expectStored(client: TusClient, path: string, file: Uint8Array): Promise<AssetRecord> {
  const head = await client.head(path);
  const record = await (await client.vault.request("GET", head.headers.get("Location") ?? "")).json<AssetRecord>();
  const body = await env.BUCKET.get(record.r2_key);
  expect(sha256(new Uint8Array((await body?.arrayBuffer()) ?? new ArrayBuffer(0)))).toBe(sha256(file));
  const asset = await runInDurableObject(client.vault.stub, (_, { storage }) =>
    storage.sql.exec("SELECT sha256 FROM assets WHERE id = ?", record.id).one(),
  );
  expect(asset["sha256"]).toBe(sha256(file));
  return record;
}

describe("a request that breaks off", () => {
  it.each([
    ["within the first KiB", 900, true],
    ["within a part", 3 * MIB + 7, true],
    ["behind a part", 9 * MIB + 7, true],
    ["of no declared length", 9 * MIB + 7, false],
  ])("%s: what has come is kept", async (_name, sent, isDeclared) => {
    const client = await clientOf();
    const file = fileOf(12 * MIB);
    const path = await client.begin(file.length);
    const length = isDeclared ? file.length : undefined;
    await append(client, path, 0, bodyOf(file.subarray(0, sent), "break"), length);
    expect(await offsetOf(client, path)).toBe(sent);
    expect((await client.append(path, sent, file.subarray(sent))).status).toBe(204);
    await expectStored(client, path, file);
  });

  it("with a checksum: nothing of it counts", async () => {
    const client = await clientOf();
    const path = await client.begin(12 * MIB);
    const checksum = { "Upload-Checksum": `sha1 ${Buffer.alloc(20).toString("base64")}` };
    await append(client, path, 0, bodyOf(fileOf(9 * MIB), "break"), 12 * MIB, checksum);
    expect(await offsetOf(client, path)).toBe(0);
  });

  it("at its creation: nothing of it is left, since nobody knows its path", async () => {
    const client = await clientOf();
    const headers = {
      ...bearer(client.vault.secretKey),
      ...TUS,
      "Upload-Length": String(12 * MIB),
      "Upload-Metadata": metadata(FIELDS),
      "Content-Type": OFFSET_BYTES,
    };
    const body = bodyOf(fileOf(9 * MIB), "break");
    const request = new Request(ORIGIN + client.uploads, { method: "POST", headers, body });
    await refusal(await sendTo(request, env), 400, "INVALID_PARAMS");
    await rest(client.vault.stub);
    expect(await client.vault.bodies()).toEqual([]);
    expect((await report(client.vault)).usage).toEqual({ assets: 0, bytes: 0 });
  });
});

it("a request that gets no memory while it looks at an image: what has come is kept, and can be gone on with", async () => {
  const client = await clientOf();
  const png = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
  const file = Uint8Array.from([...png, ...fileOf(1_000)]);
  const path = await client.begin(file.length);
  const grow = bodyMemory.grow.bind(bodyMemory);
  const spy = vi.spyOn(bodyMemory, "grow").mockImplementation((lease, bytes) => {
    // What an image reader keeps.
    if (bytes === 4_096) throw new Refused(unavailable("too many uploads at once"));
    return grow(lease, bytes);
  });
  try {
    await refusal(await append(client, path, 0, file, file.length), 503, "UNAVAILABLE");
  } finally {
    spy.mockRestore();
  }
  const offset = await offsetOf(client, path);
  expect(offset).toBe(file.length);
  await expectStored(client, path, file);
});

it("a client that sends a byte now and then does not have the bytes before it stored each time", async () => {
  const client = await clientOf();
  await client.vault.list();
  const file = fileOf(MIB);
  const path = await client.begin(file.length);
  const puts = vi.spyOn(env.BUCKET, "put");
  let at = 0;
  const drip: ReadableStream<Uint8Array> = new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const size = at === 0 ? 200_000 : 1;
      if (at > 0) await pause(250);
      controller.enqueue(file.slice(at, at + size));
      at += size;
      if (at === 200_010) controller.error(new Error("the client is gone"));
    },
  });
  await append(client, path, 0, drip, file.length);
  // When it first falls silent, and when it is gone.
  expect(puts.mock.calls.length).toBeLessThanOrEqual(2);
  puts.mockRestore();
  expect((await client.append(path, 200_010, file.subarray(200_010))).status).toBe(204);
  await expectStored(client, path, file);
});

describe("two requests for one upload", () => {
  it("the second gets 423 while the first makes progress, and the first comes to its end", async () => {
    const client = await clientOf();
    const file = fileOf(3 * MIB);
    const path = await client.begin(file.length);
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    let at = 0;
    const slow: ReadableStream<Uint8Array> = new ReadableStream({
      type: "bytes",
      async pull(controller) {
        await pause(STALL_MS / 4);
        controller.enqueue(file.slice(at, at + MIB / 4));
        at += MIB / 4;
        if (at < file.length) return;
        controller.close();
        end();
      },
    });
    const first = append(client, path, 0, slow, file.length);
    await pause(STALL_MS * 1.5);
    await refusal(await client.append(path, 0, file), 423, "UPLOAD_LOCKED");
    expect((await client.head(path)).status).toBe(423);
    await ended;
    expect((await first).status).toBe(204);
    await expectStored(client, path, file);
  });

  it.each(["HEAD", "PATCH"])("%s takes over from one that has stalled, which can save nothing more", async (method) => {
    const client = await clientOf();
    const file = fileOf(10 * MIB);
    const path = await client.begin(file.length);
    const { promise: stalled, resolve: wake } = Promise.withResolvers<Uint8Array>();
    const first = append(client, path, 0, bodyOf(file.subarray(0, 9 * MIB), stalled), file.length);
    // What had come is saved when the first request falls silent. Whoever asks before takes over from it without that, if
    // the machine has stood still.
    const received = () => state(client.vault, "SELECT received FROM sessions");
    await expect.poll(received).toEqual([{ received: 9 * MIB }]);
    if (method === "HEAD") {
      await expect.poll(async () => (await client.head(path)).headers.get("Upload-Offset")).toBe(String(9 * MIB));
    }
    let second: Response | undefined;
    await expect
      .poll(async () => (second = await client.append(path, 9 * MIB, file.subarray(9 * MIB))).status, {
        timeout: 20_000,
      })
      .toBe(204);
    wake(file.subarray(9 * MIB));
    expect((await first).status).toBe(423);
    expect(second?.headers.get("Location")).toContain("/assets/");
    await expectStored(client, path, file);
    await reconcile(client.vault);
    await expectAgreement(client.vault);
  });

  it("DELETE ends one that is under way, and nothing comes of it", async () => {
    const client = await clientOf();
    const file = fileOf(10 * MIB);
    const path = await client.begin(file.length);
    const { promise: waiting, resolve: wake } = Promise.withResolvers<Uint8Array>();
    const first = append(client, path, 0, bodyOf(file.subarray(0, 9 * MIB), waiting), file.length);
    await expect.poll(() => client.vault.bodies()).not.toEqual([]);
    expect((await client.delete(path)).status).toBe(204);
    wake(file.subarray(9 * MIB));
    expect((await first).status).toBe(410);
    await rest(client.vault.stub);
    await reconcile(client.vault);
    expect(await client.vault.bodies()).toEqual([]);
  });
});

it.each(["an upload is ended", "a key is revoked"])(
  "%s while a request fills its first part: R2 keeps no part",
  async (what) => {
    const client = await clientOf();
    const { vault } = client;
    const begun = vi.spyOn(env.BUCKET, "createMultipartUpload");
    const path = await client.begin(12 * MIB);
    const { promise: waiting, resolve: wake } = Promise.withResolvers<Uint8Array>();
    // Of no declared length, so that nothing is saved before its end.
    const first = append(client, path, 0, bodyOf(fileOf(9 * MIB), waiting));
    await expect.poll(() => begun.mock.results.length).toBe(1);
    await pause(300);
    if (what === "an upload is ended") expect((await client.delete(path)).status).toBe(204);
    else {
      const id = `key_${vault.secretKey.slice(29, 55)}`;
      expect((await vault.request("DELETE", `${vault.path}/keys/${id}`, undefined, admin)).status).toBe(204);
    }
    wake(fileOf(MIB));
    expect((await first).status).toBe(what === "an upload is ended" ? 410 : 401);
    const [begin] = begun.mock.results;
    if (!begin) throw new Error("no multipart upload was begun");
    const { key, uploadId } = (await begin.value) as R2MultipartUpload;
    begun.mockRestore();
    const part = env.BUCKET.resumeMultipartUpload(key, uploadId).uploadPart(1, fileOf(5 * MIB));
    await expect(part).rejects.toThrow("10024");
    await rest(vault.stub);
    expect(await vault.bodies()).toEqual([]);
  },
);

/** One step of a client whose line is bad. */
type Step =
  | { readonly kind: "send" | "break" | "undeclared" | "checksum"; readonly bytes: number }
  | { readonly kind: "repeat" | "wrong" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("send" as const, "break" as const, "undeclared" as const, "checksum" as const),
      bytes: fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: 0, max: 9 * MIB })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("repeat" as const, "wrong" as const) }) },
);

it("however a file is split, broken off and repeated, it arrives as it is", async () => {
  const client = await clientOf();
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.integer({ min: 1, max: 200_000 }), fc.integer({ min: 8 * MIB, max: 18 * MIB })),
      fc.array(step, { maxLength: 8 }),
      async (size, steps) => {
        const file = fileOf(size, size);
        const path = await client.begin(size);
        let at = 0;
        for (const now of [...steps, { kind: "send", bytes: size } as const]) {
          if (at === size) break;
          if (!("bytes" in now)) {
            const wrong = now.kind === "wrong" ? at + 1 : 0;
            if (wrong !== at) expect((await client.append(path, wrong, "x")).status).toBe(409);
            continue;
          }
          const part = file.subarray(at, at + now.bytes);
          const declared = now.kind === "undeclared" ? undefined : part.length;
          const isCut = now.kind === "break";
          const sum = { "Upload-Checksum": `sha256 ${Buffer.from(sha256(part), "hex").toString("base64")}` };
          const response = await append(
            client,
            path,
            at,
            now.kind === "send" ? part : bodyOf(part, isCut ? "break" : "end"),
            isCut ? size - at : declared,
            now.kind === "checksum" ? sum : {},
          );
          // A body that holds all that is left is whole, however its connection ends.
          if (isCut && at + part.length < size) expect(response.status).toBe(400);
          else expect(response.status, await response.text()).toBe(204);
          at += part.length;
          expect(await offsetOf(client, path)).toBe(at);
        }
        await expectStored(client, path, file);
      },
    ),
    { numRuns: Math.max(8, inject("fuzzRuns") / 100) },
  );
  await reconcile(client.vault);
  await expectAgreement(client.vault);
}, 600_000);

describe("what an upload under way keeps", () => {
  it("counts against the quotas of others, until it is given up", async () => {
    const client = await clientOf();
    const { vault } = client;
    await vault.request("PATCH", vault.path, { quota_assets: 2, quota_bytes: 1_000 }, admin);
    const path = await client.begin(600);
    await refusal(await client.create(401), 403, "QUOTA_EXCEEDED");
    await refusal(await vault.send({ ...FIELDS, file: new File(["x".repeat(401)], "a") }), 403, "QUOTA_EXCEEDED");
    expect((await report(vault)).usage).toEqual({ assets: 1, bytes: 600 });
    await vault.upload({ file: new File(["x".repeat(400)], "a") });
    await refusal(await client.create(0), 403, "QUOTA_EXCEEDED");
    await client.append(path, 0, fileOf(600));
    expect((await report(vault)).usage).toEqual({ assets: 2, bytes: 1_000 });
    await refusal(await client.create(0), 403, "QUOTA_EXCEEDED");
  });

  it("is not promised what an upload of the same group has taken", async () => {
    const { vault } = await clientOf();
    await vault.request("PATCH", vault.path, { quota_bytes: 1_000 }, admin);
    const { partition, collection, channel } = FIELDS;
    const file = { partition, collection, channel, filename: "f", mime_type: "a/b", metadata: "{}", tags: "[]" };
    const session = { id: newSessionId(), file, sent: "", length: 600, digest: newDigest().state(), isHeld: false };
    const [upload, begun] = await runInDurableObject(vault.stub, async (instance: Vault) =>
      Promise.all([
        instance.commitUpload(OPERATOR, newAsset(vault, { size: 600 })),
        instance.createSession(OPERATOR, session),
      ]),
    );
    expect(upload.ok).toBe(true);
    expect(begun).toMatchObject({ ok: false, code: "QUOTA_EXCEEDED" });
  });

  it.each([600, 9 * MIB])("is gone when the vault no longer takes the file (%i bytes)", async (size) => {
    const client = await clientOf();
    const { vault } = client;
    const path = await client.begin(size);
    await client.append(path, 0, fileOf(size).subarray(0, size - 100));
    // More than a file of one request can have.
    expect((await vault.request("PATCH", vault.path, { max_file_bytes: 200 * MIB }, admin)).status).toBe(200);
    await refusal(await client.create(200 * MIB + 1), 413, "PAYLOAD_TOO_LARGE");
    await vault.request("PATCH", vault.path, { max_file_bytes: 500 }, admin);
    await refusal(await client.create(501), 413, "PAYLOAD_TOO_LARGE");
    await refusal(await client.append(path, size - 100, fileOf(size).subarray(size - 100)), 413, "PAYLOAD_TOO_LARGE");
    expect((await client.head(path)).status).toBe(410);
    await rest(vault.stub);
    await reconcile(vault);
    expect(await vault.bodies()).toEqual([]);
  });

  it("is counted without a look at each of them", async () => {
    const client = await clientOf();
    const { vault } = client;
    await vault.request("PATCH", vault.path, { quota_bytes: 1_000 }, admin);
    await vault.upload();
    const upload = async (): Promise<void> => void (await vault.upload());
    const paths = [await client.begin(1)];
    const few = await meter(vault, upload);
    for (let i = 0; i < 60; i++) paths.push(await client.begin(2));
    const many = await meter(vault, upload);
    expect(many.vaultRead).toBeLessThan(few.vaultRead + 10);
    const { usage } = await report(vault);
    await Promise.all(paths.slice(1).map((path) => client.delete(path)));
    await client.append(paths[0] ?? "", 0, new Uint8Array(1));
    await rest(vault.stub);
    const left = (await report(vault)).usage;
    expect([usage.assets - left.assets, usage.bytes - left.bytes]).toEqual([60, 120]);
  });

  it.each(["is revoked", "expires"])("is free again when its key %s, and nothing is left of it in R2", async (how) => {
    const { vault } = await clientOf();
    await vault.request("PATCH", vault.path, { quota_bytes: 20 * MIB }, admin);
    const key = await (
      await vault.request("POST", `${vault.path}/keys`, { type: "upload" })
    ).json<{ id: string; token: string }>();
    const client = new TusClient(vault, key.token);
    const path = await client.begin(20 * MIB);
    expect((await client.append(path, 0, fileOf(9 * MIB))).status).toBe(204);
    const ticketed = await vault.request("POST", `${vault.path}/tickets`, { ...FIELDS, filename: undefined });
    expect(ticketed.status).toBe(201);
    const own = new TusClient(vault);
    await refusal(await own.create(1), 403, "QUOTA_EXCEEDED");
    if (how === "is revoked") await vault.request("DELETE", `${vault.path}/keys/${key.id}`);
    else {
      const expires_at = new Date(Date.now() + 1_500).toISOString();
      const changed = await vault.request("PATCH", `${vault.path}/keys/${key.id}`, { expires_at });
      const end = (await changed.json<{ expires_at: string }>()).expires_at;
      const expires = (await client.head(path)).headers.get("Upload-Expires") ?? "";
      expect(Date.parse(expires)).toBe(Date.parse(end));
      await pause(Math.max(0, Date.parse(end) - Date.now()));
      await rest(vault.stub);
    }
    expect((await own.create(20 * MIB)).status).toBe(201);
    await rest(vault.stub);
    expect(await vault.bodies()).toEqual([]);
    expect((await client.head(path)).status).toBe(401);
  });

  it("ends with its key, if that was to expire before", async () => {
    const { vault } = await clientOf();
    const expires_at = new Date(Date.now() + 60_000).toISOString();
    const key = await (
      await vault.request("POST", `${vault.path}/keys`, { type: "upload", expires_at })
    ).json<{ expires_at: string; token: string }>();
    const client = new TusClient(vault, key.token);
    const begun = await client.create(2);
    const path = begun.headers.get("Location") ?? "";
    for (const answer of [begun, await client.append(path, 0, new Uint8Array(1))]) {
      expect(Date.parse(answer.headers.get("Upload-Expires") ?? "")).toBe(Date.parse(key.expires_at));
    }
  });

  it("has an end: at most 100 uploads of a key at once", async () => {
    const client = await clientOf();
    for (let i = 0; i < 100; i++) await client.begin(1);
    await refusal(await client.create(1), 409, "CONFLICT");
    const key = await client.vault.request("POST", `${client.vault.path}/keys`, {});
    const other = new TusClient(client.vault, (await key.json<{ token: string }>()).token);
    expect((await other.create(1)).status).toBe(201);
  });

  it("takes one token of the vault's rate for each request, however long it is", async () => {
    const client = await clientOf();
    const { vault } = client;
    await vault.request("PATCH", vault.path, { requests_per_second: 1 }, admin);
    const file = fileOf(100_000);
    const path = await client.begin(file.length);
    await pause(1_100);
    // The vault is called three times by this.
    expect((await client.append(path, 0, file)).status).toBe(204);
  });

  it("goes with the vault", async () => {
    const client = await clientOf();
    const { vault } = client;
    const path = await client.begin(20 * MIB);
    await client.append(path, 0, fileOf(10 * MIB));
    const row = await multipartOf(client, path);
    await vault.request("DELETE", vault.path, undefined, admin);
    expect((await client.head(path)).status).toBe(401);
    await rest(vault.stub);
    expect(await vault.bodies()).toEqual([]);
    await expectNoMultipart(row);
  });

  it("goes with the vault, however many there are, with no more calls in one alarm than others make", async () => {
    const client = await clientOf();
    const { id, rpc } = client.vault;
    const stub = env.VAULT.getByName(id);
    for (let i = 0; i < 20; i++) await client.begin(1);
    const { id: assetId, r2_key } = newAsset(client.vault);
    const { uploadId } = await env.BUCKET.createMultipartUpload(r2_key);
    await runInDurableObject(stub, (_, { storage }) => {
      storage.sql.exec("UPDATE sessions SET upload_id = ?, asset_id = ?, r2_key = ?", uploadId, assetId, r2_key);
    });
    await withoutAlarm(client.vault);
    let most = 0;
    let calls = 0;
    const counting = new Faults(0, () => void calls++);
    const left = (): Promise<unknown[]> =>
      runInDurableObject(stub, (_, { storage }) => storage.sql.exec("SELECT 1 FROM sessions").toArray());
    await counting.during(async () => {
      await rpc.deleteVault(OPERATOR);
      for (let runs = 0; runs < 20 && (await left()).length > 0; runs++) {
        calls = 0;
        await runInDurableObject(stub, (instance) => (instance as Vault).alarm());
        most = Math.max(most, calls);
      }
    });
    expect(await left()).toEqual([]);
    expect(most).toBeGreaterThan(10);
    expect(most).toBeLessThanOrEqual(MAX_CALLS);
  });

  it("ends with the vault's storage", async () => {
    const client = await clientOf();
    const path = await client.begin(20 * MIB);
    await client.append(path, 0, fileOf(10 * MIB));
    expect(await client.vault.bodies()).toHaveLength(1);
    await lose(client.vault.stub);
    await refusal(await client.append(path, 10 * MIB, "x"), 404, "NOT_FOUND");
    await reconcile(client.vault);
    expect(await client.vault.bodies()).toEqual([]);
  });

  it.each([
    ["with its last bytes in its row", 1_000],
    ["with its last bytes in R2", 100_000],
    ["with parts", 9 * MIB],
  ])("%s: is no longer to be finished when the vault's storage turns out to be old", async (_name, sent) => {
    const client = await clientOf();
    const { vault } = client;
    const file = fileOf(sent + 1_000);
    const path = await client.begin(file.length);
    await client.append(path, 0, file.subarray(0, sent));
    const before = await stored(vault);
    expect((await client.append(path, sent, file.subarray(sent))).status).toBe(204);
    const record = await expectStored(client, path, file);
    await rest(vault.stub);
    await putBack(vault, before);
    // The asset is in D1, and this storage does not know it.
    const again = await client.append(path, sent, file.subarray(sent));
    expect([410, 503]).toContain(again.status);
    await rest(vault.stub);
    expect((await client.head(path)).status).toBe(410);
    await clearLostWindows(vault);
    await reconcile(vault);
    expect((await vault.list()).data).toEqual([record]);
    await expectAgreement(vault);
  });

  it("is left alone by a reconciliation, and what no upload names is not", async () => {
    const client = await clientOf();
    const file = fileOf(12 * MIB);
    const path = await client.begin(file.length);
    await client.append(path, 0, file.subarray(0, 10 * MIB));
    const [kept = ""] = await client.vault.bodies();
    expect(kept).toContain("/.uploads/");
    const foreign = kept.replace(/upload_[^/]+/, "upload_01k2m8z4v9c7r5t3n1w6x0y8qe");
    await env.BUCKET.put(foreign, "x");
    await reconcile(client.vault);
    expect(await client.vault.bodies()).toEqual([kept]);
    await client.append(path, 10 * MIB, file.subarray(10 * MIB));
    await expectStored(client, path, file);
  });
});

type Multipart = { r2_key: string; upload_id: string };

const multipartOf = (client: TusClient, path: string): Promise<Multipart> =>
  runInDurableObject(client.vault.stub, (_, { storage }) =>
    storage.sql
      .exec<Multipart>("SELECT r2_key, upload_id FROM sessions WHERE id = ?", path.split("/").at(-1) ?? "")
      .one(),
  );

/** Asserts that R2 has no multipart upload of a session any more. */
async function expectNoMultipart({ r2_key, upload_id }: Multipart): Promise<void> {
  const upload = env.BUCKET.resumeMultipartUpload(r2_key, upload_id);
  await expect(upload.uploadPart(1, "x")).rejects.toThrow("10024");
}

/** Lets a session be so much older. */
const age = (client: TusClient, path: string, ms: number): Promise<void> =>
  runInDurableObject(client.vault.stub, (_, { storage }) => {
    const id = path.split("/").at(-1) ?? "";
    storage.sql.exec("UPDATE sessions SET ends = ends - ?, began_at = began_at - ? WHERE id = ?", ms, ms, id);
  });

describe("the end of an upload that nobody goes on with", () => {
  const HOUR_MS = 3_600_000;

  it("after 24 hours it is gone, and after as many more it is forgotten", async () => {
    const client = await clientOf();
    const path = await client.begin(20 * MIB);
    await client.append(path, 0, fileOf(10 * MIB));
    const row = await multipartOf(client, path);
    await age(client, path, 24 * HOUR_MS + 1);
    await refusal(await client.append(path, 10 * MIB, "x"), 410, "UPLOAD_EXPIRED");
    await work(client.vault);
    expect(await client.vault.bodies()).toEqual([]);
    await expectNoMultipart(row);
    expect((await client.head(path)).status).toBe(410);
    expect((await report(client.vault)).usage).toEqual({ assets: 0, bytes: 0 });
    await age(client, path, 24 * HOUR_MS + 1);
    await work(client.vault);
    expect((await client.head(path)).status).toBe(404);
  });

  it("bytes put it off, but not beyond six days", async () => {
    const client = await clientOf();
    const path = await client.begin(100);
    const left = async (): Promise<number> =>
      (Date.parse((await client.head(path)).headers.get("Upload-Expires") ?? "") - Date.now()) / HOUR_MS;
    await age(client, path, 20 * HOUR_MS);
    expect(await left()).toBeCloseTo(4, 1);
    await client.append(path, 0, "hello");
    expect(await left()).toBeCloseTo(24, 1);
    await age(client, path, 0);
    await runInDurableObject(client.vault.stub, (_, { storage }) => {
      storage.sql.exec("UPDATE sessions SET began_at = began_at - ?", 119 * HOUR_MS);
    });
    await client.append(path, 5, "hello");
    expect(await left()).toBeCloseTo(5, 1);
  });

  it("the vault wakes for it by itself", async () => {
    const client = await clientOf();
    await client.begin(100);
    await rest(client.vault.stub);
    const due = await runInDurableObject(client.vault.stub, (_, { storage }) => storage.getAlarm());
    expect((due ?? 0) - Date.now()).toBeLessThan(24 * HOUR_MS + 60_000);
  });
});
