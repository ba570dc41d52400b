import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { admin, bearer, ORIGIN, PATH, refusal, send, sendTo, TestVault, textFile } from "../support/api.ts";

vi.mock(import("../../src/model/delivery-limits.ts"), async (original) => ({
  ...(await original()),
  MAX_CACHED_BYTES: 4 * 1024 * 1024,
}));
vi.mock(import("../../src/runtime/timeouts.ts"), async (original) => ({
  ...(await original()),
  CACHE_TIMEOUT_MS: 300,
  CACHE_FILL_TIMEOUT_MS: 600,
}));

const TEXT = "0123456789abcdef";
const MIB = 1024 * 1024;

/** The bindings without vaults and without R2: whoever needs one gets a 5xx. */
const NOTHING = { ...env, BUCKET: undefined, VAULT: undefined } as unknown as typeof env;

/** The bindings with a count of what is read of R2. */
function counted() {
  const count = { gets: 0 };
  const get = (...args: Parameters<R2Bucket["get"]>): unknown => {
    count.gets++;
    return env.BUCKET.get(...args);
  };
  return { count, bindings: { ...env, BUCKET: { get } } as unknown as typeof env };
}

interface Made {
  id: string;
  token: string;
}

async function keyOf(vault: TestVault, type: string, more: object = {}): Promise<Made> {
  const response = await vault.request("POST", `${vault.path}/keys`, { type, ...more });
  expect(response.status, await response.clone().text()).toBe(201);
  return response.json();
}

const deliveryKey = (vault: TestVault, more: object = {}): Promise<Made> => keyOf(vault, "delivery", more);

const fileAt = (vault: TestVault, name: string): string =>
  `${vault.path}/files/${PATH.partition}/${PATH.collection}/${PATH.channel}/${encodeURIComponent(name)}`;

async function scene({ file = textFile(TEXT, "digits.txt"), settings = {} } = {}) {
  const vault = await TestVault.create();
  if (Object.keys(settings).length > 0) await set(vault, settings);
  const asset = await vault.upload({ file });
  const key = await deliveryKey(vault);
  const byId = `${vault.assets}/${asset.id}/content`;
  const byPath = fileAt(vault, asset.filename);
  return { vault, asset, key, byId, byPath, url: `${byId}?token=${key.token}` };
}

const set = async (vault: TestVault, settings: object): Promise<void> => {
  expect((await vault.request("PATCH", vault.path, settings, admin)).status).toBe(200);
};

/** Asks, and waits for all that the request still does after its answer: what is kept is kept by then. */
async function ask(path: string, init: RequestInit = {}, bindings = env): Promise<Response> {
  const after: Promise<unknown>[] = [];
  const waitUntil = (work: Promise<unknown>): void => void after.push(work);
  const response = await sendTo(new Request(ORIGIN + path, init), bindings, { waitUntil });
  const read = response.body ? new Response(await response.arrayBuffer(), response) : response;
  await Promise.all(after);
  return read;
}

/** Asks where nothing but the cache can answer. */
const fromCache = (path: string, init: RequestInit = {}): Promise<Response> => ask(path, init, NOTHING);

const get = (path: string, headers: Record<string, string>): Promise<Response> => ask(path, { headers });

/** What a client sees of an answer, but for what belongs to the one request. */
async function seen(response: Response, ...without: string[]) {
  const headers = Object.fromEntries(response.headers);
  for (const name of ["x-request-id", "server-timing", "date", "age", ...without]) delete headers[name];
  return { status: response.status, headers, body: await response.text() };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** All that is logged during a test. */
let logged: string[];

beforeEach(() => {
  logged = [];
  for (const method of ["log", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((line: string) => void logged.push(line));
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const requests = (): Record<string, unknown>[] =>
  logged.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ event }) => event === "request");

/** Makes calls to the cache go another way. */
function cacheWith(methods: Partial<Record<"match" | "put", (...args: unknown[]) => Promise<unknown>>>) {
  const open = caches.open.bind(caches);
  return vi.spyOn(caches, "open").mockImplementation(async (name) => {
    const cache = await open(name);
    return {
      match: methods.match ?? cache.match.bind(cache),
      put: methods.put ?? cache.put.bind(cache),
    } as unknown as Cache;
  });
}

describe("delivery", () => {
  it("a file is kept, and found again without its vault and without R2, by its id and by its path", async () => {
    const { byId, byPath, key, asset } = await scene();
    for (const path of [byId, byPath]) {
      const url = `${path}?token=${key.token}`;
      const miss = await ask(url);
      expect([miss.headers.get("Cache-Control"), miss.headers.get("Age")]).toEqual([
        "public, max-age=300, must-revalidate, no-transform",
        null,
      ]);
      const hit = await fromCache(`${url}&utm_source=x&width=7`);
      expect(hit.headers.get("Age")).toMatch(/^\d$/);
      expect(Object.fromEntries(hit.headers)).toMatchObject({
        etag: miss.headers.get("ETag"),
        "content-type": "text/plain",
        "content-disposition": 'inline; filename="digits.txt"',
        "content-location": byId,
        "content-security-policy": "sandbox; default-src 'none'; media-src 'self'; style-src 'unsafe-inline'",
        "x-content-type-options": "nosniff",
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
      });
      expect(hit.headers.get("Last-Modified")).toBe(path === byId ? new Date(asset.created_at).toUTCString() : null);
      expect(hit.headers.get("X-Request-Id")).not.toBe(miss.headers.get("X-Request-Id"));
      expect(hit.headers.has("Strongroom-Entry")).toBe(false);
      const found = await seen(hit);
      expect(found).toEqual(await seen(miss));
      expect(found.body).toBe(TEXT);
    }
    expect(
      requests()
        .slice(-4)
        .map(({ cache }) => cache),
    ).toEqual(["miss", "hit", "miss", "hit"]);
    expect(logged.join()).not.toContain(key.token);
  });

  it("ranges and conditions of a hit are answered as they are without a cache", async () => {
    const { vault, asset, byId, byPath, key } = await scene();
    const etag = (await ask(`${byId}?token=${key.token}`)).headers.get("ETag") ?? "";
    await ask(`${byPath}?token=${key.token}`);
    const created = Date.parse(asset.created_at);
    const date = (seconds: number): string => new Date(created + seconds * 1000).toUTCString();
    const cases: Record<string, string>[] = [
      ...["0-0", "3-5", "10-", "10-999", "-4", "-999", "0-1,4-5", "5-3", "-", "16-", "-0", "99-100"].map((range) => ({
        Range: `bytes=${range}`,
      })),
      { "If-None-Match": etag },
      { "If-None-Match": `W/${etag}, "x"` },
      { "If-None-Match": "*" },
      { "If-None-Match": '"x"' },
      { "If-Match": etag },
      { "If-Match": "*" },
      { "If-Match": '"x"' },
      { "If-Match": `W/${etag}` },
      { "If-Modified-Since": date(0) },
      { "If-Modified-Since": date(-1) },
      { "If-Modified-Since": date(0), "If-None-Match": '"x"' },
      { "If-Unmodified-Since": date(-1) },
      { "If-Unmodified-Since": date(0) },
      { Range: "bytes=1-2", "If-Range": etag },
      { Range: "bytes=1-2", "If-Range": '"x"' },
      { Range: "bytes=1-2", "If-Range": date(0) },
      { Range: "bytes=99-", "If-Range": '"x"' },
      { Range: "bytes=1-2", "If-None-Match": etag },
      { Range: "bytes=99-", "If-None-Match": etag },
      { Range: "bytes=99-", "If-Match": '"x"' },
      { Range: "bytes=1-2", "If-Match": etag },
      { "Cache-Control": "no-cache", Pragma: "no-cache" },
      { "Accept-Encoding": "gzip", Accept: "image/webp", Origin: "https://example.com" },
    ];
    const ownSettings = ["cache-control"];
    for (const path of [byId, byPath]) {
      for (const headers of cases) {
        for (const method of ["GET", "HEAD"]) {
          const hit = await fromCache(`${path}?token=${key.token}`, { method, headers });
          const plain = await send(path, { method, headers: { ...bearer(vault.secretKey), ...headers } });
          const name = `${method} ${JSON.stringify(headers)}`;
          expect([name, await seen(hit, ...ownSettings)]).toEqual([name, await seen(plain, ...ownSettings)]);
          expect([name, hit.headers.has("Age")]).toEqual([name, hit.status < 400]);
        }
      }
    }
  });

  it("what is answered without the whole file is not kept", async () => {
    const { url } = await scene();
    const etag = (await ask(url, { method: "HEAD" })).headers.get("ETag") ?? "";
    const others: RequestInit[] = [
      { headers: { Range: "bytes=0-" } },
      { headers: { Range: "bytes=99-" } },
      { headers: { "If-None-Match": etag } },
      { headers: { "If-Match": '"x"' } },
    ];
    for (const init of others) await ask(url, init);
    expect((await fromCache(url)).status).toBe(500);
  });

  it("refusals are not kept", async () => {
    const vault = await TestVault.create();
    const { token } = await deliveryKey(vault);
    const url = `${fileAt(vault, "late.txt")}?token=${token}`;
    const response = await ask(url);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    await refusal(response, 404, "ASSET_NOT_FOUND");
    await vault.upload({ file: textFile("late", "late.txt") });
    expect(await (await ask(url)).text()).toBe("late");
  });

  it.each(["a b&c=d?#%2F.txt", "…", "日本語/".replace("/", ".png"), "'()*!~$+,;=:@[]", "..a", "%", "\u{1f600}.gif"])(
    "a file of the name %s is found under it, and under no other",
    async (name) => {
      const vault = await TestVault.create();
      const { token } = await deliveryKey(vault);
      await vault.upload({ file: textFile("right", name) });
      await vault.upload({ file: textFile("wrong", `${name}x`) });
      for (const each of [name, `${name}x`]) await ask(`${fileAt(vault, each)}?token=${token}`);
      expect(await (await fromCache(`${fileAt(vault, name)}?token=${token}`)).text()).toBe("right");
    },
  );

  it("an empty file is kept too", async () => {
    const { url } = await scene({ file: textFile("", "empty.txt") });
    await ask(url);
    const hit = await fromCache(url);
    expect([hit.status, hit.headers.get("Content-Length"), await hit.text()]).toEqual([200, "0", ""]);
  });

  it("as an attachment it is another answer", async () => {
    const { url } = await scene();
    await ask(url);
    expect((await fromCache(`${url}&download`)).status).toBe(500);
    await ask(`${url}&download=1`);
    for (const asked of ["&download", "&download=", "&disposition=attachment"]) {
      expect((await fromCache(url + asked)).headers.get("Content-Disposition")).toMatch(/^attachment/);
    }
    expect((await fromCache(`${url}&disposition=inline`)).headers.get("Content-Disposition")).toMatch(/^inline/);
  });
});

describe("delivery: who gets what is kept", () => {
  it("nobody but the key that it was given to, at the place that it was asked for", async () => {
    const { vault, asset, key, byId, byPath, url } = await scene();
    await ask(url);
    await ask(`${byPath}?token=${key.token}`);
    expect((await fromCache(url)).status).toBe(200);

    const other = await TestVault.create();
    const foreign = await deliveryKey(other);
    const second = await deliveryKey(vault);
    // Another key of the vault asks the vault: where there is none, it gets nothing.
    expect((await fromCache(`${byId}?token=${second.token}`)).status).toBe(500);
    expect((await fromCache(`${byPath}?token=${second.token}`)).status).toBe(500);
    expect((await fromCache(byId, { headers: bearer(vault.secretKey) })).status).toBe(500);
    expect((await fromCache(byId, { headers: bearer(vault.publicKey) })).status).toBe(500);
    // The rest is refused before anything is looked up.
    const forged = `${key.token.slice(0, -2)}${key.token.endsWith("AA") ? "BA" : "AA"}`;
    await refusal(await ask(`${byId}?token=${foreign.token}`), 403, "FORBIDDEN");
    await refusal(await ask(`${other.assets}/${asset.id}/content?token=${key.token}`), 403, "FORBIDDEN");
    await refusal(await fromCache(byId), 401, "UNAUTHORIZED");
    await refusal(await fromCache(byId, { headers: admin }), 403, "FORBIDDEN");
    await refusal(await fromCache(`${byId}?token=${forged}`), 401, "UNAUTHORIZED");
    await refusal(await fromCache(byId, { headers: bearer(forged) }), 401, "UNAUTHORIZED");
    expect(logged.join()).not.toContain(forged);
  });

  it("in a header too, where no cache that others share may keep it", async () => {
    const { byId, url, key } = await scene();
    const response = await get(byId, bearer(key.token));
    expect(response.headers.get("Cache-Control")).toBe("private, max-age=300, must-revalidate, no-transform");
    expect(response.headers.get("Vary")).toBe("Authorization");
    // The Worker's own cache looks at the key, however it was sent.
    const hit = await fromCache(url);
    expect(hit.headers.get("Cache-Control")).toBe("public, max-age=300, must-revalidate, no-transform");
    expect(hit.headers.get("Vary")).toBe(null);
    const again = await fromCache(byId, { headers: bearer(key.token) });
    expect([again.headers.get("Vary"), again.headers.has("Age")]).toEqual(["Authorization", true]);
    expect(await again.text()).toBe(TEXT);
  });

  it("narrowed to a folder, a key opens and keeps what is there, and nothing else", async () => {
    const { vault, asset } = await scene();
    const { token } = await deliveryKey(vault, { scope: { partition: PATH.partition } });
    const other = await deliveryKey(vault, { scope: { partition: "elsewhere" } });
    const urls = [`${vault.assets}/${asset.id}/content`, fileAt(vault, asset.filename)];
    for (const url of urls) {
      expect((await ask(`${url}?token=${token}`)).status).toBe(200);
      expect((await fromCache(`${url}?token=${token}`)).status).toBe(200);
      await refusal(await ask(`${url}?token=${other.token}`), 404, "ASSET_NOT_FOUND");
      expect((await fromCache(`${url}?token=${other.token}`)).status).toBe(500);
    }
  });

  it("an entry that turns up at another place is not used", async () => {
    const { vault, url, key } = await scene();
    const two = await vault.upload({ file: textFile("two", "two.txt") });
    const kept: string[] = [];
    const cache = await caches.open("strongroom-delivery");
    cacheWith({
      put: async (place, response) => {
        kept.push(place as string);
        await cache.put(place as string, response as Response);
      },
    });
    await ask(url);
    const twoUrl = `${vault.assets}/${two.id}/content?token=${key.token}`;
    await ask(twoUrl);
    const [one = "", other = ""] = kept;
    await cache.put(one, (await cache.match(other)) ?? Response.error());
    expect(await (await ask(url)).text()).toBe(TEXT);
    expect(kept.join()).not.toContain(key.token);
  });
});

describe("delivery: how long it is kept", () => {
  it("as long as the vault's setting says, and a deletion is felt by then", async () => {
    const { vault, asset, url } = await scene({ settings: { cache_seconds: 2 } });
    const miss = await ask(url);
    expect(miss.headers.get("Cache-Control")).toBe("public, max-age=2, must-revalidate, no-transform");
    expect((await fromCache(url)).status).toBe(200);
    expect((await vault.delete(asset.id)).status).toBe(204);
    await pause(2_050);
    await refusal(await ask(url), 404, "ASSET_NOT_FOUND");
  });

  it("no longer than that, whatever the cache thinks of its age", async () => {
    const { vault, asset, url } = await scene({ settings: { cache_seconds: 60 } });
    const cache = await caches.open("strongroom-delivery");
    cacheWith({
      put: (place, response) => {
        const { headers, body } = response as Response;
        const longer = { ...Object.fromEntries(headers), "cache-control": "public, max-age=600" };
        return cache.put(place as string, new Response(body, { headers: longer }));
      },
    });
    await ask(url);
    expect((await fromCache(url)).status).toBe(200);
    await vault.delete(asset.id);
    vi.useFakeTimers({ now: Date.now() + 60_000, toFake: ["Date"] });
    await refusal(await ask(url), 404, "ASSET_NOT_FOUND");
  });

  it("until then the answer stays, be the asset deleted and the key revoked", async () => {
    const { vault, asset, key, url } = await scene();
    await ask(url);
    await vault.delete(asset.id);
    expect((await vault.request("DELETE", `${vault.path}/keys/${key.id}`)).status).toBe(204);
    vi.useFakeTimers({ now: Date.now() + 1_000, toFake: ["Date"] });
    const hit = await fromCache(url);
    expect([await hit.text(), Number(hit.headers.get("Age")) >= 1]).toEqual([TEXT, true]);
    // Whatever the cache does not have is for the vault to refuse.
    await refusal(await ask(`${url}&download`), 401, "UNAUTHORIZED");
  });

  it("no longer than its key lives", async () => {
    const { vault, asset } = await scene();
    const expires_at = new Date(Math.ceil(Date.now() / 1_000 + 2.5) * 1_000).toISOString();
    const { token } = await deliveryKey(vault, { expires_at });
    const url = `${vault.assets}/${asset.id}/content?token=${token}`;
    const asked = Date.now();
    const response = await ask(url);
    const seconds = Number(/^public, max-age=(\d+),/.exec(response.headers.get("Cache-Control") ?? "")?.[1]);
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(asked + seconds * 1000).toBeLessThanOrEqual(Date.parse(expires_at));
    await pause(Date.parse(expires_at) - Date.now() + 10);
    await refusal(await ask(url), 401, "UNAUTHORIZED");
  });

  it("not at all when the setting is 0, and 300 seconds when it is taken away", async () => {
    const { vault, url } = await scene({ settings: { cache_seconds: 0 } });
    const { count, bindings } = counted();
    const response = await ask(url, {}, bindings);
    expect(response.headers.get("Cache-Control")).toBe("private, no-cache, no-transform");
    expect((await fromCache(url)).status).toBe(500);
    await set(vault, { cache_seconds: null });
    expect((await ask(url, {}, bindings)).headers.get("Cache-Control")).toContain("max-age=300");
    expect(count.gets).toBe(2);
    await set(vault, { cache_seconds: 86_400 });
    expect((await ask(`${url}&download`)).headers.get("Cache-Control")).toContain("max-age=86400");
  });
});

describe("delivery: large files", () => {
  const large = (size: number): File =>
    new File([Uint8Array.from({ length: size }, (_, at) => (at * 7 + (at >> 8)) & 0xff)], "large.bin", {
      type: "video/mp4",
    });

  it("are read from R2 a second time to be kept, once for all who ask at the same time", async () => {
    const file = large(3 * MIB + 1);
    const { url } = await scene({ file });
    const { count, bindings } = counted();
    const bytes = new Uint8Array(await file.arrayBuffer());
    const asked = await Promise.all([1, 2, 3].map(() => ask(url, {}, bindings)));
    for (const response of asked) expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
    expect(count.gets).toBe(4);
    expect(new Uint8Array(await (await fromCache(url)).arrayBuffer())).toEqual(bytes);
    const range = await fromCache(url, { headers: { Range: `bytes=${3 * MIB - 5}-` } });
    expect([range.status, range.headers.get("Content-Range")]).toEqual([
      206,
      `bytes ${3 * MIB - 5}-${3 * MIB}/${3 * MIB + 1}`,
    ]);
    expect(new Uint8Array(await range.arrayBuffer())).toEqual(bytes.slice(-6));
  });

  it("beyond the largest that is kept come from R2 alone", async () => {
    const { url } = await scene({ file: large(4 * MIB + 1) });
    const { count, bindings } = counted();
    expect((await ask(url, {}, bindings)).status).toBe(200);
    expect((await fromCache(url)).status).toBe(500);
    expect(count.gets).toBe(1);
  });

  it("small ones are read once, and those that are asked for at the same time are all answered", async () => {
    const { url } = await scene();
    const { count, bindings } = counted();
    const texts = await Promise.all([1, 2, 3, 4].map(async () => (await ask(url, {}, bindings)).text()));
    expect(texts).toEqual([TEXT, TEXT, TEXT, TEXT]);
    expect(count.gets).toBe(4);
    expect((await fromCache(url)).status).toBe(200);
  });
});

describe("delivery: a cache in trouble", () => {
  const hang = (): Promise<never> => new Promise(() => {});
  const fail = (): Promise<never> => Promise.reject(new Error("fault: the cache"));

  it.each([
    ["lookups fail", { match: fail }],
    ["lookups hang", { match: hang }],
    ["nothing can be kept", { put: fail }],
    ["what is to be kept hangs", { put: hang }],
    ["all fails", { match: fail, put: fail }],
    ["all hangs", { match: hang, put: hang }],
  ])("%s: the file comes all the same", async (_what, methods) => {
    const { url, key, asset } = await scene();
    const open = cacheWith(methods);
    const response = await ask(url);
    expect([response.status, await response.text()]).toEqual([200, TEXT]);
    const range = await ask(url, { headers: { Range: "bytes=1-2" } });
    expect([range.status, await range.text()]).toEqual([206, "12"]);
    expect(logged.join()).not.toContain(key.token);
    expect(logged.join()).not.toContain(asset.filename);
    open.mockRestore();
    // A fill that was given up keeps nobody from trying again.
    expect(await (await ask(url)).text()).toBe(TEXT);
    expect((await fromCache(url)).status).toBe(200);
  });

  it("a part that the cache cannot give comes from R2", async () => {
    const { url } = await scene();
    await ask(url);
    const cache = await caches.open("strongroom-delivery");
    cacheWith({ match: (request) => cache.match(request instanceof Request ? request.url : (request as string)) });
    const response = await ask(url, { headers: { Range: "bytes=1-2" } });
    expect([response.status, await response.text(), response.headers.get("Age")]).toEqual([206, "12", null]);
    expect(requests().at(-1)).toMatchObject({ cache: "miss" });
  });

  it("a body that breaks off in R2 is neither sent as if it were whole nor kept", async () => {
    for (const size of [1000, 2 * MIB]) {
      const { url } = await scene({ file: new File([new Uint8Array(size)], "half.bin") });
      const half = async (...args: Parameters<R2Bucket["get"]>): Promise<unknown> => {
        const object = (await env.BUCKET.get(...args)) as R2ObjectBody;
        const bytes = new Uint8Array(await object.arrayBuffer()).subarray(0, size / 2);
        const body = new Response(bytes).body;
        return { key: object.key, size: object.size, body };
      };
      const bindings = { ...env, BUCKET: { get: half } } as unknown as typeof env;
      // What is small is read before it is answered. Of what is not, HTTP itself sees that its end is missing.
      const { status, headers } = await ask(url, {}, bindings);
      expect([status, headers.get("Content-Length")]).toEqual(
        size === 1000 ? [503, expect.any(String)] : [200, String(size)],
      );
      expect((await fromCache(url)).status).toBe(500);
    }
  });
});

it("delivery: on workers.dev, where there is no cache, every answer comes from the vault", async () => {
  const { url } = await scene();
  const { count, bindings } = counted();
  for (const origin of ["https://strongroom.me.workers.dev", "https://strongroom.me.workers.dev"]) {
    const response = await sendTo(new Request(origin + url), bindings);
    expect([await response.text(), response.headers.get("Age")]).toEqual([TEXT, null]);
  }
  expect(count.gets).toBe(2);
  expect(requests().at(-1)).toMatchObject({ cache: null });
});

it("delivery: where CACHE_HOST is set, whatever Host a client sends, a file is kept once", async () => {
  const { url } = await scene();
  const { count, bindings } = counted();
  const left: Promise<unknown>[] = [];
  const waitUntil = (work: Promise<unknown>): void => void left.push(work);
  for (const host of ["one.example", "two.example:81", "me.workers.dev"]) {
    const request = new Request(`https://${host}${url}`);
    const response = await sendTo(request, { ...bindings, CACHE_HOST: "cache.invalid" }, { waitUntil });
    expect(await response.text()).toBe(TEXT);
    await Promise.all(left);
  }
  expect(count.gets).toBe(1);
});

describe("token in a URL", () => {
  it("is taken from delivery keys alone, and names what is wrong", async () => {
    const { vault, byId, byPath } = await scene();
    const keys = [vault.secretKey, vault.publicKey];
    for (const path of [byId, byPath]) {
      for (const token of keys) {
        const response = await ask(`${path}?token=${token}`);
        expect(await refusal(response, 403, "FORBIDDEN")).toBe(
          "token: must be a delivery key, dk_…: no other key is taken from a URL",
        );
      }
      for (const token of ["", "x", env.ADMIN_TOKEN, "dk_", `dk_${"0".repeat(95)}`]) {
        const response = await ask(`${path}?token=${encodeURIComponent(token)}`);
        expect(response.headers.get("WWW-Authenticate")).toMatch(/^Bearer /);
        expect(await refusal(response, 401, "UNAUTHORIZED")).toMatch(/^token: /);
      }
    }
    for (const secret of [...keys, env.ADMIN_TOKEN]) expect(logged.join()).not.toContain(secret);
  });

  it("is one of one credential, else 400", async () => {
    const { vault, asset, byId, byPath, key, url } = await scene();
    const link = await vault.request("POST", `${vault.assets}/${asset.id}/links`, {});
    const { url: signed } = await link.json<{ url: string }>();
    const query = new URL(signed).search.slice(1);
    const message = "token: must be given once, and neither beside a signature nor beside Authorization";
    const wrong = [
      await ask(`${url}&${query}`),
      await ask(`${byPath}?token=${key.token}&signature=x`),
      await ask(`${url}&token=${key.token}`),
      await get(url, bearer(vault.secretKey)),
      await get(url, bearer(key.token)),
      await get(url, { Authorization: "Basic x" }),
    ];
    for (const response of wrong) expect(await refusal(response, 400, "INVALID_PARAMS")).toBe(message);
    expect((await ask(`${byId}?${query}`)).status).toBe(200);
    // Links are to assets: at a path a signature means nothing.
    await refusal(await ask(`${byPath}?${query}`), 401, "UNAUTHORIZED");
  });

  it("opens no other endpoint", async () => {
    const { vault, asset, key } = await scene();
    const token = `token=${key.token}`;
    const tries: [string, string][] = [
      ["GET", `${vault.assets}?${token}`],
      ["GET", `${vault.assets}/${asset.id}?${token}`],
      ["DELETE", `${vault.assets}/${asset.id}?${token}`],
      ["POST", `${vault.assets}?${token}`],
      ["POST", `${vault.assets}/${asset.id}/links?${token}`],
      ["GET", `${vault.path}/changes?${token}`],
      ["GET", `${vault.path}/keys?${token}`],
      ["GET", `${vault.path}?${token}`],
    ];
    for (const [method, path] of tries) await refusal(await ask(path, { method }), 401, "UNAUTHORIZED");
    expect(logged.join()).not.toContain(key.token);
  });
});
