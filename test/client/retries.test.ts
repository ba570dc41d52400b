import type { AddressInfo } from "node:net";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { StrongroomAdmin } from "../../src/client/index.ts";
import {
  answer,
  deadUrl,
  file,
  forget,
  lose,
  pauses,
  play,
  refuse,
  seen,
  server,
  type Turn,
  url,
  useNetwork,
  vault,
} from "./network.ts";
import { failure, PATH } from "./server.ts";

/** How long the client's pauses are, as a share of what they are meant to be. */
const QUICK = 0.2;
const pace = vi.hoisted(() => ({ share: 1 }));
vi.mock(import("../../src/client/retry.ts"), async (original) => {
  const retry = await original();
  return { ...retry, sleep: (ms, signal) => retry.sleep(ms * pace.share, signal) };
});

useNetwork();

beforeEach(() => {
  pace.share = QUICK;
});

describe("retries", () => {
  it("repeat reads and deletions after what may pass, with growing pauses, and not for ever", async () => {
    const { assets } = vault();
    for (const call of [
      () => assets.get("a"),
      () => assets.list(),
      () => assets.delete("a"),
      () => assets.download("a"),
    ]) {
      forget();
      play(refuse(503, "UNAVAILABLE"), answer(502, "<html>"), lose, refuse(500, "INTERNAL_ERROR"));
      const error = await failure(call());
      expect(error).toMatchObject({ code: "INTERNAL_ERROR", status: 500 });
      expect(seen).toHaveLength(4);
      const [first = 0, second = 0, third = 0] = pauses().map((ms) => ms / QUICK);
      expect(first).toBeGreaterThan(120);
      expect(second).toBeGreaterThan(245);
      expect(third).toBeGreaterThan(490);
    }
  });

  it("are not made of what will not pass", async () => {
    for (const status of [400, 401, 403, 404, 409, 412, 413, 416]) {
      play(refuse(status, "NO"));
      await failure(vault().assets.get("asset_1"));
    }
    expect(seen).toHaveLength(8);
  });

  it("are as many as are asked for", async () => {
    play(...Array.from({ length: 9 }, () => lose));
    expect(await failure(vault({ maxRetries: 1 }).assets.get("asset_1"))).toMatchObject({
      code: "NETWORK_ERROR",
      status: 0,
    });
    expect(seen).toHaveLength(2);
    await failure(vault({ maxRetries: 0 }).assets.get("asset_1"));
    expect(seen).toHaveLength(3);
  });

  it("honour Retry-After, as seconds and as a date", async () => {
    pace.share = 1;
    const date = new Date(Date.now() + 2_000).toUTCString();
    play(refuse(503, "UNAVAILABLE", { "Retry-After": "1" }), refuse(429, "RATE_LIMITED", { "Retry-After": date }));
    const told: [unknown, number][] = [];
    const onRetry = (error: Error, pause: number) => void told.push([error, Math.floor(pause / 1_000)]);
    await vault({ onRetry }).assets.get("asset_1");
    const [first = 0, second = 0] = pauses();
    expect(told).toEqual([
      [expect.objectContaining({ status: 503 }), 1],
      [expect.objectContaining({ status: 429 }), expect.any(Number)],
    ]);
    expect(first).toBeGreaterThanOrEqual(1_000);
    expect(first).toBeLessThan(5_000);
    expect(second).toBeGreaterThanOrEqual(0);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(date));
  });

  it("do not wait for longer than a person would: the error says how long it would be", async () => {
    play(refuse(503, "UNAVAILABLE", { "Retry-After": "60" }));
    expect(await failure(vault().assets.get("asset_1"))).toMatchObject({ retryAfter: 60 });
    play(refuse(503, "UNAVAILABLE", { "Retry-After": "soon" }));
    expect((await failure(vault({ maxRetries: 0 }).assets.get("asset_1"))).retryAfter).toBeUndefined();
  });

  it("send no deletion of a folder, and no list, that a mistake would make larger than it was meant", async () => {
    const { assets } = vault();
    for (const folder of [{ limit: 1 }, { chanel: "h" }, { channel: undefined }, { limit: "1" }]) {
      await expect(assets.deleteFolder({ partition: "p", ...folder } as never)).rejects.toThrow(TypeError);
    }
    for (const parameters of [{ id: [] }, { id: ["asset_1"] }, { tag: ["a"] }]) {
      expect(() => assets.list(parameters as never)).toThrow(TypeError);
    }
    expect(await assets.list({ ids: [] })).toEqual({ data: [], cursor: null, has_more: false });
    expect(seen).toEqual([]);
  });

  it("repeat a part of a folder's deletion, unless it may delete so many only", async () => {
    const { assets } = vault();
    const page = (deleted: number, has_more: boolean): Turn => answer(200, { deleted, has_more });
    play(lose, page(1_000, true), refuse(503, "UNAVAILABLE"), page(7, false));
    expect(await assets.deleteFolder({ partition: "p" })).toEqual({ deleted: 1_007, has_more: false });
    expect(seen.map(({ method, url: path }) => [method, path?.split("?")[1]])).toEqual(
      Array.from({ length: 4 }, () => ["DELETE", "partition=p&limit=1000"]),
    );
    forget();
    play(page(1_000, true), lose);
    await failure(assets.deleteFolder({ partition: "p", collection: "c" }, { limit: 1_500 }));
    expect(seen.map(({ url: path }) => path?.split("?")[1])).toEqual([
      "partition=p&collection=c&limit=1000",
      "partition=p&collection=c&limit=500",
    ]);
  });

  it("take a 404 for success when a deletion is repeated whose answer was lost", async () => {
    play(lose, refuse(404, "ASSET_NOT_FOUND"));
    expect(await vault().assets.delete("asset_1")).toBeUndefined();
    expect(seen.map(({ method }) => method)).toEqual(["DELETE", "DELETE"]);
  });

  it("take a 404 for what it is when nothing can have been deleted before", async () => {
    play(refuse(404, "ASSET_NOT_FOUND"));
    expect((await failure(vault().assets.delete("asset_1"))).status).toBe(404);
    play(refuse(429, "RATE_LIMITED"), refuse(404, "ASSET_NOT_FOUND"));
    expect((await failure(vault().assets.delete("asset_1"))).status).toBe(404);
    // That of a proxy says nothing of the asset.
    play(lose, answer(404, "<html>no such site</html>"));
    expect((await failure(vault().assets.delete("asset_1"))).code).toBe("NOT_FOUND");
  });

  const safe = {
    upload: () => vault().assets.upload(file(), PATH),
    "upload with progress": () => vault().assets.upload(file(), PATH, { onProgress: () => {} }),
    "upload as a form": () => vault().assets.upload(file(), { ...PATH, tags: ["x".repeat(8_000)] }),
    update: () => vault().assets.update("asset_1", { tags: [] }),
    "bound update": () => vault().assets.update("asset_1", { tags: [] }, { ifMatch: '"1"' }),
    batch: () => vault().assets.batch([{ op: "delete", id: "asset_1" }]),
  };
  const unsafe = {
    createLink: () => vault().assets.createLink("asset_1"),
    "keys.create": () => vault().keys.create(),
    "vaults.create": () => new StrongroomAdmin({ url, token: "t" }).vaults.create({ name: "x" }),
    "vaults.reconcile": () => new StrongroomAdmin({ url, token: "t" }).vaults.reconcile("vault_1"),
  };
  const writes = { ...safe, ...unsafe };

  const keysSent = (): unknown[] => seen.map(({ headers }) => headers["idempotency-key"]);

  it.each(Object.entries(safe))("repeat %s that may have been done, under one key", async (_name, write) => {
    play(lose, refuse(503, "UNAVAILABLE", { "Retry-After": "0" }), refuse(408, "REQUEST_TIMEOUT"));
    await write();
    expect(seen).toHaveLength(4);
    expect(new Set(keysSent()).size).toBe(1);
    expect(keysSent()[0]).toMatch(/^"[0-9a-f]{32}"$/);
    expect(seen.map(({ body }) => body.toString())).toEqual(Array.from(seen, () => seen[0]?.body.toString()));
    // Another call is another write.
    await write();
    expect(new Set(keysSent()).size).toBe(2);
    forget();
    play(refuse(500, "INTERNAL_ERROR"), answer(502, "<html>"), lose, lose);
    expect(await failure(write())).toMatchObject({ code: "NETWORK_ERROR" });
    expect(seen).toHaveLength(4);
  });

  it("wait for an attempt that is still running, for longer than for one that failed", async () => {
    const running = refuse(409, "CONFLICT", { "Retry-After": "0" });
    play(lose, running, running, running, running, refuse(503, "UNAVAILABLE", { "Retry-After": "0" }));
    await vault().assets.update("asset_1", { tags: [] });
    expect(seen).toHaveLength(7);
    forget();
    play(running, running);
    expect(await failure(vault({ maxRetries: 0 }).assets.update("asset_1", { tags: [] }))).toMatchObject({
      status: 409,
    });
    expect(seen).toHaveLength(1);
    // Without Retry-After it is another conflict.
    play(refuse(409, "CONFLICT"));
    expect(await failure(vault().assets.update("asset_1", { tags: [] }))).toMatchObject({ status: 409 });
    play(running);
    expect(await failure(vault().keys.create())).toMatchObject({ status: 409 });
    expect(seen).toHaveLength(3);
  });

  it("use a key of the caller's, and are not made of one that belongs to another write", async () => {
    const idempotencyKey = 'a"b\\';
    play(lose);
    await vault().assets.upload(file(), PATH, { idempotencyKey });
    await vault().assets.update("asset_1", { tags: [] }, { idempotencyKey, ifMatch: '"1"' });
    await vault().assets.batch([], { idempotencyKey });
    expect(keysSent()).toEqual(Array.from({ length: 4 }, () => '"a\\"b\\\\"'));
    play(refuse(422, "IDEMPOTENCY_KEY_REUSED"));
    expect(await failure(vault().assets.upload(file(), PATH, { idempotencyKey }))).toMatchObject({
      code: "IDEMPOTENCY_KEY_REUSED",
    });
    expect(seen).toHaveLength(5);
    for (const bad of ["", "x".repeat(65), "a b", "\u00e4"]) {
      await expect(vault().assets.upload(file(), PATH, { idempotencyKey: bad })).rejects.toThrow(TypeError);
    }
    expect(seen).toHaveLength(5);
  });

  it.each(Object.entries(unsafe))("repeat no %s that may have been done", async (_name, write) => {
    const lost: [Turn, object][] = [
      [lose, { code: "NETWORK_ERROR", status: 0 }],
      [refuse(503, "UNAVAILABLE", { "Retry-After": "0" }), { status: 503 }],
      [answer(502, "<html>"), { code: "UNAVAILABLE", status: 502 }],
      [refuse(408, "REQUEST_TIMEOUT"), { status: 408 }],
    ];
    for (const [turn, expected] of lost) {
      forget();
      play(turn);
      expect(await failure(write())).toMatchObject(expected);
      expect(seen).toHaveLength(1);
      expect(keysSent()).toEqual([undefined]);
    }
  });

  it.each(Object.entries(writes))("repeat %s when it was put off", async (_name, write) => {
    play(refuse(429, "RATE_LIMITED"), answer(429, "slow down", { "Retry-After": "0" }));
    await write();
    expect(seen).toHaveLength(3);
    expect(seen[2]?.body).toEqual(seen[0]?.body);
  });

  it("repeat a write that found no connection, once there is one", async () => {
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const upload = vault().assets.upload(file("hello"), PATH, { onProgress: () => {} });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    expect((await upload).id).toBe("asset_1");
    expect(seen.map(({ body }) => body.toString())).toEqual(["hello"]);
    expect((await failure(vault({ url: "http://nowhere.invalid", maxRetries: 1 }).keys.create())).code).toBe(
      "NETWORK_ERROR",
    );
  });

  it("never repeat a stream, and cancel what is left of it", async () => {
    let cancelled = 0;
    const stream = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1)),
        cancel: () => {
          cancelled++;
        },
      });
    const upload = (base: string): Promise<unknown> =>
      vault({ url: base }).assets.upload(stream(), { ...PATH, filename: "a" }, { size: 100_000_000 });
    expect((await failure(upload(await deadUrl()))).code).toBe("NETWORK_ERROR");
    expect(cancelled).toBe(1);
    play(refuse(429, "RATE_LIMITED"));
    const whole = new Blob(["x"]).stream();
    const once = vault().assets.upload(whole, { ...PATH, filename: "a" }, { size: 1 });
    expect((await failure(once)).status).toBe(429);
    expect(seen).toHaveLength(1);
    await expect(vault().assets.upload(whole, { ...PATH, filename: "a" }, { size: 1 })).rejects.toThrow(TypeError);
  });

  it("end with the signal, at once", async () => {
    play(refuse(503, "UNAVAILABLE", { "Retry-After": "20" }));
    const controller = new AbortController();
    const started = performance.now();
    setTimeout(() => controller.abort(), 200);
    await expect(vault().assets.get("asset_1", { signal: controller.signal })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(performance.now() - started).toBeLessThan(10_000);
    const before = vault().assets.get("asset_1", { signal: AbortSignal.abort() });
    await expect(before).rejects.toMatchObject({ name: "AbortError" });
    const reason = new Error("mine");
    await expect(vault().assets.delete("asset_1", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(seen).toHaveLength(1);
  });
});
