import { describe, expect, it, vi } from "vitest";
import type { Endpoint } from "../../src/api/endpoint.ts";
import { ENDPOINTS } from "../../src/api/endpoints.ts";
import { admin, bearer, refusal, send, TestVault } from "../support/api.ts";

const chunked = (...texts: string[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });

const BODIES: [string, () => RequestInit][] = [
  ["no body", () => ({})],
  ["an empty one", () => ({ body: "" })],
  ["an empty stream", () => ({ body: chunked() })],
];

const TYPES: [string, Record<string, string>][] = [
  ["no type", {}],
  ["application/json", { "Content-Type": "application/json" }],
  ["a form's type", { "Content-Type": "application/x-www-form-urlencoded" }],
];

describe("a body whose fields are all optional", () => {
  const endpoints = async (vault: TestVault): Promise<[string, object][]> => [
    [`${vault.path}/keys`, { type: "secret", label: null, expires_at: null }],
    [`${vault.assets}/${(await vault.upload()).id}/links`, { url: expect.any(String) }],
  ];

  it.each(BODIES)("may be absent: %s", async (_, body) => {
    const vault = await TestVault.create();
    for (const [path, expected] of await endpoints(vault)) {
      for (const [type, headers] of TYPES) {
        const init = { method: "POST", headers: { ...bearer(vault.secretKey), ...headers }, ...body() };
        const response = await send(path, init);
        expect([type, response.status]).toEqual([type, 201]);
        expect(await response.json()).toMatchObject(expected);
      }
    }
  });

  it("needs its media type when it is there, in however many chunks it comes", async () => {
    const vault = await TestVault.create();
    for (const [path] of await endpoints(vault)) {
      const post = (body: BodyInit, headers = {}) =>
        send(path, { method: "POST", headers: { ...bearer(vault.secretKey), ...headers }, body });
      for (const body of [() => "{}", () => " ", () => chunked("{", "}")]) {
        await refusal(await post(body()), 415, "UNSUPPORTED_MEDIA_TYPE");
        await refusal(await post(body(), { "Content-Type": "text/plain" }), 415, "UNSUPPORTED_MEDIA_TYPE");
      }
      const typed = { "Content-Type": "application/json" };
      await refusal(await post(" ", typed), 400, "INVALID_PARAMS");
      await refusal(await post(chunked("nu", "ll"), typed), 400, "INVALID_PARAMS");
      expect((await post(chunked("{", "}"), typed)).status).toBe(201);
    }
  });

  it("may not be absent where a field is required: a patch", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    await refusal(await vault.request("PATCH", `${vault.assets}/${id}`), 415, "UNSUPPORTED_MEDIA_TYPE");
    await refusal(await vault.patch(id, ""), 400, "INVALID_PARAMS");
  });
});

describe("a JSON body", () => {
  it("is refused at every endpoint before it is parsed, when a field nests deeper than any may", async () => {
    const vault = await TestVault.create();
    const ids = { vaultId: vault.id, assetId: (await vault.upload()).id, keyId: "key_x" };
    const parse = vi.spyOn(JSON, "parse");
    const deep = (levels: number) => `{"scope":${"[".repeat(levels)}${"]".repeat(levels)}}`;
    let asked = 0;
    for (const [id, { method, path: pattern, access, body }] of Object.entries<Endpoint>(ENDPOINTS)) {
      if (!body || !("json" in body)) continue;
      const path = pattern.replace(/:(\w+)/g, (_, name: keyof typeof ids) => ids[name]);
      const key = access === "admin" ? admin : bearer(vault.secretKey);
      const headers = { ...key, "Content-Type": Object.keys(body.json)[0] ?? "" };
      const ask = (text: string) => send(path, { method, headers, body: text });
      const message = await refusal(await ask(deep(400_000)), 400, "INVALID_PARAMS");
      expect(message, id).toMatch(/^scope\S*: must not nest deeper than 32 levels$/);
      expect(await refusal(await ask(deep(32)), 400, "INVALID_PARAMS"), id).not.toContain("levels");
      asked++;
    }
    expect(asked).toBeGreaterThan(7);
    expect(parse.mock.calls.filter(([text]) => text.length > 400_000)).toEqual([]);
    parse.mockRestore();
  });
});
