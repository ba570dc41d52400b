import { createHash, randomBytes } from "node:crypto";
import { openAsBlob, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, inject, it, vi } from "vitest";
import { type AssetListParameters, Strongroom, StrongroomAdmin } from "../../src/client/index.ts";
import { temporaryState } from "../local/server-process.ts";
import { all, failure, PATH, useServer } from "./server.ts";

const MIB = 1024 * 1024;

/** The client against the server that `npm start` runs. */
const server = useServer();

const admin = (): StrongroomAdmin =>
  new StrongroomAdmin({ url: server.credentials.url, token: server.credentials.admin_token });

/** A vault of its own. */
async function newVault(): Promise<Strongroom> {
  const { secret_key } = await admin().vaults.create({ name: "test" });
  return new Strongroom({ url: `${server.credentials.url}/`, key: secret_key });
}

const file = (content = "hello", name = "hello.txt", type = "text/plain"): File => new File([content], name, { type });

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const streamOf = (...chunks: Uint8Array[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
  });

describe("an asset's life", () => {
  it("is uploaded, got, changed, downloaded and deleted", async () => {
    const vault = await newVault();
    const metadata = { alt: "A cat", nested: { n: [1, null] } };
    const created = await vault.assets.upload(file(), { ...PATH, metadata, tags: ["hero", "cats"] });
    expect(created).toMatchObject({ ...PATH, filename: "hello.txt", size: 5, mime_type: "text/plain", metadata });
    expect(created).toMatchObject({ vault_id: vault.vaultId, tags: ["hero", "cats"], durability: "recorded" });
    expect(created.etag).toMatch(/^"[^"]+"$/);

    const got = await vault.assets.get(created.id);
    expect(got).toEqual(created);

    const changed = await vault.assets.update(got.id, { metadata: { alt: null }, tags: [] }, { ifMatch: got.etag });
    expect(changed).toMatchObject({ metadata: { alt: null, nested: { n: [1, null] } }, tags: [] });
    expect(changed.etag).not.toBe(got.etag);
    const merged = await vault.assets.update(got.id, { metadata: { alt: null }, tags: null }, { mergePatch: true });
    expect(merged.metadata).toEqual({ nested: { n: [1, null] } });

    const response = await vault.assets.download(got.id);
    expect([response.status, response.headers.get("Content-Type")]).toEqual([200, "text/plain"]);
    expect(await response.text()).toBe("hello");

    expect(await vault.assets.delete(got.id, { ifMatch: merged.etag })).toBeUndefined();
    expect(await failure(vault.assets.get(got.id))).toMatchObject({ code: "ASSET_NOT_FOUND", status: 404 });
  });

  it("is not changed or deleted if it has changed since", async () => {
    const vault = await newVault();
    const { id, etag } = await vault.assets.upload(file(), PATH);
    await vault.assets.update(id, { tags: ["a"] });
    const failed = await failure(vault.assets.update(id, { tags: ["b"] }, { ifMatch: etag }));
    expect(failed).toMatchObject({ code: "PRECONDITION_FAILED", status: 412, retryAfter: undefined });
    expect(failed.requestId).toMatch(/^req_/);
    expect(failed.message).toContain("If-Match");
    expect((await failure(vault.assets.delete(id, { ifMatch: etag }))).status).toBe(412);
    expect((await vault.assets.get(id)).tags).toEqual(["a"]);
  });

  it("is moved, renamed and tagged", async () => {
    const vault = await newVault();
    const { id, etag, r2_key } = await vault.assets.upload(file(), { ...PATH, tags: ["a", "b"] });
    const change = { channel: "archive", filename: "old.txt", add_tags: ["c"], remove_tags: ["a"] };
    const moved = await vault.assets.update(id, change, { ifMatch: etag });
    expect(moved).toMatchObject({ ...PATH, channel: "archive", filename: "old.txt", tags: ["b", "c"], r2_key });
    const there = await vault.assets.downloadAt({ ...PATH, channel: "archive", filename: "old.txt" });
    expect(await there.text()).toBe("hello");
    const message = "tags: cannot be given together with add_tags or remove_tags";
    expect(await failure(vault.assets.update(id, { tags: [], add_tags: ["d"] }))).toMatchObject({ message });
  });

  it("is changed and deleted among many", async () => {
    const vault = await newVault();
    const assets = [];
    for (const name of ["a", "b", "c"]) assets.push(await vault.assets.upload(file(name, name), PATH));
    const [a, b, c] = assets.map(({ id }) => id) as [string, string, string];
    const { data, durability } = await vault.assets.batch([
      { op: "update", id: a, metadata: { __proto__: 1, n: 2 }, if_match: assets[0]?.etag ?? "" },
      { op: "delete", id: b, if_match: '"0"' },
      { op: "delete", id: c },
    ]);
    expect(durability).toBe("recorded");
    expect(data).toMatchObject([
      { status: 200, id: a, etag: (await vault.assets.get(a)).etag },
      { status: 412, id: b, error: { code: "PRECONDITION_FAILED", status: 412 } },
      { status: 204, id: c },
    ]);
    const refused = vault.assets.batch(
      [
        { op: "delete", id: a },
        { op: "delete", id: c },
      ],
      { atomic: true },
    );
    expect(await failure(refused)).toMatchObject({
      code: "ASSET_NOT_FOUND",
      message: expect.stringMatching(/^operations\[1\]: /) as string,
    });
    // An etag that was not there must not make the change unconditional.
    const unbound = { op: "delete", id: a, if_match: undefined } as unknown as { op: "delete"; id: string };
    await expect(vault.assets.batch([unbound])).rejects.toThrow(TypeError);
    expect((await vault.assets.get(a)).id).toBe(a);
  });

  it("is deleted with its folder, request by request", async () => {
    const vault = await newVault();
    for (let i = 0; i < 5; i++) await vault.assets.upload(file(`${i}`), { ...PATH, channel: i < 4 ? "x" : "y" });
    const told: number[] = [];
    const folder = { partition: PATH.partition, channel: "x" };
    const onProgress = ({ deleted }: { deleted: number }): void => void told.push(deleted);
    expect(await vault.assets.deleteFolder(folder, { limit: 1, onProgress })).toEqual({ deleted: 1, has_more: true });
    expect(await vault.assets.deleteFolder(folder, { onProgress })).toEqual({ deleted: 3, has_more: false });
    expect(told).toEqual([1, 3]);
    expect(await all(vault.assets.list({ channel: "x" }))).toEqual([]);
    expect(await all(vault.assets.list())).toHaveLength(1);
    const ended = vault.assets.deleteFolder(folder, { signal: AbortSignal.abort() });
    await expect(ended).rejects.toThrow("aborted");
  });

  it("is written once, however often the call is made, by a key of the caller's", async () => {
    const vault = await newVault();
    const upload = (content: string) => vault.assets.upload(file(content), PATH, { idempotencyKey: "mine" });
    const first = await upload("hello");
    expect(await upload("hello")).toEqual(first);
    expect(await failure(upload("other"))).toMatchObject({ code: "IDEMPOTENCY_KEY_REUSED", status: 422 });
    const update = () => vault.assets.update(first.id, { tags: ["a"] }, { idempotencyKey: "u", ifMatch: first.etag });
    expect(await update()).toEqual(await update());
    const batch = () => vault.assets.batch([{ op: "delete", id: first.id }], { idempotencyKey: "b" });
    expect(await batch()).toEqual(await batch());
    expect((await vault.assets.list()).data).toEqual([]);
  });

  it("is created only if its name is free, when that is asked for", async () => {
    const vault = await newVault();
    await vault.assets.upload(file(), PATH, { ifNoneMatch: "*" });
    const again = vault.assets.upload(file(), PATH, { ifNoneMatch: "*" });
    expect((await failure(again)).code).toBe("PRECONDITION_FAILED");
  });
});

describe("upload", () => {
  it("takes files, blobs, bytes, files on disk and streams", async () => {
    const vault = await newVault();
    const bytes = randomBytes(3 * MIB + 7);
    const onDisk = join(temporaryState(), "a");
    writeFileSync(onDisk, bytes);
    const filename = "näme with spaces & signs.bin";
    const fields = { ...PATH, filename };
    const size = bytes.length;
    const ids = [
      await vault.assets.upload(new File([bytes], filename), PATH),
      await vault.assets.upload(new Blob([bytes]), fields),
      await vault.assets.upload(bytes, fields),
      await vault.assets.upload(new Uint16Array(Uint8Array.from(bytes.subarray(0, 3 * MIB)).buffer), fields),
      await vault.assets.upload(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + size), fields),
      await vault.assets.upload(await openAsBlob(onDisk), fields),
      await vault.assets.upload(streamOf(bytes.subarray(0, MIB), bytes.subarray(MIB)), fields, { size }),
    ].map(({ id }) => id);
    for (const [n, id] of ids.entries()) {
      const expected = n === 3 ? bytes.subarray(0, 3 * MIB) : bytes;
      const response = await vault.assets.download(id);
      expect([n, sha256(new Uint8Array(await response.arrayBuffer()))]).toEqual([n, sha256(expected)]);
      expect(await vault.assets.get(id)).toMatchObject({ filename, mime_type: "application/octet-stream" });
    }
  });

  it("takes an empty file, and tells of it once", async () => {
    const vault = await newVault();
    const seen: object[] = [];
    const { size } = await vault.assets.upload(file(""), PATH, { onProgress: (progress) => seen.push(progress) });
    expect([size, seen]).toEqual([0, [{ loaded: 0, total: 0 }]]);
    expect((await vault.assets.upload(streamOf(), { ...PATH, filename: "s" }, { size: 0 })).size).toBe(0);
  });

  it("gives the media type: the one that is asked for, the file's, or that of the name", async () => {
    const vault = await newVault();
    const type = async (blob: Blob, contentType?: string): Promise<string> =>
      (await vault.assets.upload(blob, { ...PATH, filename: "a.webp" }, { contentType })).mime_type;
    expect(await type(file())).toBe("text/plain");
    expect(await type(file(), "text/html; charset=utf-8")).toBe("text/html; charset=utf-8");
    expect(await type(new Blob(["x"]))).toBe("image/webp");
    // As the type of a whole body, this would tell nothing.
    expect(await type(file(), "application/x-www-form-urlencoded")).toBe("application/x-www-form-urlencoded");
  });

  it.each(["multipart/related; boundary=x", "multipart/form-data; boundary=x"])(
    "says that a file cannot be %s, whatever it holds",
    async (contentType) => {
      const vault = await newVault();
      const form = '--x\r\nContent-Disposition: form-data; name="file"; filename="inside"\r\n\r\n\r\n--x--\r\n';
      const failed = await failure(vault.assets.upload(file(form), PATH, { contentType }));
      expect(failed).toMatchObject({ code: "INVALID_PARAMS", message: "a part must not be multipart itself" });
    },
  );

  it.each(["a blob", "a blob with progress", "a stream"])(
    "sends what is too long for a URL with %s all the same",
    async (kind) => {
      const vault = await newVault();
      const metadata = { long: "ä".repeat(30_000), quotes: '"\r\n--' };
      const tags = Array.from({ length: 900 }, (_, n) => `tag ${n}`);
      const bytes = randomBytes(700_000);
      const fields = { ...PATH, filename: "ä\"'.bin", metadata, tags };
      const seen: number[] = [];
      const onProgress = ({ loaded }: { loaded: number }): void => void seen.push(loaded);
      const asset =
        kind === "a stream"
          ? await vault.assets.upload(streamOf(bytes), fields, { size: bytes.length, onProgress })
          : await vault.assets.upload(bytes, fields, kind === "a blob" ? {} : { onProgress });
      expect(asset).toMatchObject({ filename: "ä\"'.bin", size: bytes.length, metadata, tags });
      const response = await vault.assets.download(asset.id);
      expect(sha256(new Uint8Array(await response.arrayBuffer()))).toBe(sha256(bytes));
      // Of the file, not of the form.
      if (kind !== "a blob") expect([seen[0], seen.at(-1)]).toEqual([0, bytes.length]);
    },
  );

  it("keeps every key of metadata and every text, whatever it is, both ways", async () => {
    const vault = await newVault();
    const text = fc.string({ unit: "binary", maxLength: 12 });
    const key = fc.oneof(
      text,
      fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "", "ﬀ\u0000"),
    );
    const value = fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(true, null));
    const inner = fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 5 });
    const object = inner.map((entries): Record<string, unknown> => Object.fromEntries(entries));
    const outer = fc
      .uniqueArray(fc.tuple(key, fc.oneof(value, object, fc.array(value, { maxLength: 3 }))), {
        selector: ([name]) => name,
        maxLength: 5,
      })
      .map((entries): Record<string, unknown> => Object.fromEntries(entries));
    // As JSON has it: no negative zero.
    const asJson = (metadata: object): string => JSON.stringify(metadata);
    await fc.assert(
      fc.asyncProperty(outer, outer, fc.array(text, { maxLength: 4 }), async (metadata, change, tags) => {
        const created = await vault.assets.upload(file(), { ...PATH, metadata, tags });
        expect([asJson(created.metadata), created.tags]).toEqual([asJson(metadata), tags]);
        const { data } = await vault.assets.list({ limit: 1 });
        expect([asJson(data[0]?.metadata ?? {}), data[0]?.tags]).toEqual([asJson(metadata), tags]);
        const changed = await vault.assets.update(created.id, { metadata: change, tags });
        expect([asJson(changed.metadata), changed.tags]).toEqual([asJson({ ...metadata, ...change }), tags]);
      }),
      { numRuns: Math.ceil(inject("fuzzRuns") / 5) },
    );
  });

  it("refuses a name that is no Unicode, which would become another one", async () => {
    const vault = await newVault();
    await expect(vault.assets.upload(file(), { ...PATH, filename: "a\ud800" })).rejects.toThrow(URIError);
    expect((await vault.assets.list()).data).toEqual([]);
  });

  it("sends 100 MiB and tells how it goes, and no more", async () => {
    const vault = await newVault();
    const bytes = randomBytes(MIB);
    const blob = new Blob(Array.from({ length: 100 }, () => bytes));
    const seen: number[] = [];
    const asset = await vault.assets.upload(
      blob,
      { ...PATH, filename: "large.bin" },
      {
        onProgress: ({ loaded, total }) => {
          expect(total).toBe(blob.size);
          seen.push(loaded);
        },
      },
    );
    expect(asset.size).toBe(100 * MIB);
    expect(seen.length).toBeGreaterThan(100);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(100 * MIB);
    const { headers } = await vault.assets.download(asset.id, { range: { offset: 0, length: 1 } });
    const hash = createHash("sha256");
    for (let n = 0; n < 100; n++) hash.update(bytes);
    expect(headers.get("ETag")).toBe(`"${hash.digest("hex")}"`);
    const more = vault.assets.upload(new Blob([blob, "x"]), { ...PATH, filename: "x" }, { resumable: false });
    expect(await failure(more)).toMatchObject({ code: "PAYLOAD_TOO_LARGE", status: 413 });
  });

  it.each(["of a blob", "of a stream"])("%s that is aborted in the middle leaves no asset", async (kind) => {
    const vault = await newVault();
    const bytes = randomBytes(20 * MIB);
    const controller = new AbortController();
    const options = {
      signal: controller.signal,
      size: bytes.length,
      onProgress: ({ loaded }: { loaded: number }): void => {
        if (loaded > 5 * MIB) controller.abort();
      },
    };
    let cancelled: unknown;
    const stream = new ReadableStream<Uint8Array>({
      pull: (source) => source.enqueue(bytes.subarray(0, MIB)),
      cancel: (reason) => {
        cancelled = reason;
      },
    });
    const fields = { ...PATH, filename: "a" };
    const upload =
      kind === "of a blob" ? vault.assets.upload(bytes, fields, options) : vault.assets.upload(stream, fields, options);
    await expect(upload).rejects.toMatchObject({ name: "AbortError" });
    if (kind === "of a stream") expect(cancelled).toMatchObject({ name: "AbortError" });
    expect((await vault.assets.list()).data).toEqual([]);
    // The server has seen it, too: it has ended what it had begun.
    await vault.assets.upload(file(), PATH);
    expect((await vault.assets.list()).data).toHaveLength(1);
  });

  it("refuses a stream that has not the size that it is said to have, and leaves no asset", async () => {
    const vault = await newVault();
    const upload = (size: number): Promise<unknown> =>
      vault.assets.upload(streamOf(new Uint8Array(5), new Uint8Array(5)), { ...PATH, filename: "a" }, { size });
    await expect(upload(9)).rejects.toThrow(/^size: .* more than the 9 bytes/);
    await expect(upload(11)).rejects.toThrow(/^size: .* less than the 11 bytes/);
    expect((await vault.assets.list()).data).toEqual([]);
  });

  it("fails with what its stream fails with, and with what onProgress throws", async () => {
    const vault = await newVault();
    const broken = new Error("the disk is gone");
    const source = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(broken) });
    await expect(vault.assets.upload(source, { ...PATH, filename: "a" }, { size: 1 })).rejects.toBe(broken);
    const onProgress = (): void => {
      throw broken;
    };
    await expect(vault.assets.upload(file(), PATH, { onProgress })).rejects.toBe(broken);
  });
});

describe("list", () => {
  it("awaited is one page, looped over is everything", async () => {
    const vault = await newVault();
    for (let n = 0; n < 5; n++) await vault.assets.upload(file(`${n}`, `${n}.txt`), { ...PATH, tags: [`${n}`] });
    await vault.assets.upload(file(), { ...PATH, partition: "other" });
    const list = vault.assets.list({ partition: "marketing", limit: 2 });
    const page = await list;
    expect(page).toMatchObject({ has_more: true, data: [{ filename: "4.txt", tags: ["4"] }, { filename: "3.txt" }] });
    expect(await list).toBe(page);
    // Three pages.
    expect((await all(list)).map(({ filename }) => filename)).toEqual(["4", "3", "2", "1", "0"].map((n) => `${n}.txt`));
    const { cursor } = page;
    if (cursor === null) throw new Error("there is no second page");
    const rest = await vault.assets.list({ partition: "marketing", limit: 200, cursor });
    expect(rest).toMatchObject({ has_more: false, cursor: null });
    expect(rest.data).toHaveLength(3);
    expect(await all(vault.assets.list())).toHaveLength(6);
  });

  it("says what is wrong", async () => {
    const vault = await newVault();
    const failed = await failure(vault.assets.list({ limit: 201 }));
    expect(failed).toMatchObject({ code: "INVALID_PARAMS", status: 400 });
    expect(failed.message).toMatch(/^limit: /);
    expect(await failure(all(vault.assets.list({ partition: "No" })))).toMatchObject({ status: 400 });
  });
});

describe("download", () => {
  it("gives a range, and what follows an offset", async () => {
    const vault = await newVault();
    const { id } = await vault.assets.upload(file("0123456789"), PATH);
    const part = await vault.assets.download(id, { range: { offset: 2, length: 3 } });
    expect([part.status, part.headers.get("Content-Range"), await part.text()]).toEqual([206, "bytes 2-4/10", "234"]);
    expect(await (await vault.assets.download(id, { range: { offset: 7 } })).text()).toBe("789");
    const outside = vault.assets.download(id, { range: { offset: 10 } });
    expect(await failure(outside)).toMatchObject({ code: "RANGE_NOT_SATISFIABLE", status: 416 });
    const nonsense = vault.assets.download(id, { range: { offset: 0, length: 0 } });
    await expect(nonsense).rejects.toThrow(TypeError);
  });

  it("gives the newest of a name", async () => {
    const vault = await newVault();
    const filename = "a b/ä#?.txt".replace("/", "-");
    await vault.assets.upload(file("old", filename), PATH);
    const { id } = await vault.assets.upload(file("new", filename), PATH);
    const response = await vault.assets.downloadAt({ ...PATH, filename });
    expect(await response.text()).toBe("new");
    expect(response.headers.get("Content-Location")).toContain(id);
    const part = await vault.assets.downloadAt({ ...PATH, filename }, { range: { offset: 1, length: 1 } });
    expect(await part.text()).toBe("e");
    expect((await failure(vault.assets.downloadAt({ ...PATH, filename: "no" }))).code).toBe("ASSET_NOT_FOUND");
  });

  it("is open to whoever has a link", async () => {
    const vault = await newVault();
    const { id } = await vault.assets.upload(file(), PATH);
    const before = Date.now();
    const { url, expires_at } = await vault.assets.createLink(id, { expires_in: 60, disposition: "attachment" });
    expect(Math.abs(Date.parse(expires_at) - before - 60_000)).toBeLessThan(10_000);
    const response = await fetch(url);
    expect(response.headers.get("Content-Disposition")).toMatch(/^attachment/);
    expect(await response.text()).toBe("hello");
    expect((await vault.assets.createLink(id)).url).toContain("signature=");
  });

  it("ends with its signal, in the body too", async () => {
    const vault = await newVault();
    const { id } = await vault.assets.upload(new Blob([randomBytes(30 * MIB)]), { ...PATH, filename: "a" });
    const controller = new AbortController();
    const response = await vault.assets.download(id, { signal: controller.signal });
    const reader = response.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    controller.abort();
    const rest = async (): Promise<void> => {
      while ((await reader?.read())?.done === false);
    };
    await expect(rest()).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("delivery URLs", () => {
  /** What a text is as the source of an image in a page. */
  const inPage = (url: string): string => `<img src='${url}'>`;

  it("open files of any name by a delivery key, by id and by path, and are made without a call", async () => {
    const vault = await newVault();
    const { token } = await vault.keys.create({ type: "delivery" });
    const names = [
      "a b&c=d?e#f.png",
      "100%25.png",
      "'\"<>`.png",
      "日本語 \u{1f600}.png",
      "..x",
      "+;,=@:$!*()[]{}|^~.png",
      "%2F",
    ];
    const made = new Strongroom({
      url: `${server.credentials.url}/`,
      key: token,
      fetch: () => Promise.reject(new Error("a call was made")),
    });
    for (const filename of names) {
      const asset = await vault.assets.upload(new Blob([filename]), { ...PATH, filename });
      const urls = [
        vault.assets.url(asset, { token }),
        vault.assets.url(asset.id, { token }),
        vault.assets.url(asset, { token, by: "path" }),
        made.assets.url(asset),
        made.assets.url({ ...PATH, filename }, { by: "path" }),
      ];
      for (const url of urls) {
        expect(new URL(url).href).toBe(url);
        expect(inPage(url).match(/['"<>\s]/g)).toEqual(["<", " ", "'", "'", ">"]);
        const response = await fetch(url);
        expect([filename, response.status, await response.text()]).toEqual([filename, 200, filename]);
        expect(response.headers.get("Cache-Control")).toMatch(/^public, max-age=300,/);
      }
    }
    const image = await vault.assets.upload(new File(["x"], "x.png", { type: "image/png" }), PATH);
    const dispositions = [undefined, true].map(async (download) => {
      const response = await fetch(vault.assets.url(image, { token, download }));
      return response.headers.get("Content-Disposition")?.split(";")[0];
    });
    expect(await Promise.all(dispositions)).toEqual(["inline", "attachment"]);
    await vi.waitFor(async () => {
      const response = await fetch(vault.assets.url(image, { token }));
      expect([await response.text(), response.headers.has("Age")]).toEqual(["x", true]);
    });
    expect(server.output).not.toContain(token);
  });

  it("are made of delivery keys of the vault alone, and no message shows another", async () => {
    const vault = await newVault();
    const other = await newVault();
    const { token: secret } = await vault.keys.create({ type: "secret" });
    const { token: foreign } = await other.keys.create({ type: "delivery" });
    const { token } = await vault.keys.create({ type: "delivery" });
    for (const wrong of [undefined, "", secret, `${token}x`, foreign]) {
      const attempt = (): string => vault.assets.url("asset_x", { token: wrong });
      expect(attempt).toThrow(TypeError);
      expect(attempt).toThrow(/^token: must be (?:a delivery key, dk_…: no other|a key of this vault)[^]{0,40}$/);
    }
    for (const id of ["", ".", ".."]) expect(() => vault.assets.url(id, { token })).toThrow(TypeError);
  });
});

describe("uploadMany", () => {
  it("yields what became of each file, and one failure ends no other", async () => {
    const vault = await newVault();
    const files = [
      file("a", "a.txt"),
      { file: new Blob(["b"]), filename: "b.txt", tags: ["own"], metadata: { n: 1 }, contentType: "text/html" },
      { file: new Blob(["no name"]) },
      file("c", "no/name"),
      { file: streamOf(new Uint8Array(3)), size: 3, filename: "d", collection: "elsewhere" },
    ];
    const seen = new Map<object, number>();
    const options = {
      onProgress: ({ file: item, loaded }: { file: object; loaded: number }) => seen.set(item, loaded),
    };
    const outcomes = await all(vault.assets.uploadMany(files, { ...PATH, tags: ["all"] }, options));
    expect(new Set(outcomes.map((outcome) => outcome.file))).toEqual(new Set(files));
    const of = (item: object | undefined) => outcomes.find((outcome) => outcome.file === item);
    expect(of(files[0])?.asset).toMatchObject({ filename: "a.txt", tags: ["all"] });
    expect(of(files[1])?.asset).toMatchObject({ filename: "b.txt", tags: ["own"], metadata: { n: 1 } });
    expect(of(files[1])?.asset?.mime_type).toBe("text/html");
    expect(of(files[2])?.error).toBeInstanceOf(TypeError);
    expect(of(files[3])?.error).toMatchObject({ code: "INVALID_PARAMS", status: 400 });
    expect(of(files[4])?.asset).toMatchObject({ filename: "d", collection: "elsewhere", size: 3 });
    expect([seen.get(files[0] ?? {}), seen.get(files[4] ?? {})]).toEqual([1, 3]);
    expect(await all(vault.assets.list())).toHaveLength(3);
  });

  it("stops with its signal: what is under way leaves nothing, and the loop throws", async () => {
    const vault = await newVault();
    const controller = new AbortController();
    let hasEnded = false;
    const stored: string[] = [];
    let storeFirst = (): void => {};
    const firstIsStored = new Promise<void>((resolve) => {
      storeFirst = resolve;
    });
    async function* files(): AsyncGenerator<File> {
      try {
        yield file("small", "small");
        await firstIsStored;
        for (let n = 0; ; n++) yield new File([new Uint8Array(30 * MIB)], `large ${n}`);
      } finally {
        hasEnded = true;
      }
    }
    const options = {
      signal: controller.signal,
      concurrency: 3,
      onProgress: ({ file: { name } }: { file: File }): void => {
        if (name === "large 1") controller.abort();
      },
    };
    const loop = async (): Promise<void> => {
      for await (const { asset } of vault.assets.uploadMany(files(), PATH, options)) {
        stored.push(asset?.filename ?? "");
        storeFirst();
      }
    };
    await expect(loop()).rejects.toMatchObject({ name: "AbortError" });
    expect(hasEnded).toBe(true);
    expect(stored).toEqual(["small"]);
    expect((await all(vault.assets.list())).map(({ filename }) => filename)).toEqual(stored);
  });
});

describe("keys and vaults", () => {
  it("makes, lists and revokes keys", async () => {
    const vault = await newVault();
    const { url } = server.credentials;
    const created = await vault.keys.create({ type: "public", label: "site", expires_at: "2099-01-01T00:00:00Z" });
    expect(created).toMatchObject({ vault_id: vault.vaultId, type: "public", label: "site", revoked_at: null });
    const reader = new Strongroom({ url, key: created.token });
    expect(reader.vaultId).toBe(vault.vaultId);
    expect((await reader.assets.list()).data).toEqual([]);
    expect(await failure(reader.assets.upload(file(), PATH))).toMatchObject({ code: "FORBIDDEN", status: 403 });
    // A vault begins with two.
    expect((await all(vault.keys.list({ limit: 1 }))).map(({ id }) => id)).toContain(created.id);
    expect((await vault.keys.list({ limit: 2 })).data).toHaveLength(2);
    expect(await vault.keys.revoke(created.id)).toBeUndefined();
    expect(await failure(reader.assets.list())).toMatchObject({ code: "UNAUTHORIZED", status: 401 });
    expect((await vault.keys.create()).type).toBe("secret");
    expect((await failure(vault.keys.revoke("key_nothing"))).code).toBe("NOT_FOUND");
  });

  it("does what an operator does", async () => {
    const operator = admin();
    const { id, name, secret_key } = await operator.vaults.create({ name: "operated" });
    expect(name).toBe("operated");
    expect((await all(operator.vaults.list({ limit: 1 }))).map((vault) => vault.id)).toContain(id);
    expect((await operator.vaults.list({ limit: 1 })).data).toHaveLength(1);
    expect(await operator.vaults.get(id)).toMatchObject({ id, assets: 0, lost_windows: [] });
    expect(await operator.vaults.update(id, { name: "renamed", quota_assets: 3 })).toMatchObject({
      name: "renamed",
      usage: { assets: 0, bytes: 0 },
      settings: { quota_assets: 3, quota_bytes: null },
    });
    expect((await operator.vaults.update(id, { quota_assets: null })).settings.quota_assets).toBeNull();
    expect((await operator.vaults.reconcile(id)).id).toBe(id);
    expect(await operator.vaults.clearLostWindows(id)).toBeUndefined();
    const { token } = await operator.keys(id).create({ label: "another" });
    expect((await new Strongroom({ url: server.credentials.url, key: token }).assets.list()).data).toEqual([]);
    // A secret key sees its own vault as an operator does.
    const manager = new StrongroomAdmin({ url: server.credentials.url, token: secret_key });
    expect((await manager.vaults.get(id)).id).toBe(id);
    const own = new Strongroom({ url: server.credentials.url, key: secret_key });
    expect((await own.vaults.get(own.vaultId)).id).toBe(id);
    expect((await own.vaults.reconcile(own.vaultId)).id).toBe(id);
    // It knows its own key among those of the vault.
    expect((await all(own.keys.list())).find((key) => key.id === own.keyId)).toMatchObject({
      type: "secret",
      label: null,
    });
    expect(await failure(manager.vaults.delete(id))).toMatchObject({ status: 403 });
    expect(await failure(manager.vaults.update(id, { name: "x" }))).toMatchObject({ status: 403 });
    expect(await operator.vaults.delete(id)).toMatchObject({ id, status: "deleting" });
    expect((await failure(operator.vaults.get("vault_nothing"))).code).toBe("NOT_FOUND");
  });
});

describe("what is found", () => {
  it("is listed by tags, metadata, name, type, text, time and ids, in both orders; folders with their counts", async () => {
    const vault = await newVault();
    const upload = (name: string, type: string, fields: object) =>
      vault.assets.upload(file("hello", name, type), { ...PATH, ...fields });
    const cat = await upload("Cat.png", "image/png", { tags: ["a", "b&c"], metadata: { n: 1, "a.b": "x" } });
    const dog = await upload("dog.txt", "text/plain", { tags: ["a"], metadata: { n: "1", ["__proto__"]: true } });
    const none = await upload("none.txt", "text/plain", { channel: "other" });
    const found = async (parameters: AssetListParameters): Promise<string[]> =>
      (await all(vault.assets.list(parameters))).map(({ id }) => id);
    expect(await found({ tags: ["a"] })).toEqual([dog.id, cat.id]);
    expect(await found({ tags: ["a"], order: "oldest", limit: 1 })).toEqual([cat.id, dog.id]);
    expect(await found({ tags: ["b&c", "a"] })).toEqual([cat.id]);
    expect(await found({ metadata: { n: 1 } })).toEqual([dog.id, cat.id]);
    expect(await found({ metadata: { n: "1", "a.b": "x" } })).toEqual([cat.id]);
    expect(await found({ metadata: { ["__proto__"]: true } })).toEqual([dog.id]);
    expect(await found({ filename_prefix: "C", mime_type: "image/*", q: "CAT" })).toEqual([cat.id]);
    expect(await found({ created_since: cat.created_at, created_before: "2099-01-01T00:00:00+01:00" })).toHaveLength(3);
    expect(await found({ created_before: cat.created_at })).toEqual([]);
    expect(await found({ ids: [cat.id, none.id] })).toEqual([none.id, cat.id]);
    expect(await found({ ids: [] })).toEqual([]);
    expect(await failure(vault.assets.list({ q: "ab" }))).toMatchObject({ code: "INVALID_PARAMS", status: 400 });

    const { partition, collection } = PATH;
    expect(await all(vault.folders.list())).toEqual([{ name: partition, assets: 3, bytes: 15 }]);
    const channels = await all(vault.folders.list({ partition, collection, limit: 1 }));
    expect(channels).toEqual([
      { name: PATH.channel, assets: 2, bytes: 10 },
      { name: "other", assets: 1, bytes: 5 },
    ]);
    expect(await failure(vault.folders.list({ collection }))).toMatchObject({ code: "INVALID_PARAMS" });
  });
});
