import { describe, expect, it, vi } from "vitest";
import { answer, ASSET, file, play, seen, type Turn, useNetwork, vault } from "./network.ts";
import { all, PATH } from "./server.ts";

useNetwork();

describe("uploadMany", () => {
  /** Answers after a time in which others can begin. */
  const late: Turn = (_request, response) => void setTimeout(() => response.end(JSON.stringify(ASSET)), 2);

  it("has no more files in hand than it uploads at a time, however many there are", async () => {
    const COUNT = 2_000;
    let taken = 0;
    let yielded = 0;
    let most = 0;
    let running = 0;
    let mostRunning = 0;
    async function* files(): AsyncGenerator<File> {
      for (; taken < COUNT; taken++) {
        most = Math.max(most, taken - yielded);
        yield file();
      }
    }
    const fetch = async (): Promise<Response> => {
      mostRunning = Math.max(mostRunning, ++running);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 2));
      running--;
      return new Response(JSON.stringify(ASSET));
    };
    for await (const { asset } of vault({ fetch }).assets.uploadMany(files(), PATH)) {
      // Whoever takes their time is not overrun.
      if (asset && ++yielded < 50) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(yielded).toBe(COUNT);
    expect(mostRunning).toBe(6);
    expect(most).toBeLessThanOrEqual(6);
  });

  it("yields a result as soon as it is there, though the next file is not", async () => {
    let give: (() => void) | undefined;
    async function* files(): AsyncGenerator<File> {
      yield file("1");
      await new Promise<void>((resolve) => {
        give = resolve;
      });
      yield file("2");
    }
    const outcomes: unknown[] = [];
    for await (const outcome of vault().assets.uploadMany(files(), PATH)) {
      outcomes.push(outcome);
      give?.();
    }
    expect(outcomes).toHaveLength(2);
  });

  it("ends what is under way when the loop is left, and asks for no more files", async () => {
    play(answer(200, ASSET), ...Array.from({ length: 9 }, (): Turn => () => {}));
    let hasEnded = false;
    function* files(): Generator<File> {
      try {
        for (;;) yield file();
      } finally {
        hasEnded = true;
      }
    }
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, "removeEventListener");
    for await (const { asset } of vault().assets.uploadMany(files(), PATH, { signal: controller.signal })) {
      expect(asset?.id).toBe("asset_1");
      break;
    }
    expect(hasEnded).toBe(true);
    expect(removed).toHaveBeenCalled();
    expect(seen.length).toBeLessThanOrEqual(7);
  });

  it("ends what is under way when the signal is aborted, and then throws its reason", async () => {
    play(answer(200, ASSET), ...Array.from({ length: 9 }, (): Turn => () => {}));
    const reason = new Error("mine");
    const controller = new AbortController();
    const files = Array.from({ length: 20 }, () => file());
    const outcomes: unknown[] = [];
    const isFull = vi.waitUntil(() => seen.length === 7, { timeout: 60_000 });
    const loop = async (): Promise<void> => {
      for await (const outcome of vault().assets.uploadMany(files, PATH, { signal: controller.signal })) {
        outcomes.push(outcome);
      }
    };
    const loops = expect(loop()).rejects.toBe(reason);
    await isFull;
    controller.abort(reason);
    await loops;
    expect(outcomes).toMatchObject([{ asset: { id: "asset_1" } }]);
    expect(seen).toHaveLength(7);
    const again = all(vault().assets.uploadMany(files, PATH, { signal: controller.signal }));
    await expect(again).rejects.toBe(reason);
  });

  it("throws what the files fail with, after what is under way", async () => {
    play(late, late);
    const broken = new Error("the disk is gone");
    async function* files(): AsyncGenerator<File> {
      yield file("1");
      yield file("2");
      throw broken;
    }
    const outcomes: unknown[] = [];
    const loop = async (): Promise<void> => {
      for await (const outcome of vault().assets.uploadMany(files(), PATH)) outcomes.push(outcome);
    };
    await expect(loop()).rejects.toBe(broken);
    expect(outcomes).toHaveLength(2);
  });
});
