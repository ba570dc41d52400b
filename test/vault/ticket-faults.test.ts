/**
 * Uploads by ticket of which one call to R2, D1 or the vault goes wrong. Whichever it is: the client may send the file again,
 * the ticket brings one asset, and nothing is left behind in the end.
 */

import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { bearer, ORIGIN, sendTo, TestVault } from "../support/api.ts";
import { eachCall } from "../support/fault-loop.ts";
import { PART_BYTES } from "../support/small-parts.ts";
import { clearLostWindows, expectAgreement, indexed, reconcile, rest, withoutGrace } from "../support/stores.ts";
import { type Made, ticketOf, uploadsOf } from "../support/tickets.ts";
import { fileOf, OFFSET_BYTES, TUS } from "../support/tus.ts";

// A call that hangs ends at one of these bounds. They are short, so that many faults take minutes.
vi.mock(import("../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../support/short-waits.ts")),
}));
vi.mock(import("../../src/upload/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../support/small-parts.ts")),
  STORE_MS: 800,
  COMMIT_MS: 600,
  RESOLVE_MS: 400,
  DISCARD_MS: 400,
  SESSION_SIGN_MS: 250,
}));
vi.mock(import("../../src/runtime/timeouts.ts"), () => import("../support/short-times.ts"));
vi.mock(import("../../src/model/session-limits.ts"), async (original) => ({
  ...(await original()),
  SESSION_STALL_MS: 300,
}));

withoutGrace();

const MIB = 1024 * 1024;
const SMALL = fileOf(300_000);
const LARGE = fileOf(PART_BYTES + MIB);

interface Scene {
  readonly vault: TestVault;
  readonly made: Made;
  readonly file: Uint8Array;
}

interface Operation {
  readonly file: Uint8Array;
  /** What has come of the ticket before. */
  readonly before?: Uint8Array;
  readonly send: (scene: Scene) => Promise<Response>;
}

const request = (url: string, headers: Record<string, string>, body: Uint8Array): Promise<Response> =>
  sendTo(new Request(ORIGIN + url, { method: "POST", headers, body }), env);

const raw = ({ made, file }: Scene): Promise<Response> =>
  request(made.url, { "Content-Type": "application/octet-stream" }, file);

function form({ made, file }: Scene): Promise<Response> {
  const body = new FormData();
  body.append("file", new File([file], "mine.bin"));
  return sendTo(new Request(ORIGIN + made.url, { method: "POST", body }), env);
}

const tus = ({ made, file }: Scene): Promise<Response> =>
  request(uploadsOf(made), { ...TUS, "Upload-Length": String(file.length), "Content-Type": OFFSET_BYTES }, file);

const OPERATIONS: Record<string, Operation> = {
  "ticket: small raw upload": { file: SMALL, send: raw },
  "ticket: large form": { file: LARGE, send: form },
  "ticket: resumable upload": { file: LARGE, send: tus },
  "ticket: the same file again": { file: SMALL, before: SMALL, send: form },
  "ticket: the same file again, by tus": { file: LARGE, before: LARGE, send: tus },
  "ticket: another file": { file: SMALL, before: fileOf(SMALL.length, 2), send: raw },
  "ticket: another file, by tus": { file: SMALL, before: fileOf(SMALL.length, 2), send: tus },
};

/** The id of the asset that an answer tells of. */
async function idIn(response: Response): Promise<string> {
  const place = response.headers.get("Content-Location");
  return place?.split("/").at(-1) ?? (await response.json<AssetRecord>()).id;
}

eachCall(Object.keys(OPERATIONS), async (name, faults) => {
  const operation = OPERATIONS[name];
  if (!operation) throw new Error("no such operation");
  const { file, before } = operation;
  const vault = await TestVault.create();
  const { stub } = vault;
  const scene = { vault, made: await ticketOf(vault, { filename: "a.bin" }), file };
  if (before) expect((await raw({ ...scene, file: before })).status).toBe(201);
  const isOther = before !== undefined && before !== file;
  const first = await faults.during(async () => {
    const response = await operation.send(scene);
    // What is relayed in the background is hit as well.
    await rest(stub);
    return response;
  });
  if (first.ok) expect(isOther).toBe(false);
  // The client sends the file again, as after any answer that it did not get.
  let again = await operation.send(scene);
  for (let tries = 0; again.status === 503 && tries < 10; tries++) {
    await again.text();
    again = await operation.send(scene);
  }
  // What was not answered may have been done.
  const good = operation.send === tus ? [201] : first.ok || before ? [200] : [200, 201];
  expect(isOther ? [409] : good).toContain(again.status);
  const assets = await indexed(vault);
  expect(assets.map(({ size }) => size)).toEqual([file.length]);
  const [asset] = assets;
  if (!isOther) expect(await idIn(again)).toBe(asset?.["id"]);
  if (first.ok) expect(await idIn(first)).toBe(asset?.["id"]);
  const found = await sendTo(
    new Request(`${ORIGIN}${vault.path}/tickets/${scene.made.ticket_id}`, { headers: bearer(vault.secretKey) }),
    env,
  );
  expect(await found.json()).toMatchObject({ status: "used", asset: { id: asset?.["id"] } });
  await rest(stub);
  await clearLostWindows(vault);
  await reconcile(vault);
  await expectAgreement(vault);
  return ` → ${first.status}`;
});
