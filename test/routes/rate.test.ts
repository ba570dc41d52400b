/** The rate that an operator sets for a vault: who is held to it, what takes a token, and what the answers say. */

import { env } from "cloudflare:workers";
import { evictDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { VaultReport } from "../../src/model/vault.ts";
import { admin, bearer, PATH, post, refusal, send, TestVault, textFile } from "../support/api.ts";
import { expectReplay, told, upload as uploadWithKey } from "../support/keyed.ts";
import { withReplaced } from "../support/outage.ts";
import { digestOf, sendForm, sendRaw, ticketOf } from "../support/tickets.ts";
import { TusClient } from "../support/tus.ts";

/** Only the clock stands still: the tokens that come while a test runs must not depend on how long it takes. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const later = (ms: number): void => void vi.setSystemTime(Date.now() + ms);

/** A vault with a rate, and a full bucket. */
async function limited(rate: number | null): Promise<TestVault> {
  const vault = await TestVault.create();
  const response = await vault.request("PATCH", vault.path, { requests_per_second: rate }, admin);
  expect(response.status, await response.text()).toBe(200);
  return vault;
}

const list = (vault: TestVault, key = vault.secretKey): Promise<Response> =>
  send(vault.assets, { headers: bearer(key) });

/** How many requests may come now, as an answer that takes no token says it. */
async function left(vault: TestVault): Promise<number> {
  const response = await send(vault.path, { headers: admin });
  await response.text();
  return Number(/r=(\d+)/.exec(response.headers.get("RateLimit") ?? "")?.[1]);
}

const limits = ({ headers }: Response): (string | null)[] => [
  headers.get("RateLimit"),
  headers.get("RateLimit-Policy"),
];

describe("requests_per_second", () => {
  it("n requests pass, the next gets 429 with Retry-After, and tokens come back with time", async () => {
    const vault = await limited(3);
    const seen: (string | null)[][] = [];
    for (let i = 0; i < 3; i++) {
      const response = await list(vault);
      expect(response.status).toBe(200);
      seen.push(limits(response));
    }
    const policy = '"default";q=3;w=1';
    expect(seen).toEqual([2, 1, 0].map((r) => [`"default";r=${r};t=1`, policy]));

    const late = await list(vault, vault.publicKey);
    expect(limits(late)).toEqual(['"default";r=0;t=1', policy]);
    expect(late.headers.get("Retry-After")).toBe("1");
    expect(await refusal(late, 429, "RATE_LIMITED")).toBe(
      "requests_per_second: the vault takes 3 requests a second: try again later",
    );
    later(334);
    expect((await list(vault)).status).toBe(200);
    await refusal(await list(vault), 429, "RATE_LIMITED");
    // No more than one second's worth is kept.
    later(3_600_000);
    expect(limits(await list(vault))).toEqual(['"default";r=2;t=1', policy]);
  });

  it("a repeat that gets the first answer again takes no token", async () => {
    const vault = await limited(3);
    const upload = (key: string): Promise<Response> => uploadWithKey(vault, key);
    const response = await upload("k");
    const { id } = await response.clone().json<{ id: string }>();
    const first = await told(response);
    const patch = (key: string): Promise<Response> => vault.patch(id, { tags: ["a"] }, { "Idempotency-Key": key });
    const patched = await told(await patch("p"));
    await list(vault);
    expect(await left(vault)).toBe(0);
    await expectReplay(await upload("k"), first);
    await expectReplay(await patch("p"), patched);
    for (const other of [upload("l"), patch("q"), patch("k")]) await refusal(await other, 429, "RATE_LIMITED");
    expect(await left(vault)).toBe(0);
  });

  it("nor does a repeat of an upload by ticket, or of the last bytes of a resumable one", async () => {
    const vault = await limited(5);
    const { url } = await ticketOf(vault, { filename: "a.txt" });
    const client = new TusClient(vault);
    const path = await client.begin(5);
    await client.append(path, 0, "hello");
    const form = (): Promise<Response> => sendForm(url, textFile("ticket"));
    expect((await form()).status).toBe(201);
    await list(vault);
    expect(await left(vault)).toBe(0);
    const digest = { "Content-Type": "text/plain", "Content-Digest": await digestOf("ticket") };
    for (const again of [form(), sendRaw(url, "ticket", {}), sendRaw(url, "ticket", {}, digest)]) {
      expect((await again).status).toBe(200);
    }
    expect((await client.append(path, 0, "hello")).status).toBe(204);
    await refusal(await client.append(path, 5, ""), 429, "RATE_LIMITED");
    expect(await left(vault)).toBe(0);
  });

  it("of 100 requests at once exactly as many pass as there are tokens", async () => {
    const vault = await limited(40);
    const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await list(vault)).status));
    expect(statuses.filter((status) => status === 200)).toHaveLength(40);
    expect(statuses.filter((status) => status === 429)).toHaveLength(60);
  });

  it("every answer of the vault says where the rate stands, and none of a vault without a rate does", async () => {
    const vault = await limited(1_000);
    const { id } = await vault.upload();
    const upload = (): Promise<Response> => vault.send({ ...PATH, file: textFile() });
    const answers = [
      upload,
      () => list(vault),
      () => vault.get(id),
      () => vault.get("asset_01arz3ndektsv4rrffq69g5fav"),
      () => vault.request("GET", `${vault.assets}/${id}/content`, undefined, { "If-None-Match": "*" }),
      () => vault.patch(id, {}),
      () => vault.patch(id, { tags: ["a"] }),
      () => vault.request("GET", `${vault.assets}?limit=x`),
      () => vault.request("PATCH", vault.path, { name: "x" }),
      () => vault.request("PATCH", vault.path, { name: "x" }, admin),
      () => vault.delete(id),
    ];
    const statuses = [];
    for (const answer of answers) {
      const response = await answer();
      await response.arrayBuffer();
      statuses.push(response.status);
      expect([response.status, ...limits(response)]).toEqual([
        response.status,
        expect.stringMatching(/^"default";r=\d+;t=[01]$/),
        '"default";q=1000;w=1',
      ]);
    }
    expect(statuses).toEqual([201, 200, 200, 404, 304, 400, 200, 400, 403, 200, 204]);

    await vault.request("PATCH", vault.path, { requests_per_second: null }, admin);
    for (const answer of answers) {
      const response = await answer();
      await response.arrayBuffer();
      expect(limits(response)).toEqual([null, null]);
    }
  });

  it("one request takes one token, however many calls to the vault it makes", async () => {
    const vault = await limited(100);
    const took = async (request: () => Promise<Response>): Promise<number> => {
      const before = await left(vault);
      await (await request()).arrayBuffer();
      return before - (await left(vault));
    };
    const large = new File([new Uint8Array(20 * 1024 * 1024)], "a.bin");
    const query = new URLSearchParams({ ...PATH, filename: "a.bin" }).toString();
    const raw = { method: "POST", headers: { ...bearer(vault.secretKey), "Content-Type": "application/zip" } };
    expect(await took(() => vault.send({ ...PATH, file: textFile() }))).toBe(1);
    expect(await took(() => vault.send({ ...PATH, file: large }))).toBe(1);
    expect(await took(() => send(`${vault.assets}?${query}`, { ...raw, body: new Uint8Array(2_000_000) }))).toBe(1);
    expect(await took(() => list(vault, vault.publicKey))).toBe(1);
    // A refusal of the router's own asks the vault for the key.
    expect(await took(() => vault.request("GET", `${vault.assets}?nonsense=1`))).toBe(1);
    expect(await took(() => send(vault.path, { headers: admin }))).toBe(0);
    expect(await took(() => post(`${vault.path}/keys`, admin, {}))).toBe(0);
    expect(await took(() => list(vault, `${vault.secretKey.slice(0, -1)}!`))).toBe(0);
  });

  it("an unknown or revoked key costs the tenant nothing, and is not told of the rate", async () => {
    const vault = await limited(2);
    const made = await (await post(`${vault.path}/keys`, admin, {})).json<{ id: string; token: string }>();
    await send(`${vault.path}/keys/${made.id}`, { method: "DELETE", headers: admin });
    for (let i = 0; i < 5; i++) {
      const response = await list(vault, made.token);
      expect(limits(response)).toEqual([null, null]);
      await refusal(response, 401, "UNAUTHORIZED");
    }
    expect(await left(vault)).toBe(2);
  });

  it("never refuses the operator, a revocation, or the commit of an upload that was admitted", async () => {
    const vault = await limited(1);
    const made = await (await post(`${vault.path}/keys`, admin, {})).json<{ id: string }>();
    const large = new Uint8Array(2_000_000);
    let commits = 0;
    const form = new FormData();
    for (const [name, value] of Object.entries(PATH)) form.append(name, value);
    form.append("file", new File([large], "a.bin", { type: "application/zip" }));
    // While the large upload is on its way, others use up what comes.
    const put = env.BUCKET.put.bind(env.BUCKET);
    const usedUp = async (...given: Parameters<typeof put>): Promise<unknown> => {
      later(1_000);
      expect((await list(vault)).status).toBe(200);
      await refusal(await list(vault), 429, "RATE_LIMITED");
      commits++;
      return put(...given);
    };
    const response = await withReplaced(env.BUCKET, "put", usedUp, () =>
      send(vault.assets, { method: "POST", headers: bearer(vault.secretKey), body: form }),
    );
    expect([response.status, commits]).toEqual([201, 1]);
    await refusal(await list(vault), 429, "RATE_LIMITED");
    for (let i = 0; i < 3; i++) {
      const revoked = await vault.request("DELETE", `${vault.path}/keys/${made.id}`);
      expect(revoked.status).toBe(204);
      expect((await send(vault.path, { headers: admin })).status).toBe(200);
    }
  });

  it("a small upload that is refused leaves nothing in R2, and a large one is refused before its bytes", async () => {
    const vault = await limited(1);
    expect((await list(vault)).status).toBe(200);
    await refusal(await vault.send({ ...PATH, file: textFile() }), 429, "RATE_LIMITED");
    const large = new File([new Uint8Array(20 * 1024 * 1024)], "a.bin");
    const never = (): Promise<never> => Promise.reject(new Error("nothing may be stored"));
    await withReplaced(env.BUCKET, "createMultipartUpload", never, async () =>
      refusal(await vault.send({ ...PATH, file: large }), 429, "RATE_LIMITED"),
    );
    expect(await vault.bodies()).toEqual([]);
    expect((await (await send(vault.path, { headers: admin })).json<VaultReport>()).assets).toBe(0);
  });

  it("a signed link counts for the vault of its key", async () => {
    const vault = await limited(3);
    const { id } = await vault.upload();
    const link = await (await post(`${vault.assets}/${id}/links`, bearer(vault.secretKey), {})).json<{ url: string }>();
    const { pathname, search } = new URL(link.url);
    expect((await send(pathname + search)).status).toBe(200);
    await refusal(await send(pathname + search), 429, "RATE_LIMITED");
  });

  it("is full again after an eviction, and stays as full as it is when other settings change", async () => {
    const vault = await limited(2);
    await list(vault);
    await vault.request("PATCH", vault.path, { quota_assets: 9 }, admin);
    expect(await left(vault)).toBe(1);
    await evictDurableObject(vault.stub);
    expect(await left(vault)).toBe(2);
    // A clock that is set back takes nothing.
    await list(vault);
    later(-3_600_000);
    expect(await left(vault)).toBe(1);
    later(500);
    expect(await left(vault)).toBe(2);
  });
});
