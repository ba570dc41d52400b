/**
 * What only raw bytes on a connection can show: slow clients, chunked bodies, malformed ones, and clients that go away.
 */

import { connect } from "node:net";
import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
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

const BOUNDARY = "b";
const part = (disposition: string, content: string): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`;
const FIELDS = ["partition", "collection", "channel"].map((name) => part(`name="${name}"`, "x")).join("");
const form = (content: string): string => `${FIELDS}${part('name="file"; filename="f"', content)}--${BOUNDARY}--\r\n`;
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

const path = (): string => `/api/v1/vaults/${credentialsIn(state).vault_id}/assets`;
const key = (): string => `Authorization: Bearer ${credentialsIn(state).secret_key}`;
const FORM_TYPE = `Content-Type: multipart/form-data; boundary=${BOUNDARY}`;

/** Writes bytes to a connection of its own, piece by piece. Returns the status and the JSON of the first response. */
async function exchange(
  headers: string[],
  pieces: (string | Buffer)[],
  pause = 0,
): Promise<{ status: number; json: unknown; ms: number }> {
  const { hostname, port } = new URL(credentialsIn(state).url);
  const socket = connect(Number(port), hostname).setNoDelay();
  const started = Date.now();
  const answer = new Promise<string>((resolve, reject) => {
    let text = "";
    socket.setEncoding("utf8").on("data", (data: string) => {
      text += data;
      const [head = "", body = ""] = text.split("\r\n\r\n");
      if (body.length >= Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Infinity)) resolve(text);
    });
    socket.on("error", reject).on("close", () => resolve(text));
  });
  socket.write(`POST ${path()} HTTP/1.1\r\nHost: x\r\n${headers.join("\r\n")}\r\n\r\n`);
  for (const piece of pieces) {
    if (socket.destroyed) break;
    if (!socket.write(piece)) await new Promise((resolve) => socket.once("drain", resolve).once("close", resolve));
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
  }
  const text = await answer;
  socket.destroy();
  const [head = "", body = ""] = text.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), json: JSON.parse(body || "null"), ms: Date.now() - started };
}

/** The whole answer to a GET without a key, with a Host of its own. */
async function read(target: string, host: string): Promise<string> {
  const { hostname, port } = new URL(credentialsIn(state).url);
  const socket = connect(Number(port), hostname).setEncoding("latin1");
  socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  let text = "";
  for await (const data of socket) text += String(data);
  return text;
}

/** The status line and headers of the answer to a request without a body. Each character of the target is a byte. */
async function headOf(method: string, target: string): Promise<string> {
  const { hostname, port } = new URL(credentialsIn(state).url);
  const socket = connect(Number(port), hostname);
  const head = `${method} ${target} HTTP/1.1\r\nHost: x\r\n${key()}\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n`;
  socket.write(Buffer.from(`${head}Connection: close\r\n\r\n`, "latin1"));
  const answer = await new Promise<string>((resolve, reject) => {
    let text = "";
    socket.setEncoding("latin1").on("data", (data: string) => {
      text += data;
      if (text.includes("\r\n\r\n")) resolve(text.split("\r\n\r\n")[0] ?? "");
    });
    socket.on("error", reject).on("close", () => resolve(text));
  });
  socket.destroy();
  return answer;
}

const listed = async (): Promise<AssetRecord[]> => {
  const response = await fetch(credentialsIn(state).url + path(), {
    headers: { Authorization: `Bearer ${credentialsIn(state).secret_key}` },
  });
  return (await response.json<{ data: AssetRecord[] }>()).data;
};

describe("on the wire", () => {
  it("a client that sends a byte at a time: is served", async () => {
    const body = form("hello");
    const { status, json } = await exchange([key(), FORM_TYPE, `Content-Length: ${body.length}`], body.split(""), 2);
    expect([status, (json as AssetRecord).size]).toEqual([201, 5]);
  });

  it("a chunked form: is served, in chunks of any size", async () => {
    const body = form("hello ".repeat(1_000));
    const pieces = (body.match(/[^]{1,97}/g) ?? []).map(chunk);
    const { status, json } = await exchange([key(), FORM_TYPE, "Transfer-Encoding: chunked"], [...pieces, "0\r\n\r\n"]);
    expect([status, (json as AssetRecord).size]).toEqual([201, 6_000]);
  });

  it.each([0, 5, 150, 100_000_000])("a Content-Length of %i beside chunked coding: means nothing", async (length) => {
    const body = form("hello".repeat(40));
    const headers = [key(), FORM_TYPE, `Content-Length: ${length}`, "Transfer-Encoding: chunked"];
    const { status } = await exchange(headers, [chunk(body), "0\r\n\r\n"]);
    expect([201, 400]).toContain(status); // workerd itself may refuse it.
  });

  it("a refusal: does not wait for a body that never comes", async () => {
    const { status, ms } = await exchange([FORM_TYPE, "Content-Length: 1000"], []);
    expect(status).toBe(401);
    expect(ms).toBeLessThan(10_000);
  });

  it("an answer: has one Date", async () => {
    const head = await headOf("GET", "/healthz");
    expect(head.match(/^date: /gim)).toHaveLength(1);
  });

  it("a file that a delivery key opens: is kept once, whatever Host its readers make up", async () => {
    const { url, vault_id, secret_key } = credentialsIn(state);
    const vault = `${url}/api/v1/vaults/${vault_id}`;
    const headers = { Authorization: `Bearer ${secret_key}`, "Content-Type": "application/json" };
    const made = await fetch(`${vault}/keys`, { method: "POST", headers, body: JSON.stringify({ type: "delivery" }) });
    const { token } = (await made.json()) as { token: string };
    const body = [form("kept")];
    const { json } = await exchange([key(), FORM_TYPE, `Content-Length: ${Buffer.byteLength(body.join(""))}`], body);
    const target = `${path()}/${(json as AssetRecord).id}/content?token=${token}`;
    await vi.waitFor(async () => expect(await read(target, "a.example")).toMatch(/\r\nAge: \d/i));
    expect(await read(target, "b.example:99")).toMatch(/\r\nAge: \d/i);
  });

  it("bytes in a URL that are not UTF-8: get 400, escaped or not", async () => {
    const query = "partition=a&collection=b&channel=c&filename=";
    for (const byte of ["%FF", "\u00ff"]) {
      expect(await headOf("POST", `${path()}?${query}${byte}`)).toMatch(/^HTTP\/1.1 400 /);
      expect(await headOf("GET", `${path().replace(/assets$/, "files")}/a/b/c/${byte}`)).toMatch(/^HTTP\/1.1 400 /);
    }
  });

  it("a client that goes away half way: leaves nothing in the list", async () => {
    const before = (await listed()).length;
    const { hostname, port } = new URL(credentialsIn(state).url);
    for (const sent of [1_000, 200_000, 20_000_000]) {
      const socket = connect(Number(port), hostname);
      socket.on("error", () => {});
      socket.write(
        `POST ${path()} HTTP/1.1\r\nHost: x\r\n${key()}\r\n${FORM_TYPE}\r\nContent-Length: 90000000\r\n\r\n`,
      );
      socket.write(`${FIELDS}--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="gone"\r\n\r\n`);
      await new Promise((resolve) => socket.write(Buffer.alloc(sent), resolve));
      socket.destroy();
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await listed()).toHaveLength(before);
  });

  it("a chunked body with a malformed chunk: is refused or cut off, and leaves nothing in the list", async () => {
    const before = (await listed()).length;
    await exchange([key(), FORM_TYPE, "Transfer-Encoding: chunked"], [`zz\r\n${form("x")}\r\n`]).catch(() => {});
    expect(await listed()).toHaveLength(before);
    expect(server.output).not.toContain("router: unexpected");
  });
});
