import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { seed } from "../../bench/seed.ts";
import { DATA } from "../../src/local/layout.ts";
import { credentialsIn, BuiltServer, temporaryState } from "./server-process.ts";

const state = temporaryState();
let server: BuiltServer;

beforeAll(async () => {
  server = await new BuiltServer(state).ready();
});

afterAll(() => {
  server.killGroup();
  rmSync(state, { recursive: true });
});

it("a vault that builds its index from D1: lets requests to other vaults be served meanwhile", async () => {
  const { url, admin_token, vault_id, secret_key } = credentialsIn(state);
  const list = (vault: string, key: string): Promise<Response> =>
    fetch(`${url}/api/v1/vaults/${vault}/assets?limit=1`, { headers: { Authorization: `Bearer ${key}` } });
  const made = await fetch(`${url}/api/v1/vaults`, {
    method: "POST",
    headers: { Authorization: `Bearer ${admin_token}`, "Content-Type": "application/json" },
    body: '{"name":"large"}',
  });
  const large = (await made.json()) as { id: string; secret_key: string };
  expect((await list(vault_id, secret_key)).status).toBe(200);
  seed(join(state, DATA.databases), large.id, 30_000);

  const progress = { building: true };
  /** The large vault's answer, once it is built: until then it may say 503. */
  const ready = async (): Promise<Response> => {
    for (;;) {
      const response = await list(large.id, large.secret_key);
      if (response.status !== 503) return response;
      await response.text();
    }
  };
  const built = ready().finally(() => {
    progress.building = false;
  });
  let answered = 0;
  while (progress.building) {
    expect((await list(vault_id, secret_key)).status).toBe(200);
    answered++;
  }
  expect((await built).status).toBe(200);
  // The vault is built from 30 pages, and others are served between two of them.
  expect(answered).toBeGreaterThan(10);
});
