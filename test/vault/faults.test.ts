import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { handle } from "../../src/router.ts";
import { admin, bearer, ORIGIN, PATH, TestVault, textFile } from "../support/api.ts";
import { Faults, FAULTS, type Fault } from "../support/faults.ts";
import { expectAgreement, indexed, reconcile } from "../support/stores.ts";

// The bounds are what a hung call runs into: short ones, so that thousands of faults take minutes.
vi.mock(import("../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  DURABLE_WAIT_MS: 100,
  REBUILD_WAIT_MS: 300,
}));
vi.mock(import("../../src/model/bounds.ts"), () => ({
  CALL_TIMEOUT_MS: 150,
  R2_TIMEOUT_MS: 300,
  VAULT_TIMEOUT_MS: 1_000,
}));
vi.mock(import("../../src/upload/bounds.ts"), async (original) => ({
  ...(await original()),
  STORE_MS: 600,
  COMMIT_MS: 1_000,
  RESOLVE_MS: 1_000,
  DISCARD_MS: 300,
}));

const MIB = 1024 * 1024;
/** More calls than any operation makes. */
const MOST_CALLS = 60;

interface Scene {
  vault: TestVault;
  old: AssetRecord;
}

const request = (vault: TestVault, path: string, init: RequestInit = {}): Promise<Response> =>
  handle(
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

const json = (body: unknown): RequestInit => ({
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

const OPERATIONS: Record<string, (scene: Scene) => Promise<Response>> = {
  "upload of a small form": ({ vault }) => request(vault, vault.assets, { method: "POST", body: form(10, false) }),
  "upload of a large form": ({ vault }) =>
    request(vault, vault.assets, { method: "POST", body: form(20 * MIB, false) }),
  "upload of a large form, file first": ({ vault }) =>
    request(vault, vault.assets, { method: "POST", body: form(12 * MIB, true) }),
  "raw upload": ({ vault }) =>
    request(vault, `${vault.assets}?${new URLSearchParams({ ...PATH, filename: "raw" }).toString()}`, {
      method: "POST",
      body: new Uint8Array(3 * MIB),
      headers: { "Content-Type": "a/b" },
    }),
  patch: ({ vault, old }) =>
    request(vault, `${vault.assets}/${old.id}`, { method: "PATCH", ...json({ tags: ["patched"] }) }),
  delete: ({ vault, old }) => request(vault, `${vault.assets}/${old.id}`, { method: "DELETE" }),
  "key revocation": async ({ vault }) => {
    const { results } = await vault.db
      .prepare("SELECT id FROM keys WHERE vault_id = ? AND type = 'public'")
      .bind(vault.id)
      .all<{ id: string }>();
    return request(vault, `${vault.path}/keys/${results[0]?.id}`, { method: "DELETE" });
  },
  "vault creation": () =>
    handle(
      new Request(`${ORIGIN}/api/v1/vaults`, {
        method: "POST",
        headers: { ...admin, "Content-Type": "application/json" },
        body: '{"name":"new"}',
      }),
      env,
    ),
  "key creation": ({ vault }) => request(vault, `${vault.path}/keys`, { method: "POST", ...json({ label: "new" }) }),
};

beforeAll(() => {
  env.RECONCILE_GRACE_SECONDS = "0";
});
afterAll(() => {
  delete env.RECONCILE_GRACE_SECONDS;
});

/** Runs an operation with one fault in it, and checks what must hold whatever went wrong. Returns which call failed. */
async function run(
  operation: (scene: Scene) => Promise<Response>,
  fault: Fault,
  nth: number,
): Promise<{ hit: string | undefined; status: number }> {
  const vault = await TestVault.create();
  const old = await vault.upload({ file: textFile("old", "old.txt") });
  const faults = new Faults(fault, nth);
  let response: Response;
  try {
    response = await operation({ vault, old });
  } finally {
    faults.restore();
  }
  const outcome = { hit: faults.hit, status: response.status };
  const answer =
    response.status === 204
      ? undefined
      : await response.json<Partial<AssetRecord> & { token?: string; secret_key?: string }>();
  expect(response.status < 300 || response.status === 503, JSON.stringify({ fault, nth, ...outcome, answer })).toBe(
    true,
  );

  await reconcile(vault);
  await expectAgreement(vault);
  const ids = (await indexed(vault)).map((row) => row["id"]);
  // Acknowledged: it is there, as it was answered.
  if (response.status === 201 && answer?.r2_key && answer.id) {
    expect(await (await vault.get(answer.id)).json()).toEqual(answer);
    expect((await env.BUCKET.head(answer.r2_key))?.size).toBe(answer.size);
  }
  if (response.status === 201 && answer?.token) {
    expect((await request(vault, vault.assets, { headers: bearer(answer.token) })).status).toBe(200);
  }
  if (response.status === 200) expect(await (await vault.get(old.id)).json()).toEqual(answer);
  if (response.status === 204 && operation === OPERATIONS["delete"]) expect(ids).toEqual([]);
  if (operation === OPERATIONS["key revocation"]) {
    const heard = response.status === 204;
    const after = await request(vault, vault.assets, { headers: bearer(vault.publicKey) });
    expect(after.status === 401 || (!heard && after.status === 200)).toBe(true);
  }
  if (response.status === 201 && answer?.secret_key) {
    const url = `${ORIGIN}/api/v1/vaults/${answer.id}/assets`;
    expect((await handle(new Request(url, { headers: bearer(answer.secret_key) }), env)).status).toBe(200);
  }
  // Not acknowledged: it is there whole, or not at all; the old asset too.
  for (const id of ids) expect((await vault.get(String(id))).status).toBe(200);
  expect((await handle(new Request(ORIGIN + vault.path, { headers: admin }), env)).status).toBe(200);
  return outcome;
}

describe.each(Object.keys(OPERATIONS))("%s", (name) => {
  it.each(FAULTS)(
    "with a call that fails (%s): nothing acknowledged is lost, nothing is there by half, the stores agree",
    async (fault) => {
      const table: string[] = [];
      const operation = OPERATIONS[name];
      if (!operation) throw new Error(name);
      for (let nth = 1; nth <= MOST_CALLS; nth++) {
        const { hit, status } = await run(operation, fault, nth);
        if (hit === undefined) {
          expect(nth).toBeGreaterThan(1);
          console.log(`| ${name} | ${fault} | ${table.join(", ")} |`);
          return;
        }
        table.push(`${hit} ${status}`);
      }
      throw new Error("the operation makes more calls than any should");
    },
    300_000,
  );
});
