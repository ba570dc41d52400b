import { describe, expect, it } from "vitest";
import { ASSET, file, forget, play, seen, type Turn, useNetwork, vault } from "./network.ts";
import { failure, PATH } from "./server.ts";

useNetwork();

describe("timeout", () => {
  const silent: Turn = () => {};

  it("ends the wait for an answer and for the rest of its JSON", async () => {
    const half: Turn = (_request, response) => void response.writeHead(200).write('{"id":');
    for (const turn of [silent, half]) {
      forget();
      play(turn, turn);
      const error = await failure(vault({ timeout: 200, maxRetries: 1 }).assets.get("asset_1"));
      expect(error).toMatchObject({ code: "TIMEOUT", status: 0 });
      expect(error.message).toContain("200 ms");
      expect(seen).toHaveLength(2);
    }
  });

  it("repeats a write that has a key, and no other", async () => {
    play(silent);
    expect((await vault({ timeout: 200 }).assets.update("asset_1", {})).id).toBe("asset_1");
    expect(seen).toHaveLength(2);
    play(silent);
    expect((await failure(vault({ timeout: 200 }).assets.createLink("asset_1"))).code).toBe("TIMEOUT");
    expect(seen).toHaveLength(3);
  });

  it("does not end a download that has begun", async () => {
    play((_request, response) => {
      response.writeHead(200).write("a");
      setTimeout(() => response.end("b"), 1_500);
    });
    const response = await vault({ timeout: 1_000 }).assets.download("asset_1");
    expect(await response.text()).toBe("ab");
  });

  it("ends an upload that makes no progress, and none that does", async () => {
    // Bytes come slowly, but they come.
    let chunks = 0;
    const slow = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        controller.enqueue(new Uint8Array(1));
        if (++chunks === 8) controller.close();
      },
    });
    const fields = { ...PATH, filename: "a" };
    expect((await vault({ timeout: 1_000 }).assets.upload(slow, fields, { size: 8 })).id).toBe("asset_1");
    let isCancelled = false;
    const stalled = new ReadableStream<Uint8Array>({
      pull: () => new Promise(() => {}),
      cancel: () => {
        isCancelled = true;
      },
    });
    const upload = vault({ timeout: 300 }).assets.upload(stalled, fields, { size: 8 });
    expect((await failure(upload)).code).toBe("TIMEOUT");
    expect(isCancelled).toBe(true);
  });

  it("grants an upload of which nothing is heard the time that its bytes may take", async () => {
    play((_request, response) => void setTimeout(() => response.end(JSON.stringify(ASSET)), 800));
    // Three seconds at the slowest rate.
    const upload = vault({ timeout: 100 }).assets.upload(file("x".repeat(3 * 32 * 1024)), PATH);
    expect((await upload).id).toBe("asset_1");
    play(silent);
    const small = vault({ timeout: 100, maxRetries: 0 }).assets.upload(file(), PATH);
    expect((await failure(small)).code).toBe("TIMEOUT");
  });

  it("may be infinite", async () => {
    play((_request, response) => void setTimeout(() => response.end(JSON.stringify(ASSET)), 300));
    expect((await vault({ timeout: Infinity }).assets.get("asset_1")).id).toBe("asset_1");
  });
});
