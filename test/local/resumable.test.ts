/** Uploads by tus-js-client in Node, which know nothing of this server but the protocol. */

import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type DetailedError, Upload, type UploadOptions } from "tus-js-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Strongroom } from "../../src/client/index.ts";
import { Line } from "../support/line.ts";
import { ServerScene } from "./server-scene.ts";

const MIB = 1024 * 1024;
const content = randomBytes(20 * MIB + 3);
const sha256 = createHash("sha256").update(content).digest("hex");
const server = new ServerScene(["--quiet"]);
/** The uploads that were done before any kill. */
const whole: string[] = [];
let line: Line;

beforeAll(async () => {
  line = await Line.to(server.credentials.url);
});
afterAll(() => line.close());

/** An upload that is under way. */
interface UnderWay {
  readonly upload: Upload;
  /** Resolves to the URL of the upload; rejects with what it fails with. */
  readonly done: Promise<string>;
  /** The offsets that were reached, in order. */
  readonly seen: number[];
}

function begin(options: Partial<UploadOptions> = {}): UnderWay {
  const { vault_id, secret_key } = server.credentials;
  const seen: number[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const upload = new Upload(content, {
    endpoint: `${line.url}/api/v1/vaults/${vault_id}/uploads`,
    headers: { Authorization: `Bearer ${secret_key}` },
    metadata: { partition: "tus", collection: "c", channel: "h", filename: "größe.bin", filetype: "video/mp4" },
    chunkSize: 5 * MIB,
    retryDelays: [100, 500, 1_000, 3_000, 5_000, 5_000],
    onProgress: (sent) => void seen.push(sent),
    onError: reject,
    onSuccess: () => resolve(upload.url ?? ""),
    ...options,
  });
  upload.start();
  return { upload, done: promise, seen };
}

/** Whether what came of an upload is the file, byte for byte. */
async function check(url: string): Promise<void> {
  const { url: origin, secret_key } = server.credentials;
  const headers = { Authorization: `Bearer ${secret_key}`, "Tus-Resumable": "1.0.0" };
  const head = await fetch(url, { method: "HEAD", headers });
  const id = head.headers.get("Location")?.split("/").at(-1) ?? "";
  const { assets } = new Strongroom({ url: origin, key: secret_key });
  expect(await assets.get(id)).toMatchObject({
    partition: "tus",
    filename: "größe.bin",
    mime_type: "video/mp4",
    size: content.length,
  });
  const stored = Buffer.from(await (await assets.download(id)).arrayBuffer());
  expect(createHash("sha256").update(stored).digest("hex")).toBe(sha256);
}

it.each([
  ["in chunks", {}],
  ["whole", { chunkSize: Infinity }],
  ["with its first bytes in the creation", { uploadDataDuringCreation: true }],
])("tus-js-client uploads a file %s", async (_way, options) => {
  whole.push(await begin(options).done);
  await check(whole.at(-1) ?? "");
});

it("tus-js-client pauses and goes on", async () => {
  const held = line.holdAfter(8 * MIB);
  const { upload, done, seen } = begin();
  await held;
  await upload.abort();
  line.cut();
  const reached = seen.length;
  await sleep(300);
  expect(seen).toHaveLength(reached);
  upload.start();
  await check(await done);
  // What was safe is not sent again.
  expect(Math.min(...seen.slice(reached))).toBeGreaterThanOrEqual(5 * MIB);
});

it("tus-js-client goes on after a killed connection, and after a kill of the server", async () => {
  const created: string[] = [];
  const { done, upload } = begin({
    onBeforeRequest: (request) => void (request.getMethod() === "POST" && created.push(request.getURL())),
  });
  await line.holdAfter(8 * MIB);
  line.cut();
  await line.holdAfter(4 * MIB);
  await server.kill();
  // As the stand-in for R2 leaves it of an upload that breaks off. Every part, and the body of every asset, has a row.
  const blobs = join(server.state, "r2/strongroom/blobs");
  const [known] = readdirSync(blobs);
  const stray = join(blobs, "f".repeat(known?.length ?? 0));
  writeFileSync(stray, "x");
  const restarted = server.restart();
  line.cut();
  await check(await done);
  await restarted;
  expect(existsSync(stray)).toBe(false);
  for (const url of whole) await check(url);
  expect(created).toHaveLength(1);
  expect(upload.url).toMatch(/\/uploads\/\w+$/);
});

it("tus-js-client of another process goes on with an upload whose URL was kept", async () => {
  const held = line.holdAfter(12 * MIB);
  const first = begin();
  first.done.catch(() => {});
  await held;
  const { url } = first.upload;
  await first.upload.abort();
  line.cut();
  const { done, seen } = begin({ uploadUrl: url });
  await check(await done);
  expect(Math.min(...seen)).toBeGreaterThanOrEqual(10 * MIB);
});

it("tus-js-client ends an upload for good", async () => {
  const held = line.holdAfter(8 * MIB);
  const { upload, done } = begin();
  done.catch(() => {});
  await held;
  line.release();
  await upload.abort(true);
  const error = await begin({ uploadUrl: upload.url, retryDelays: [], endpoint: null }).done.catch(
    (reason: unknown) => reason,
  );
  expect((error as DetailedError).originalResponse?.getStatus()).toBe(410);
});
