/** Writes with an Idempotency-Key, as a client makes them. */

import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { bearer, ORIGIN, PATH, send, sendTo, type TestVault } from "./api.ts";

export const QUERY = { ...PATH, filename: "f.txt" };

type Headers = Record<string, string>;

interface Options {
  query?: Record<string, string>;
  headers?: Headers;
  /** Other bindings than the Worker's own. */
  bindings?: typeof env;
}

/** Uploads a body that is the file, with a key unless it is undefined. */
export function upload(
  vault: TestVault,
  key: string | undefined,
  body: BodyInit = "hello",
  { query = {}, headers = {}, bindings }: Options = {},
): Promise<Response> {
  const path = `${vault.assets}?${new URLSearchParams({ ...QUERY, ...query }).toString()}`;
  const init = {
    method: "POST",
    headers: {
      ...bearer(vault.secretKey),
      "Content-Type": "text/plain",
      ...(key === undefined ? {} : { "Idempotency-Key": key }),
      ...headers,
    },
    body,
  };
  return bindings ? sendTo(new Request(ORIGIN + path, init), bindings) : send(path, init);
}

/** What of an answer a repeat must repeat. */
export async function told(response: Response): Promise<object> {
  const { status, headers } = response;
  const [etag, location] = [headers.get("ETag"), headers.get("Location")];
  return { status, etag, location, body: await response.text() };
}

export const isReplayed = ({ headers }: Response): boolean => headers.get("Idempotency-Replayed") === "true";

/** Asserts that a response is the one that another was, and says so. */
export async function expectReplay(response: Response, first: object): Promise<void> {
  expect(isReplayed(response)).toBe(true);
  expect(await told(response)).toEqual(first);
}

export interface Held {
  answer: Promise<Response>;
  finish: () => void;
  breakOff: () => void;
}

/** Sends an upload of "hello" whose body begins and then waits. It comes back when the body is being read. */
export async function begun(vault: TestVault, key: string, headers: Headers = {}): Promise<Held> {
  const text = new TextEncoder();
  let isRead = (): void => {};
  const reading = new Promise<void>((resolve) => {
    isRead = resolve;
  });
  let source: ReadableByteStreamController | undefined;
  const body = new ReadableStream({
    type: "bytes",
    pull(controller) {
      if (!source) controller.enqueue(text.encode("hel"));
      source = controller;
      isRead();
    },
  });
  const answer = upload(vault, key, body, { headers, bindings: env });
  await reading;
  return {
    answer,
    finish: () => {
      source?.enqueue(text.encode("lo"));
      source?.close();
      source?.byobRequest?.respond(0);
    },
    breakOff: () => source?.error(new Error("the client is gone")),
  };
}

/** The ids of a vault's assets. */
export const idsOf = async (vault: TestVault): Promise<string[]> =>
  (await vault.list({ limit: 200 })).data.map(({ id }: AssetRecord) => id);
