import { describe, expect, it } from "vitest";
import { CODE_OF_STATUS } from "../../src/client/error.ts";
import { STATUS } from "../../src/model/refusal.ts";
import { answer, deadUrl, file, KEY, play, refuse, seen, url, useNetwork, vault } from "./network.ts";
import { failure, PATH } from "./server.ts";

useNetwork();

describe("errors", () => {
  it("have the code, status, message and request that the server names, whether or not the code is known", async () => {
    play(
      answer(
        418,
        { error: { code: "TEAPOT", message: "short and stout", status: 418 } },
        { "X-Request-Id": "req_1", "Retry-After": "7" },
      ),
    );
    const error = await failure(vault().assets.get("asset_1"));
    const { name, code, status, message, requestId, retryAfter } = error;
    expect({ name, code, status, message, requestId, retryAfter }).toEqual({
      name: "StrongroomError",
      code: "TEAPOT",
      status: 418,
      message: "short and stout",
      requestId: "req_1",
      retryAfter: 7,
    });
  });

  it("are retried by their status when the code is unknown", async () => {
    play(refuse(503, "SOMETHING_NEW"), refuse(429, "SOMETHING_ELSE"));
    expect((await vault().assets.get("asset_1")).id).toBe("asset_1");
    expect(seen).toHaveLength(3);
  });

  it.each<[number, string]>([
    [502, "UNAVAILABLE"],
    [504, "UNAVAILABLE"],
    [520, "UNAVAILABLE"],
    [413, "PAYLOAD_TOO_LARGE"],
    [418, "UNEXPECTED_ANSWER"],
    ...Object.entries(CODE_OF_STATUS).map(([status, code]): [number, string] => [Number(status), code]),
  ])("from something before the server: HTTP %i is %s, and shows what it says", async (status, code) => {
    const page = `<html><head><title>${status} Sorry</title></head>\n<body><h1>cloud &amp; co</h1></body></html>`;
    play(answer(status, page, { "Content-Type": "text/html" }));
    const error = await failure(vault({ maxRetries: 0 }).assets.upload(file(), PATH));
    expect(error).toMatchObject({ code, status, requestId: undefined });
    expect(error.message).toContain(`HTTP ${status}`);
    expect(error.message).toContain(`: ${status} Sorry cloud`);
  });

  it.each(["null", "[]", '{"error":"x"}', '{"error":{"code":1}}', ""])("can be read from a 500 of %j", async (text) => {
    play(answer(500, text));
    const error = await failure(vault({ maxRetries: 0 }).assets.get("asset_1"));
    expect(error).toMatchObject({ code: "INTERNAL_ERROR", status: 500 });
  });

  it("have codes that agree with the server's", () => {
    for (const [status, code] of Object.entries(CODE_OF_STATUS)) expect(STATUS[code]).toBe(Number(status));
  });

  it.each([
    ["get", 200, "<html>Sign in to the Wi-Fi</html>"],
    ["get", 200, '{"data":[],"cursor":null,"has_more":false}'],
    ["list", 200, '{"some":"JSON"}'],
    ["list", 200, "null"],
    ["delete", 200, "<html>Sign in to the Wi-Fi</html>"],
    ["range", 200, "all of it"],
  ] as const)("say of a good answer that is not ours that it is none: %s, %i, %s", async (method, status, text) => {
    play(answer(status, text));
    const { assets } = vault();
    const call = {
      get: () => assets.get("asset_1"),
      list: () => assets.list(),
      delete: () => assets.delete("asset_1"),
      range: () => assets.download("asset_1", { range: { offset: 1 } }),
    }[method];
    expect(await failure(call())).toMatchObject({ code: "UNEXPECTED_ANSWER", status });
    expect(seen).toHaveLength(1);
  });

  it("say that a url redirects, and follow it nowhere", async () => {
    play(answer(301, "", { Location: `${url}/elsewhere` }));
    const error = await failure(vault().assets.upload(file(), PATH));
    expect(error).toMatchObject({ code: "UNEXPECTED_ANSWER", status: 301 });
    expect(error.message).toContain("redirects");
    expect(seen).toHaveLength(1);
  });

  it("never show the key, not even where an answer repeats it", async () => {
    const echo = `${"x".repeat(150)} Authorization: Bearer ${KEY}`;
    play(
      answer(400, `<pre>${echo}</pre>`),
      answer(200, echo),
      answer(400, { error: { code: "X", message: KEY, status: 400 } }),
    );
    const client = vault({ maxRetries: 0 });
    for (let n = 0; n < 3; n++) {
      const error = await failure(client.assets.get("asset_1"));
      for (let length = 8; length <= KEY.length; length++) expect(error.message).not.toContain(KEY.slice(0, length));
    }
    const dead = await failure(vault({ url: await deadUrl(), maxRetries: 0 }).assets.get(KEY));
    expect(dead.message).not.toContain(KEY);
    expect(dead.message).toContain("ECONNREFUSED");
  });
});
