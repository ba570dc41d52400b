/** Every line that a request causes carries the request's id, in the router and in the vault. */

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PATH, TestVault, textFile } from "../support/api.ts";
import { down, withD1, withReplaced } from "../support/outage.ts";
import { sendRaw, ticketOf, uploadsOf } from "../support/tickets.ts";
import { TUS } from "../support/tus.ts";

type Line = Record<string, unknown> & { event: string };

let lines: Line[] = [];

beforeEach(() => {
  lines = [];
  for (const name of ["log", "error"] as const) {
    vi.spyOn(console, name).mockImplementation((text: string) => void lines.push(JSON.parse(text) as Line));
  }
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** The lines of one event. There must be some. */
function linesOf(event: string): Line[] {
  const found = lines.filter((line) => line.event === event);
  expect(found, event).not.toEqual([]);
  return found;
}

const requestId = (response: Response): string => response.headers.get("X-Request-Id") ?? "";

it("log: the line of a request names its endpoint, and its id as the client sees it", async () => {
  const vault = await TestVault.create();
  lines = [];
  const response = await vault.request("GET", vault.assets);
  expect(linesOf("request")).toMatchObject([
    { request: requestId(response), endpoint: "assets.list", vault: vault.id },
  ]);
});

it("log: the line of a write says how long it waited for its group, and that of a read says 0", async () => {
  const vault = await TestVault.create();
  lines = [];
  const soon = globalThis.setTimeout;
  const later = ((work: () => void, ms = 0) => soon(work, ms === 0 ? 40 : ms)) as typeof setTimeout;
  const timeouts = vi.spyOn(globalThis, "setTimeout").mockImplementation(later);
  // The first writer of all waits for the zero timeout.
  await vault.send({ ...PATH, file: textFile() });
  timeouts.mockRestore();
  await vault.request("GET", vault.assets);
  const [upload, read] = linesOf("request");
  expect(Number(upload?.["queue_ms"])).toBeGreaterThanOrEqual(35);
  expect(Number(upload?.["queue_ms"])).toBeLessThanOrEqual(Number(upload?.["vault_ms"]));
  expect(read).toMatchObject({ endpoint: "assets.list", queue_ms: 0, cache: null });
});

it("log: what a vault says of a write carries the id of its request", async () => {
  const vault = await TestVault.create();
  await vault.upload();
  const response = await withD1(vault, down, () => vault.send({ ...PATH, file: textFile() }));
  expect([response.status, response.headers.get("Strongroom-Durability")]).toEqual([201, "queued"]);
  const request = requestId(response);
  expect(linesOf("vault: a write was acknowledged as queued")).toMatchObject([{ request, vault: vault.id }]);
});

it("log: what a vault says that cannot come to life carries the id of the request", async () => {
  const vault = await TestVault.create();
  const response = await withD1(vault, down, () => vault.request("GET", vault.assets));
  expect(response.status).toBe(503);
  expect(linesOf("vault: not ready for a request")).toMatchObject([{ request: requestId(response), vault: vault.id }]);
});

it("log: what is said of an upload that fails carries the id of its request", async () => {
  const vault = await TestVault.create();
  const fails = () => Promise.reject(new Error("R2 is down"));
  const response = await withReplaced(env.BUCKET, "put", fails, () => vault.send({ ...PATH, file: textFile() }));
  expect(response.status).toBe(503);
  expect(linesOf("upload: R2 failed")).toMatchObject([{ request: requestId(response), vault: vault.id }]);
});

it("log: what is said of a body that is missing carries the id of the request that asked for it", async () => {
  const vault = await TestVault.create();
  const { id, r2_key } = await vault.upload();
  await env.BUCKET.delete(r2_key);
  const response = await vault.request("GET", `${vault.assets}/${id}/content`);
  expect(response.status).toBe(503);
  expect(linesOf("content: the body is missing")).toMatchObject([{ request: requestId(response), asset: id }]);
});

it("log: no line, header or message has the value of a ticket, whatever is wrong with it", async () => {
  const vault = await TestVault.create();
  const made = await ticketOf(vault, { filename: "a.txt", allowed_types: ["text/*"] });
  const value = made.url.slice(made.url.indexOf("=") + 1);
  const fails = () => Promise.reject(new Error("R2 is down"));
  const texts: string[] = [];
  const tell = async (response: Response, but: readonly string[] = []): Promise<void> => {
    const headers = [...response.headers].filter(([name]) => !but.includes(name));
    texts.push(JSON.stringify(headers), await response.text());
  };
  lines = [];
  for (const more of ["", "&stray=1", "&ticket=x", "&token=x", "&filename=b", "&%ff"]) {
    await tell(await sendRaw(made.url + more, "hello", {}));
    await tell(await sendRaw(uploadsOf(made) + more, "hello", {}, TUS));
  }
  await tell(await sendRaw(`${made.url}x`, "hello", {}));
  await tell(await sendRaw((await ticketOf(vault)).url, "x", {}));
  const next = await ticketOf(vault, { filename: "a.txt" });
  await tell(await withReplaced(env.BUCKET, "put", fails, () => sendRaw(next.url, "hello", {})));
  await tell(await withD1(vault, down, () => sendRaw(next.url, "hello", {})));
  const begun = await sendRaw(uploadsOf(next), "", {}, { ...TUS, "Upload-Length": "5" });
  expect(begun.status).toBe(201);
  // The client must be told where to go on.
  await tell(begun, ["location"]);
  const all = JSON.stringify([lines, texts]);
  for (const part of [value, next.url.slice(next.url.indexOf("=") + 1)].flatMap((ticket) => ticket.split("."))) {
    expect(all).not.toContain(part);
  }
  expect(lines.length).toBeGreaterThan(10);
});
