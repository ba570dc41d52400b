/**
 * The end of an upload whose client may have gone: it is handed to `waitUntil` before anything can be seen in R2, and
 * commits the body or removes it.
 */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Env } from "../../src/env.ts";
import { ApiRequest } from "../../src/http/request.ts";
import { COMMIT_MS, DISCARD_MS, RESOLVE_MS, STORE_MS } from "../../src/upload/limits.ts";
import { bearer, ORIGIN, PATH, sendTo, TestVault } from "../support/api.ts";

const MIB = 1024 * 1024;

/** How long after a disconnect Workers let what was handed to `waitUntil` go on. */
const WAIT_UNTIL_MS = 30_000;

/** A context that notes what it is handed, and bindings that note what R2 gets before and after that. */
class Scene {
  readonly handed: Promise<unknown>[] = [];
  readonly events: string[] = [];
  readonly context = {
    waitUntil: (promise: Promise<unknown>): void => {
      this.handed.push(promise);
      this.events.push("told");
    },
  };
  readonly env: Env;

  constructor() {
    const { events } = this;
    const bucket = new Proxy(env.BUCKET, {
      get: (target, name) => {
        if (name === "put") return this.#put.bind(this);
        if (name === "createMultipartUpload") return this.#multipart.bind(this);
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return (...args: unknown[]) => {
          events.push(String(name));
          return method.apply(target, args) as unknown;
        };
      },
    });
    this.env = { ...env, BUCKET: bucket };
  }

  async #put(key: string, body: Uint8Array | ReadableStream, options: R2PutOptions): Promise<unknown> {
    if (!(body instanceof ReadableStream)) {
      this.events.push("put");
      return env.BUCKET.put(key, body, options);
    }
    // A streamed body is complete in R2 when its last byte is there. The body is held back here, and that byte's coming
    // is noted.
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of body as ReadableStream<Uint8Array>) {
      size += chunk.length;
      if (size === this.size) this.events.push("put");
      chunks.push(Uint8Array.from(chunk));
    }
    return env.BUCKET.put(key, Buffer.concat(chunks), options);
  }

  /** The size of the file. */
  size = 0;

  async #multipart(key: string, options: R2MultipartOptions): Promise<unknown> {
    const upload = await env.BUCKET.createMultipartUpload(key, options);
    return {
      uploadPart: (n: number, bytes: Uint8Array) => upload.uploadPart(n, bytes),
      abort: () => upload.abort(),
      complete: (parts: R2UploadedPart[]) => {
        this.events.push("complete");
        return upload.complete(parts);
      },
    };
  }
}

/** A request in the form in which the network brings it: with the length of its body. */
async function sized(path: string, headers: Record<string, string>, body: BodyInit): Promise<Request> {
  const encoded = new Response(body);
  const type = encoded.headers.get("Content-Type");
  const bytes = await encoded.arrayBuffer();
  const all = { ...(type ? { "Content-Type": type } : {}), ...headers, "Content-Length": String(bytes.byteLength) };
  return new Request(ORIGIN + path, { method: "POST", headers: all, body: bytes });
}

function form(vault: TestVault, size: number, fileFirst: boolean): Promise<Request> {
  const data = new FormData();
  const file = new File([new Uint8Array(size)], "f.bin");
  if (fileFirst) data.append("file", file);
  for (const [name, value] of Object.entries(PATH)) data.append(name, value);
  if (!fileFirst) data.append("file", file);
  return sized(vault.assets, bearer(vault.secretKey), data);
}

const raw = (vault: TestVault, size: number, headers: Record<string, string> = {}): Promise<Request> =>
  sized(
    `${vault.assets}?${new URLSearchParams({ ...PATH, filename: "f" }).toString()}`,
    { ...bearer(vault.secretKey), "Content-Type": "text/plain", ...headers },
    new Uint8Array(size),
  );

const KINDS: [string, number, (vault: TestVault, size: number) => Promise<Request>, string[]][] = [
  ["a small form", 10, (vault, size) => form(vault, size, false), ["told", "put"]],
  ["a form of several pieces in memory", 3 * MIB, (vault, size) => form(vault, size, false), ["told", "put"]],
  ["a large form", 20 * MIB, (vault, size) => form(vault, size, false), ["told", "complete"]],
  [
    "a large form, file first",
    20 * MIB,
    (vault, size) => form(vault, size, true),
    ["told", "complete", "get", "put", "delete"],
  ],
  ["a small raw file", 10, raw, ["told", "put"]],
  ["a large raw file, streamed", 5 * MIB, raw, ["told", "put"]],
];

describe("the end of an upload whose client goes away", () => {
  it.each(KINDS)(
    "%s: hands a promise that commits it to the runtime, before its body is complete in R2",
    async (...kind) => {
      const [, size, request, events] = kind;
      const vault = await TestVault.create();
      const scene = new Scene();
      scene.size = size;
      const answer = sendTo(await request(vault, size), scene.env, scene.context);
      answer.catch(() => {}); // Nobody is there to see it.
      while (scene.handed.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await scene.handed[0];
      expect(scene.events).toEqual(events);
      const { data } = await vault.list();
      expect(data).toMatchObject([{ size }]);
      expect(await vault.bodies()).toEqual([data[0]?.r2_key]);
      expect((await answer).status).toBe(201);
    },
  );

  it.each([10, 5 * MIB])(
    "removes a body of %i bytes that is refused, within the promise that was handed over",
    async (size) => {
      const vault = await TestVault.create();
      const scene = new Scene();
      scene.size = size;
      const first = await raw(vault, size, { "If-None-Match": "*" });
      // Another upload takes the name between the question and the commit.
      scene.context.waitUntil = (promise) => {
        scene.handed.push(promise);
      };
      const commit = async (): Promise<void> => {
        expect((await sendTo(await raw(vault, 3), env)).status).toBe(201);
      };
      const slow = new Proxy(scene.env.BUCKET, {
        get: (target, name) =>
          name === "put"
            ? async (...args: Parameters<R2Bucket["put"]>) => {
                const put = (await (Reflect.get(target, "put") as (...all: unknown[]) => Promise<unknown>)(
                  ...args,
                )) as R2Object;
                await commit();
                return put;
              }
            : (Reflect.get(target, name) as unknown),
      });
      const answer = sendTo(first, { ...scene.env, BUCKET: slow }, scene.context);
      while (scene.handed.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await scene.handed[0];
      expect(scene.events.at(-1)).toBe("delete");
      const { data } = await vault.list();
      expect(data).toMatchObject([{ size: 3 }]);
      expect(await vault.bodies()).toEqual([data[0]?.r2_key]);
      expect((await answer).status).toBe(412);
    },
  );

  it("begins only after the runtime was told of it", async () => {
    const scene = new Scene();
    const api = new ApiRequest(new Request(ORIGIN), scene.env, scene.context);
    const work = async (): Promise<{ ok: true }> => {
      scene.events.push("begun");
      return { ok: true };
    };
    expect(await api.lasting(work)).toEqual({ ok: true });
    expect(scene.events).toEqual(["told", "begun"]);
  });

  it("takes less than Workers grant after a disconnect, whatever hangs", () => {
    expect(STORE_MS + COMMIT_MS + RESOLVE_MS + DISCARD_MS).toBeLessThan(WAIT_UNTIL_MS);
  });
});
