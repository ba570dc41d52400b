/** Whoever has a state directory of version 0.1 finds everything again after an upgrade. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import type { ChangesPage } from "../../src/api/types.ts";
import type { AssetRecord } from "../../src/model/asset.ts";
import { ServerProcess } from "./server-process.ts";

/**
 * The state directory of a server of version 0.1, stopped after some use, with its throw-away secrets. `state-0.1.json`
 * says what is in it. Every body is zeros.
 */
const FIXTURES = join(import.meta.dirname, "../fixtures");

interface OldKey {
  revoked_at: string | null;
}

interface OldVault {
  id: string;
  name: string;
  created_at: string;
  secret_key: string;
  public_key: string;
  /** Only the first vault has these: a key that was revoked, and a public key that is good. */
  revoked?: string;
  reader?: string;
  /** The keys as the API listed them, newest first. */
  keys: OldKey[];
  assets: AssetRecord[];
  /** The cursor of the first page of the list, which had three assets. */
  cursor_after_three: string;
  deleted: string | null;
}

const old = JSON.parse(readFileSync(join(FIXTURES, "state-0.1.json"), "utf8")) as { vaults: OldVault[] };

const isLive = (key: OldKey): boolean => key.revoked_at === null;

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

let state: string;
let server: ServerProcess;

async function start(): Promise<{ url: string; admin: string }> {
  server = await new ServerProcess(state).ready();
  const { url, admin_token } = JSON.parse(readFileSync(join(state, "credentials.json"), "utf8")) as {
    url: string;
    admin_token: string;
  };
  return { url: `${url}/api/v1/vaults`, admin: admin_token };
}

function unpack(): void {
  state = mkdtempSync(join(tmpdir(), "strongroom-"));
  execFileSync("tar", ["xzf", join(FIXTURES, "state-0.1.tar.gz"), "-C", state]);
}

afterEach(() => {
  server.killGroup();
  rmSync(state, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});

const get = (url: string, token: string): Promise<Response> =>
  fetch(url, { headers: { Authorization: `Bearer ${token}` } });

async function read(url: string, token: string): Promise<unknown> {
  const response = await get(url, token);
  expect(response.status, url).toBe(200);
  return response.json();
}

/** The ids of all assets in the feed of changes. It is 503 until they are indexed. */
async function followed(url: string, token: string): Promise<string[]> {
  await vi.waitFor(async () => expect((await get(url, token)).status).toBe(200), 10_000);
  const { data, has_more } = (await read(`${url}?limit=1000`, token)) as ChangesPage;
  expect(has_more).toBe(false);
  return data.map((change) => (change.type === "asset" ? change.asset.id : change.id));
}

async function expectVault(api: string, admin: string, vault: OldVault): Promise<void> {
  const { id, name, created_at, secret_key } = vault;
  expect(await read(`${api}/${id}`, admin)).toMatchObject({ id, name, created_at, status: "active" });
  // A key that has been dead for long may have been forgotten.
  const { data: keys } = (await read(`${api}/${id}/keys`, admin)) as { data: OldKey[] };
  expect(keys.filter(isLive)).toMatchObject(vault.keys.filter(isLive));
  for (const token of [secret_key, vault.public_key, ...(vault.reader ? [vault.reader] : [])]) {
    expect(await read(`${api}/${id}/assets?limit=200`, token)).toMatchObject({ data: vault.assets, has_more: false });
  }
  if (vault.revoked) expect((await get(`${api}/${id}/assets`, vault.revoked)).status).toBe(401);
  if (vault.deleted) expect((await get(`${api}/${id}/assets/${vault.deleted}`, secret_key)).status).toBe(404);
  const rest = await read(`${api}/${id}/assets?cursor=${vault.cursor_after_three}`, secret_key);
  expect(rest).toMatchObject({ data: vault.assets.slice(3) });
  const ids = vault.assets.map((asset) => asset.id);
  expect((await followed(`${api}/${id}/changes`, secret_key)).toSorted()).toEqual(ids.toSorted());
  for (const asset of vault.assets) {
    const response = await get(`${api}/${id}/assets/${asset.id}/content`, secret_key);
    expect(response.status, asset.id).toBe(200);
    expect(sha256(await response.bytes()), asset.id).toBe(sha256(new Uint8Array(asset.size)));
  }
}

/** What is made from tables that version 0.1 did not have must be of its assets too, as soon as they are indexed. */
async function expectIndexed(api: string, { id, secret_key, assets }: OldVault): Promise<void> {
  for (let tries = 0; (await get(`${api}/${id}/folders`, secret_key)).status === 503; tries++) {
    expect(tries).toBeLessThan(100);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { data: folders } = (await read(`${api}/${id}/folders`, secret_key)) as {
    data: { name: string; assets: number; bytes: number }[];
  };
  const partitions = [...new Set(assets.map(({ partition }) => partition))].toSorted();
  expect(folders).toEqual(
    partitions.map((name) => {
      const inside = assets.filter(({ partition }) => partition === name);
      return { name, assets: inside.length, bytes: inside.reduce((sum, { size }) => sum + size, 0) };
    }),
  );
  for (const tag of new Set(assets.flatMap(({ tags }) => JSON.parse(tags) as string[]))) {
    const tagged = assets.filter(({ tags }) => (JSON.parse(tags) as string[]).includes(tag));
    const query = `limit=200&tag=${encodeURIComponent(tag)}`;
    expect(await read(`${api}/${id}/assets?${query}`, secret_key)).toMatchObject({ data: tagged, has_more: false });
  }
  const feed = (await read(`${api}/${id}/changes?limit=1000`, secret_key)) as { data: { asset?: AssetRecord }[] };
  const byId = (a?: AssetRecord, b?: AssetRecord): number => ((a?.id ?? "") < (b?.id ?? "") ? -1 : 1);
  expect(feed.data.map(({ asset }) => asset).toSorted(byId)).toEqual(assets.toSorted(byId));
}

it("a state directory of version 0.1: every vault, key, asset and body is there", async () => {
  unpack();
  const { url, admin } = await start();
  expect(old.vaults.flatMap(({ assets }) => assets)).toHaveLength(20);
  for (const vault of old.vaults) {
    await expectVault(url, admin, vault);
    await expectIndexed(url, vault);
  }
});

it("a state directory of version 0.1: a vault that lost its storage is rebuilt from D1", async () => {
  unpack();
  rmSync(join(state, "vaults"), { recursive: true });
  const { url, admin } = await start();
  for (const vault of old.vaults) await expectVault(url, admin, vault);
});

it("a state directory of version 0.1: its files are where the server looks for them, and no vault is rebuilt", async () => {
  unpack();
  const names = (folder: string): string[] =>
    readdirSync(join(state, folder, "strongroom-Vault"))
      .filter((name) => name.endsWith(".sqlite"))
      .toSorted();
  const before = names("vaults");
  const { url, admin } = await start();
  for (const vault of old.vaults) {
    // A vault that has lost its storage says since when.
    expect(await read(`${url}/${vault.id}`, admin)).toMatchObject({ lost_since: null });
  }
  expect(names("do")).toEqual(before);
});

it("a state directory of version 0.1: takes new assets, and keeps them over a restart", async () => {
  unpack();
  const [vault] = old.vaults;
  if (!vault) throw new Error("the fixture holds no vault");
  const place = "partition=marketing&collection=blog&channel=new&filename=new.txt";
  const { url } = await start();
  const response = await fetch(`${url}/${vault.id}/assets?${place}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${vault.secret_key}`, "Content-Type": "text/plain" },
    body: "new",
  });
  expect(response.status).toBe(201);
  const asset = (await response.json()) as AssetRecord;
  await server.interrupt();

  const again = await start();
  const listed = await read(`${again.url}/${vault.id}/assets?limit=200`, vault.secret_key);
  expect(listed).toMatchObject({ data: [asset, ...vault.assets] });
});
