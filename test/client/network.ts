/** A network that fails: a server that answers each request in the way that a test has chosen. */

import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { afterEach, beforeEach, vi } from "vitest";
import { Strongroom } from "../../src/client/index.ts";
import type { ConnectionOptions } from "../../src/client/types.ts";
import { listen } from "../support/listen.ts";
import { PATH } from "./server.ts";

/** A key that has the shape of one. */
export const KEY = `sk_${"01m8".padEnd(26, "a")}${"01m9".padEnd(26, "b")}${"x_-9".padEnd(43, "c")}`;
export const VAULT_ID = `vault_${KEY.slice(3, 29)}`;
export const ASSET = {
  id: "asset_1",
  vault_id: VAULT_ID,
  ...PATH,
  filename: "a.txt",
  size: 1,
  metadata: '{"__proto__":1}',
  tags: "[]",
};

/** What one request gets. */
export type Turn = (request: IncomingMessage, response: ServerResponse) => void;

interface Seen {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage["headers"];
  body: Buffer;
  at: number;
}

export let server: Server;
export let url: string;
export let seen: Seen[];
let turns: Turn[];
export let sockets: number;

/** Such a server for each test of a file. */
export function useNetwork(): void {
  beforeEach(async () => {
    seen = [];
    turns = [];
    sockets = 0;
    const listener: RequestListener = (request, response) => {
      const at = performance.now();
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("error", () => {});
      request.on("end", () => {
        const { method, headers } = request;
        seen.push({ method, url: request.url, headers, body: Buffer.concat(chunks), at });
        const turn = turns.shift() ?? answer(200, ASSET);
        turn(request, response);
      });
    };
    server = createServer(listener).on("connection", () => sockets++);
    url = await listen(server);
  });

  afterEach(() => {
    vi.restoreAllMocks();
    server.closeAllConnections();
    server.close();
  });
}

/** What the next requests get; those that come then get an asset. */
export const play = (...next: Turn[]): void => {
  turns = next;
};

/** Counts requests from here on. */
export const forget = (): void => {
  seen = [];
};

export const answer =
  (status: number, body?: unknown, headers: Record<string, string> = {}): Turn =>
  (_request, response) => {
    response.writeHead(status, headers);
    response.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
  };

export const refuse = (status: number, code: string, headers: Record<string, string> = {}): Turn =>
  answer(status, { error: { code, message: "no", status } }, headers);

/** The request has arrived, and what was asked has been done perhaps; the answer does not come. */
export const lose: Turn = (request) => void request.socket.destroy();

export const vault = (options: Partial<ConnectionOptions> = {}): Strongroom =>
  new Strongroom({ url, key: KEY, ...options });

export const file = (content = "x"): File => new File([content], "a.txt", { type: "text/plain" });

/** Milliseconds between each request and the one before. */
export const pauses = (): number[] => seen.slice(1).map(({ at }, n) => at - (seen[n]?.at ?? 0));

/** A port at which nothing listens. */
export async function deadUrl(): Promise<string> {
  const other = createServer();
  const address = await listen(other);
  await new Promise((resolve) => other.close(resolve));
  return address;
}
