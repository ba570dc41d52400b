import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { handle } from "../../src/router.ts";
import { admin, bearer, ORIGIN, refusal, send, TestVault, sendTo } from "../support/api.ts";

describe("router", () => {
  it.each([
    "/nothing",
    "/api",
    "/api/v1",
    "/api/v2/vaults",
    "/api/v1/vaultsx",
    "/api/v1/vaults/x/y",
    "/api/v1/vaults/x/assets/y/z",
    "//api/v1/vaults",
  ])("answers 404 as JSON for %s", async (path) => {
    await refusal(await send(path), 404, "NOT_FOUND");
  });

  it.each([
    ["/api/v1/vaults", "PUT", "POST, GET, HEAD, OPTIONS"],
    ["/api/v1/vaults/v", "POST", "GET, PATCH, DELETE, HEAD, OPTIONS"],
    ["/api/v1/vaults/v/keys/k", "GET", "PATCH, DELETE, OPTIONS"],
    ["/api/v1/vaults/v/assets", "PATCH", "POST, GET, DELETE, HEAD, OPTIONS"],
    ["/api/v1/vaults/v/assets/a", "POST", "GET, PATCH, DELETE, HEAD, OPTIONS"],
    ["/api/v1/vaults/v/keys/k", "HEAD", "PATCH, DELETE, OPTIONS"],
  ])("answers 405 with Allow to %s %s", async (path, method, allow) => {
    const response = await send(path, { method });
    expect([response.status, response.headers.get("Allow")]).toEqual([405, allow]);
  });

  it("answers OPTIONS without a key, and a preflight with what a browser asks for", async () => {
    const plain = await send("/api/v1/vaults/v/assets", { method: "OPTIONS" });
    expect([plain.status, await plain.text(), plain.headers.get("Allow")]).toEqual([
      204,
      "",
      "POST, GET, DELETE, HEAD, OPTIONS",
    ]);
    const preflight = await send("/api/v1/vaults/v/assets/a", {
      method: "OPTIONS",
      headers: {
        Origin: "https://app.example",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization, content-type",
      },
    });
    expect(preflight.status).toBe(204);
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, PATCH, DELETE, HEAD, OPTIONS",
      "access-control-allow-headers": "authorization, content-type",
    });
    await refusal(await send("/nowhere", { method: "OPTIONS" }), 404, "NOT_FOUND");
  });

  it.each([
    ["/api/v1/vaults/v/assets/a", "application/json, application/merge-patch+json", null],
    ["/api/v1/vaults/v/assets", null, "multipart/form-data, */*"],
    ["/api/v1/vaults/v/keys", null, "application/json"],
    ["/api/v1/vaults/v/reconcile", null, null],
    ["/api/v1/vaults/v/keys/k", "application/json", null],
  ])("tells OPTIONS which types of body %s takes", async (path, patch, post) => {
    const { headers } = await send(path, { method: "OPTIONS" });
    expect([headers.get("Accept-Patch"), headers.get("Accept-Post")]).toEqual([patch, post]);
  });

  it("dates each answer", async () => {
    for (const path of ["/healthz", "/nowhere"]) {
      const date = (await send(path)).headers.get("Date") ?? "";
      expect(date).toBe(new Date(date).toUTCString());
      expect(Math.abs(Date.parse(date) - Date.now())).toBeLessThan(30_000);
    }
  });

  it("lets any origin read answers, refusals too", async () => {
    const response = await send("/api/v1/vaults/v/assets", { headers: { Origin: "https://app.example" } });
    expect(response.status).toBe(401);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(response.headers.get("Access-Control-Expose-Headers")).toContain("X-Request-Id");
  });

  it("answers HEAD as GET without the body", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    for (const path of [vault.path, vault.assets, `${vault.assets}/${id}`]) {
      const [get, head] = await Promise.all(["GET", "HEAD"].map((method) => vault.request(method, path)));
      expect([head?.status, await head?.text(), head?.headers.get("ETag")]).toEqual([
        200,
        "",
        get?.headers.get("ETag"),
      ]);
    }
    const missing = await vault.request("HEAD", `${vault.assets}/nonsense`);
    expect([missing.status, await missing.text()]).toEqual([404, ""]);
  });

  it("allows a trailing slash", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    for (const path of [vault.path, vault.assets, `${vault.assets}/${id}`]) {
      expect((await vault.request("GET", `${path}/`)).status).toBe(200);
    }
  });

  it("decodes percent-encoded ids", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const encode = (text: string) => text.replace(/_/g, "%5F").replace(/a/g, "%61");
    const response = await vault.request("GET", `/api/v1/vaults/${encode(vault.id)}/assets/${encode(id)}`);
    expect((await response.json<{ id: string }>()).id).toBe(id);
    await refusal(await send("/api/v1/vaults/%E0%A4%A/assets", { headers: bearer(vault.secretKey) }), 403, "FORBIDDEN");
  });

  it("gives each answer an id of its own", async () => {
    const ids = await Promise.all([1, 2].map(async () => (await send("/nothing")).headers.get("X-Request-Id")));
    expect(new Set(ids).size).toBe(2);
  });

  it("answers an opaque 500 when an unknown error is thrown", async () => {
    const request = new Request(`${ORIGIN}/api/v1/vaults`, {
      method: "POST",
      headers: { ...admin, "Content-Type": "application/json" },
      body: '{"name":"x"}',
    });
    const without = Object.assign({}, env, { DB: undefined, DB_1: undefined });
    expect(await refusal(await sendTo(request, without), 500, "INTERNAL_ERROR")).toBe(
      "something went wrong on our side",
    );
  });
});

it("an unknown path: is looked for among the static files, unless it is one of the API", async () => {
  const asked: string[] = [];
  const ASSETS = {
    fetch: async (request: Request) => {
      asked.push(new URL(request.url).pathname);
      return new Response(null, { status: 404 });
    },
  } as unknown as Fetcher;
  for (const path of ["/nothing", "/api/v1/nothing", "/api/v1/vaults/x/y/z"]) {
    await refusal(await sendTo(new Request(ORIGIN + path), { ...env, ASSETS }), 404, "NOT_FOUND");
  }
  expect(asked).toEqual(["/nothing"]);
});

it("a path whose Host makes no URL gets 400, and no line of the log has its query", async () => {
  const lines: string[] = [];
  for (const name of ["log", "error"] as const) {
    vi.spyOn(console, name).mockImplementation((text: string) => void lines.push(text));
  }
  const fails = (request: Request): Promise<Response> =>
    Promise.reject(new Error(`Fetch API cannot load: ${request.url}`));
  const ASSETS = { fetch: fails } as unknown as Fetcher;
  for (const [host, status] of [
    ["a b", 400],
    ["%zz", 400],
    ["[::1", 400],
    ["x:99999", 400],
    ["x", 500],
  ] as const) {
    const url = `http://${host}/files/x?token=dk_SECRET&ticket=SECRET`;
    const request = new Request(ORIGIN);
    // Neither fetch nor Request would send it.
    const hostile = new Proxy(request, {
      get(target, name) {
        const value: unknown = name === "url" ? url : Reflect.get(target, name, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    expect((await handle(hostile, { ...env, ASSETS })).status, host).toBe(status);
  }
  vi.restoreAllMocks();
  expect(lines.join("\n")).toContain("Fetch API cannot load: http://x/files/x?…");
  expect(lines.join("\n")).not.toContain("SECRET");
});
