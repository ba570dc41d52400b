import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { newAssetId } from "../../src/model/id.ts";
import { OPERATOR, admin, bearer, PATH, refusal, send, TestVault, textFile } from "../support/api.ts";

const TEXT = "0123456789abcdef";

afterEach(() => {
  vi.useRealTimers();
});

async function vaultWith(file: File = textFile(TEXT, "digits.txt")) {
  const vault = await TestVault.create();
  const asset = await vault.upload({ file });
  const path = `${vault.assets}/${asset.id}/content`;
  const get = (headers: Record<string, string> = {}, method = "GET", query = "") =>
    send(path + query, { method, headers: { ...bearer(vault.publicKey), ...headers } });
  return { vault, asset, path, get };
}

const sha256 = async (text: string): Promise<Buffer> =>
  Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));

describe("content", () => {
  it("returns the bytes with every header that a client relies on", async () => {
    const { asset, get } = await vaultWith();
    const response = await get();
    const digest = await sha256(TEXT);
    expect([response.status, await response.text()]).toEqual([200, TEXT]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/plain",
      "content-length": "16",
      etag: `"${digest.toString("hex")}"`,
      "last-modified": new Date(asset.created_at).toUTCString(),
      "accept-ranges": "bytes",
      "repr-digest": `sha-256=:${digest.toString("base64")}:`,
      "content-disposition": 'inline; filename="digits.txt"',
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox; default-src 'none'; media-src 'self'; style-src 'unsafe-inline'",
      "cache-control": "private, no-cache, no-transform",
    });
  });

  it.each([
    ["text/javascript", "script"],
    ["application/javascript; charset=utf-8", "serviceworker"],
    ["text/css", "style"],
    ["text/x-ecmascript", "something-new"],
  ])("is not given to a page of this origin that would run it: %s, for %s", async (type, destination) => {
    const { get } = await vaultWith(new File([TEXT], "file", { type }));
    const asking = (site: string, dest: string) => get({ "Sec-Fetch-Site": site, "Sec-Fetch-Dest": dest });
    const refused = await asking("same-origin", destination);
    expect(await refusal(refused, 403, "FORBIDDEN")).toBe("content must not be run by a page of this server");
    for (const response of [
      await asking("cross-site", destination),
      await asking("same-origin", "empty"),
      await get(),
    ]) {
      expect([response.status, await response.text()]).toEqual([200, TEXT]);
      expect(response.headers.get("Vary")).toBe("Sec-Fetch-Site, Sec-Fetch-Dest");
    }
  });

  it("answers HEAD with the same headers and no body, whatever the Range", async () => {
    const { get } = await vaultWith();
    const [full, head] = [await get(), await get({ Range: "bytes=0-1" }, "HEAD")];
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const {
      date: _date,
      "x-request-id": _id,
      "server-timing": _timing,
      ...expected
    } = Object.fromEntries(full.headers);
    expect(Object.fromEntries(head.headers)).toMatchObject(expected);
  });

  it.each([
    ["bytes=0-0", 206, "0", "bytes 0-0/16"],
    ["bytes=3-5", 206, "345", "bytes 3-5/16"],
    ["bytes=10-", 206, "abcdef", "bytes 10-15/16"],
    ["bytes=10-999", 206, "abcdef", "bytes 10-15/16"],
    ["bytes=-4", 206, "cdef", "bytes 12-15/16"],
    ["bytes=-999", 206, TEXT, "bytes 0-15/16"],
    ["BYTES=0-0", 206, "0", "bytes 0-0/16"],
    ["bytes=0-1,4-5", 200, TEXT, null],
    ["bytes=5-3", 200, TEXT, null],
    ["bytes=-", 200, TEXT, null],
    ["bytes=x", 200, TEXT, null],
    ["lines=0-1", 200, TEXT, null],
    ["bytes=0-1 2", 200, TEXT, null],
    ["bytes=0 -1", 200, TEXT, null],
    ["bytes= 0-1", 200, TEXT, null],
    ["bytes =0-1", 200, TEXT, null],
    ["bytes=-5-", 200, TEXT, null],
    ["bytes=0x1-", 200, TEXT, null],
    ["bytes=+1-2", 200, TEXT, null],
    [`bytes=0-${"9".repeat(400)}`, 206, TEXT, "bytes 0-15/16"],
  ])("answers Range %s with %i", async (range, status, text, contentRange) => {
    const { get } = await vaultWith();
    const response = await get({ Range: range });
    expect([response.status, await response.text(), response.headers.get("Content-Range")]).toEqual([
      status,
      text,
      contentRange,
    ]);
    expect(response.headers.get("Content-Length")).toBe(String(text.length));
  });

  it.each(["bytes=16-", "bytes=99-100", "bytes=-0"])("answers Range %s with 416 and the size", async (range) => {
    const { get } = await vaultWith();
    const response = await get({ Range: range });
    expect(response.headers.get("Content-Range")).toBe("bytes */16");
    await refusal(response, 416, "RANGE_NOT_SATISFIABLE");
  });

  it("answers a range of an empty file with 416, and a range of its end with 200", async () => {
    const { get } = await vaultWith(textFile(""));
    const response = await get();
    expect([response.status, await response.text(), response.headers.get("Content-Length")]).toEqual([200, "", "0"]);
    for (const range of ["bytes=0-", "bytes=0-5", "bytes=-0"]) expect((await get({ Range: range })).status).toBe(416);
    for (const range of ["bytes=-1", "bytes=-5", `bytes=-${"9".repeat(400)}`]) {
      const suffix = await get({ Range: range });
      expect([suffix.status, await suffix.text(), suffix.headers.get("Content-Range")]).toEqual([200, "", null]);
    }
  });

  it("follows the conditions of RFC 9110 in their order", async () => {
    const { asset, get } = await vaultWith();
    const etag = `"${(await sha256(TEXT)).toString("hex")}"`;
    const at = (seconds: number) => new Date(Date.parse(asset.created_at) + seconds * 1000).toUTCString();
    const cases: [Record<string, string>, number][] = [
      [{ "If-None-Match": etag }, 304],
      [{ "If-None-Match": `"x", W/${etag}` }, 304],
      [{ "If-None-Match": "*" }, 304],
      [{ "If-None-Match": '"x"' }, 200],
      [{ "If-Modified-Since": at(0) }, 304],
      [{ "If-Modified-Since": at(-1) }, 200],
      ...["nonsense", "0", "2099", "foo 2099", new Date(Date.now() + 1e9).toISOString()].flatMap(
        (junk): [Record<string, string>, number][] => [
          [{ "If-Modified-Since": junk }, 200],
          [{ "If-Unmodified-Since": junk }, 200],
          [{ Range: "bytes=0-0", "If-Range": junk }, 200],
        ],
      ),
      [{ "If-Modified-Since": at(86_400).replace("GMT", "PST") }, 200],
      [{ "If-Unmodified-Since": at(-86_400).replace("GMT", "+0000") }, 200],
      [{ "If-None-Match": '"x"', "If-Modified-Since": at(0) }, 200], // The tag decides.
      [{ "If-Match": etag }, 200],
      [{ "If-Match": "*" }, 200],
      [{ "If-Match": `W/${etag}` }, 412],
      [{ "If-Match": '"x"' }, 412],
      [{ "If-Unmodified-Since": at(0) }, 200],
      [{ "If-Unmodified-Since": at(-1) }, 412],
      [{ "If-Match": etag, "If-Unmodified-Since": at(-1) }, 200], // The tag decides.
      [{ "If-Match": '"x"', "If-None-Match": etag }, 412],
      [{ Range: "bytes=0-0", "If-Range": etag }, 206],
      [{ Range: "bytes=0-0", "If-Range": at(0) }, 200], // A date of whole seconds is no strong validator.
      [{ Range: "bytes=0-0", "If-Range": at(1) }, 200],
      [{ Range: "bytes=0-0", "If-Range": '"x"' }, 200],
      [{ Range: "bytes=0-0", "If-Range": `W/${etag}` }, 200],
      [{ Range: "bytes=99-", "If-None-Match": etag }, 304],
    ];
    for (const [headers, status] of cases) {
      const response = await get(headers);
      await response.arrayBuffer();
      expect([headers, response.status]).toEqual([headers, status]);
    }
  });

  it("has in a 304 the headers that a cache keeps up to date", async () => {
    const { get } = await vaultWith();
    const full = await get();
    await full.arrayBuffer();
    const etag = full.headers.get("ETag") ?? "";
    const unchanged = await get({ "If-None-Match": etag });
    expect([unchanged.status, await unchanged.text()]).toEqual([304, ""]);
    for (const name of ["ETag", "Content-Location", "Cache-Control", "Last-Modified", "Vary"]) {
      expect([name, unchanged.headers.get(name)]).toEqual([name, full.headers.get(name)]);
    }
    for (const name of ["Content-Type", "Content-Length"]) expect(unchanged.headers.has(name)).toBe(false);
  });

  it("serves a stored type that does not parse as unknown bytes", async () => {
    const { vault, asset } = await vaultWith();
    for (const mime_type of ["text/plain;,text/html", "[object JsRpcStub]", "image/png, text/html"]) {
      const id = newAssetId();
      const { vault_id: _vault, created_at: _created, updated_at: _updated, ...stored } = asset;
      const committed = await vault.rpc.commitUpload(
        OPERATOR,
        { ...stored, id, mime_type, sha256: "00".repeat(32) },
        false,
      );
      expect(committed.ok).toBe(true);
      const response = await vault.request("GET", `${vault.assets}/${id}/content`);
      await response.arrayBuffer();
      expect(response.headers.get("Content-Type")).toBe("application/octet-stream");
      expect(response.headers.get("Content-Disposition")).toMatch(/^attachment/);
    }
  });

  it.each([
    ["text/html", "page.html"],
    ["image/svg+xml", "x.svg"],
    ["application/xhtml+xml; charset=utf-8", "x"],
    ["TEXT/XML", "x.xml"],
    ["application/pdf", "x.pdf"],
    ["text/javascript", "x.js"],
    ["application/octet-stream", "x.bin"],
    ['text/html; a="text/plain"', "x.html"],
    ["image/svg+xml;image=png", "x.svg"],
    ["image/*", "x.svg"],
  ])("never shows %s in place", async (type, name) => {
    const { get } = await vaultWith(textFile("<script>alert(1)</script>", name, type));
    for (const query of ["", "?disposition=inline"]) {
      const response = await get({}, "GET", query);
      expect(response.headers.get("Content-Disposition")).toMatch(/^attachment; /);
      expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
      expect(response.headers.get("Content-Security-Policy")).toContain("sandbox");
      await response.arrayBuffer();
    }
  });

  it.each([
    ["plain.png", 'filename="plain.png"'],
    ["a b.png", 'filename="a b.png"'],
    ['q"uote.png', "filename=\"q_uote.png\"; filename*=UTF-8''q%22uote.png"],
    [
      "naïve ☃ (1)'*.png",
      "filename=\"na_ve _ (1)'*.png\"; filename*=UTF-8''na%C3%AFve%20%E2%98%83%20%281%29%27%2A.png",
    ],
    ["100%.png", "filename=\"100_.png\"; filename*=UTF-8''100%25.png"],
  ])("names the file %s as RFC 6266 says", async (filename, expected) => {
    const vault = await TestVault.create();
    const { id } = await vault.upload({ file: textFile("x", "x.png", "image/png"), filename });
    const send1 = async (query: string) => {
      const response = await vault.request("GET", `${vault.assets}/${id}/content${query}`);
      await response.arrayBuffer();
      return response.headers.get("Content-Disposition");
    };
    expect([await send1(""), await send1("?download")]).toEqual([`inline; ${expected}`, `attachment; ${expected}`]);
  });

  it("answers 404 for an asset that is not there, and 401 and 403 as everywhere", async () => {
    const { vault, path, asset } = await vaultWith();
    const other = await TestVault.create();
    await refusal(
      await send(`${vault.assets}/nonsense/content`, { headers: bearer(vault.publicKey) }),
      404,
      "ASSET_NOT_FOUND",
    );
    await refusal(await send(path), 401, "UNAUTHORIZED");
    await refusal(await send(path, { headers: bearer(other.publicKey) }), 403, "FORBIDDEN");
    await vault.delete(asset.id);
    await refusal(await send(path, { headers: bearer(vault.publicKey) }), 404, "ASSET_NOT_FOUND");
  });

  it("answers 503, not an empty 200, when a body is lost", async () => {
    const { asset, get } = await vaultWith();
    await env.BUCKET.delete(asset.r2_key);
    await refusal(await get(), 503, "UNAVAILABLE");
  });
});

describe("content by path", () => {
  it("returns the newest asset of that name", async () => {
    const vault = await TestVault.create();
    const file = (name: string) => vault.request("GET", `${vault.path}/files/marketing/blog/hero-images/${name}`);
    await vault.upload({ file: textFile("old", "a ☃.txt") });
    const newest = await vault.upload({ file: textFile("new", "a ☃.txt") });
    await vault.upload({ file: textFile("else", "b.txt") });
    const response = await file(encodeURIComponent("a ☃.txt"));
    expect([response.status, await response.text()]).toEqual([200, "new"]);
    expect(response.headers.get("Content-Location")).toBe(`${vault.assets}/${newest.id}/content`);
    await vault.delete(newest.id);
    expect(await (await file(encodeURIComponent("a ☃.txt"))).text()).toBe("old");
    await refusal(await file("c.txt"), 404, "ASSET_NOT_FOUND");
    await refusal(await file("a%2Fb"), 400, "INVALID_PARAMS");
    for (const name of ["%FF", "a%E2%98.txt", "%C3", "%ED%A0%80"]) {
      expect(await refusal(await file(name), 400, "INVALID_PARAMS")).toBe(
        "filename: must be UTF-8 in percent-encoding",
      );
    }
    await refusal(await vault.request("GET", `${vault.path}/files/A/b/c/d`), 400, "INVALID_PARAMS");
  });

  it("names the path that was not found, decoded, in a 404 by path alone", async () => {
    const vault = await TestVault.create();
    const get = (path: string) => vault.request("GET", `${vault.path}/files/${path}`);
    for (const [sent, shown] of [
      ["marketing/blog/hero-images/photo.jpg", "marketing/blog/hero-images/photo.jpg"],
      ["a/b/c/n%C3%A4me%20%26%20more.txt", "a/b/c/näme & more.txt"],
    ] as const) {
      const message = `no asset at ${shown} in this vault`;
      expect(await refusal(await get(sent), 404, "ASSET_NOT_FOUND")).toBe(message);
    }
    const gone = await vault.upload();
    await vault.delete(gone.id);
    expect(await refusal(await get("marketing/blog/hero-images/hello.txt"), 404, "ASSET_NOT_FOUND")).toContain("hello");
    expect(
      await refusal(await vault.request("GET", `${vault.assets}/${gone.id}/content`), 404, "ASSET_NOT_FOUND"),
    ).toBe("no asset with this id in this vault");
  });
});

describe("content by path, under conditions", () => {
  it("ignores conditions on dates, because an older asset can come after the newest", async () => {
    const vault = await TestVault.create();
    const get = (headers: Record<string, string> = {}) =>
      vault.request("GET", `${vault.path}/files/marketing/blog/hero-images/a.txt`, undefined, headers);
    await vault.upload({ file: textFile("old", "a.txt") });
    const newest = await vault.upload({ file: textFile("new", "a.txt") });
    const first = await get();
    const etag = first.headers.get("ETag") ?? "";
    expect([await first.text(), first.headers.get("Last-Modified")]).toEqual(["new", null]);
    const unchanged = await get({ "If-None-Match": etag });
    expect([
      unchanged.status,
      unchanged.headers.get("Content-Location"),
      unchanged.headers.get("Cache-Control"),
    ]).toEqual([304, `${vault.assets}/${newest.id}/content`, first.headers.get("Cache-Control")]);
    await vault.delete(newest.id);
    const later = new Date(Date.now() + 1e9).toUTCString();
    const earlier = new Date(0).toUTCString();
    for (const headers of [
      { "If-Modified-Since": later },
      { "If-Unmodified-Since": earlier },
      { "If-None-Match": etag },
    ]) {
      const response = await get(headers);
      expect([headers, response.status, await response.text()]).toEqual([headers, 200, "old"]);
    }
    await refusal(await get({ "If-Match": etag }), 412, "PRECONDITION_FAILED");
  });
});

describe("signed links", () => {
  const make = async (vault: TestVault, asset: AssetRecord, body: unknown = {}) => {
    const response = await vault.request("POST", `${vault.assets}/${asset.id}/links`, body);
    expect(response.status, await response.clone().text()).toBe(201);
    return response.json<{ url: string; expires_at: string }>();
  };
  const open = (url: string, init?: RequestInit) => send(url.slice(new URL(url).origin.length), init);

  it("open the content without a key, for the time that was asked for", async () => {
    const { vault, asset } = await vaultWith();
    const before = Date.now();
    const { url, expires_at } = await make(vault, asset, { expires_in: 60 });
    expect(Date.parse(expires_at) - before).toBeGreaterThan(58_000);
    expect(Date.parse(expires_at) - before).toBeLessThanOrEqual(61_000);
    const response = await open(url);
    expect([response.status, await response.text()]).toEqual([200, TEXT]);
    expect((await open(url, { method: "HEAD" })).status).toBe(200);
    expect(await (await open(url, { headers: { Range: "bytes=0-1" } })).text()).toBe("01");
    const day = Date.parse((await make(vault, asset)).expires_at) - before;
    expect(day).toBeGreaterThan(3_590_000);
  });

  it("can be made for an attachment", async () => {
    const { vault, asset } = await vaultWith();
    const { url } = await make(vault, asset, { disposition: "attachment" });
    expect((await open(url)).headers.get("Content-Disposition")).toMatch(/^attachment/);
    await refusal(await open(url.replace("disposition=attachment", "disposition=inline")), 403, "FORBIDDEN");
  });

  it("answer 403 when they were tampered with in any way", async () => {
    const { vault, asset } = await vaultWith();
    const other = await vault.upload();
    const { url } = await make(vault, asset);
    const link = new URL(url);
    const changed = (name: string, value: string) => {
      const copy = new URL(link);
      copy.searchParams.set(name, value);
      return copy.href;
    };
    const signature = link.searchParams.get("signature") ?? "";
    const expires = Number(link.searchParams.get("expires"));
    for (const bad of [
      changed("expires", String(expires + 1)),
      changed("expires", `0${expires}`),
      changed("expires", "x"),
      changed("key", "key_01arz3ndektsv4rrffq69g5fav"),
      changed("signature", signature.slice(0, -1)),
      changed("signature", `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`),
      changed("signature", ""),
      changed("disposition", "attachment"),
      `${url}&expires=${expires}`,
      url.replace(asset.id, other.id),
      url.replace(asset.id, "nonsense"),
    ]) {
      await refusal(await open(bad), 403, "FORBIDDEN");
    }
  });

  it("answer 403 when they have expired", async () => {
    const { vault, asset } = await vaultWith();
    const { url } = await make(vault, asset, { expires_in: 60 });
    vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ["Date"] });
    expect(await refusal(await open(url), 403, "FORBIDDEN")).toBe("this link has expired");
  });

  it("end with the key that made them, and not with another key", async () => {
    const { vault, asset } = await vaultWith();
    const { url: kept } = await make(vault, asset);
    const created = await vault.request("POST", `${vault.path}/keys`, {});
    const key = await created.json<{ id: string; token: string }>();
    const response = await send(`${vault.assets}/${asset.id}/links`, {
      method: "POST",
      headers: { ...bearer(key.token), "Content-Type": "application/json" },
      body: "{}",
    });
    const { url } = await response.json<{ url: string }>();
    expect((await open(url)).status).toBe(200);
    await send(`${vault.path}/keys/${key.id}`, { method: "DELETE", headers: admin });
    expect(await refusal(await open(url), 403, "FORBIDDEN")).toBe("this link is no longer valid");
    expect((await open(kept)).status).toBe(200);
    await vault.delete(asset.id);
    await refusal(await open(kept), 404, "ASSET_NOT_FOUND");
  });

  it("are made by secret keys alone, for assets that exist, within the limits", async () => {
    const { vault, asset } = await vaultWith();
    const path = `${vault.assets}/${asset.id}/links`;
    const as = (token: string) =>
      send(path, { method: "POST", headers: { ...bearer(token), "Content-Type": "application/json" }, body: "{}" });
    await refusal(await as(vault.publicKey), 403, "FORBIDDEN");
    for (const expires_in of [0, -1, 604_801, 1.5, "60", null]) {
      expect(await refusal(await vault.request("POST", path, { expires_in }), 400, "INVALID_PARAMS")).toMatch(
        /^expires_in: must be a whole number/,
      );
    }
    await refusal(await vault.request("POST", path, { disposition: "x" }), 400, "INVALID_PARAMS");
    await refusal(await vault.request("POST", `${vault.assets}/nonsense/links`, {}), 404, "ASSET_NOT_FOUND");
  });
});

describe("create-only uploads", () => {
  const upload = (vault: TestVault, init: { name: string; condition?: string }) => {
    const form = new FormData();
    for (const [field, value] of Object.entries(PATH)) form.set(field, value);
    form.set("file", textFile("x", init.name));
    return send(vault.assets, {
      method: "POST",
      headers: { ...bearer(vault.secretKey), "If-None-Match": init.condition ?? "*" },
      body: form,
    });
  };

  it("answer 412 if the path already has that filename, and leave nothing", async () => {
    const vault = await TestVault.create();
    expect((await upload(vault, { name: "a" })).status).toBe(201);
    await refusal(await upload(vault, { name: "a" }), 412, "PRECONDITION_FAILED");
    expect((await upload(vault, { name: "b" })).status).toBe(201);
    expect(await vault.bodies()).toHaveLength(2);
    await refusal(await upload(vault, { name: "c", condition: '"x"' }), 400, "INVALID_PARAMS");
  });

  it("let exactly one of ten at once succeed", async () => {
    const vault = await TestVault.create();
    const statuses = (await Promise.all(Array.from({ length: 10 }, () => upload(vault, { name: "one" })))).map(
      (response) => response.status,
    );
    expect(statuses.toSorted((a, b) => a - b)).toEqual([201, ...Array.from({ length: 9 }, () => 412)]);
    expect(await vault.bodies()).toHaveLength(1);
  });
});
