/** Resumable uploads as the protocol tus 1.0.0 has them: what each request must say, and what it is answered. */

import { createHash } from "node:crypto";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { handle } from "../../src/router.ts";
import { bearer, ORIGIN, post, PATH, refusal, send, TestVault } from "../support/api.ts";
import { FIELDS, fileOf, metadata, OFFSET_BYTES, sha256, TUS, TusClient } from "../support/tus.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const clientOf = async (): Promise<TusClient> => new TusClient(await TestVault.create());

/** The record of an asset at a path, whose body is asserted to be this file. */
async function expectAsset(client: TusClient, path: string | null, file: Uint8Array): Promise<AssetRecord> {
  const record = await (await client.vault.request("GET", path ?? "")).json<AssetRecord>();
  const body = await env.BUCKET.get(record.r2_key);
  expect(sha256(new Uint8Array((await body?.arrayBuffer()) ?? new ArrayBuffer(0)))).toBe(sha256(file));
  expect([record.size, body?.httpMetadata?.contentType]).toEqual([file.length, record.mime_type]);
  const content = await client.vault.request("HEAD", `${path}/content`);
  const digest = Buffer.from(sha256(file), "hex").toString("base64");
  expect(content.headers.get("Repr-Digest")).toBe(`sha-256=:${digest}:`);
  return record;
}

describe("a file in several requests", () => {
  it.each([
    ["of one part", 1_000_000, 400_000],
    ["of three parts", 20 * MIB + 5, 7 * MIB],
    ["of whole parts", 16 * MIB, 10 * MIB],
  ])("%s: is the asset that any upload makes", async (_name, size, step) => {
    const client = await clientOf();
    const file = fileOf(size);
    const path = await client.begin(size, { ...FIELDS, metadata: '{"a":1}', tags: '["t"]' });
    let last: Response | undefined;
    for (let at = 0; at < size; at += step) {
      last = await client.append(path, at, file.subarray(at, at + step));
      expect(last.status, await last.text()).toBe(204);
      const offset = String(Math.min(size, at + step));
      expect(last.headers.get("Upload-Offset")).toBe(offset);
      expect(last.headers.get("Tus-Resumable")).toBe("1.0.0");
      const head = await client.head(path);
      expect([head.status, head.headers.get("Upload-Offset"), head.headers.get("Upload-Length")]).toEqual([
        200,
        offset,
        String(size),
      ]);
      expect(head.headers.get("Cache-Control")).toBe("no-store");
      expect((await client.vault.list()).data).toHaveLength(offset === String(size) ? 1 : 0);
    }
    const asset = last?.headers.get("Location") ?? null;
    const record = await expectAsset(client, asset, file);
    expect(record).toMatchObject({
      ...FIELDS,
      mime_type: "application/octet-stream",
      metadata: '{"a":1}',
      tags: '["t"]',
    });
    expect(last?.headers.get("ETag")).toBe((await client.vault.get(record.id)).headers.get("ETag"));
    const head = await client.head(path);
    expect([head.headers.get("Location"), head.headers.get("ETag")]).toEqual([asset, last?.headers.get("ETag")]);
    expect(await (await client.get(path)).json()).toMatchObject({ state: "done", offset: size, asset_id: record.id });
    const changes = await client.vault.request("GET", `${client.vault.path}/changes`);
    expect((await changes.json<{ data: unknown[] }>()).data).toEqual([expect.objectContaining({ asset: record })]);
    await expect.poll(() => client.vault.bodies()).toEqual([record.r2_key]);
  });

  it("a request says in Upload-Expires when the upload ends", async () => {
    const client = await clientOf();
    const created = await client.create(10);
    const path = created.headers.get("Location") ?? "";
    const appended = await client.append(path, 0, bytes("hello"));
    for (const response of [created, appended, await client.head(path)]) {
      const left = Date.parse(response.headers.get("Upload-Expires") ?? "") - Date.now();
      expect(Math.abs(left - 24 * 3_600_000)).toBeLessThan(60_000);
    }
  });
});

describe("creation", () => {
  it("with no bytes to come: the asset is there at once", async () => {
    const client = await clientOf();
    const created = await client.create(0);
    expect([created.status, created.headers.get("Upload-Offset")]).toEqual([201, "0"]);
    await expectAsset(client, created.headers.get("Content-Location"), new Uint8Array(0));
  });

  it.each([
    ["all bytes", 5],
    ["some bytes", 3],
  ])("with %s: they count", async (_name, sent) => {
    const client = await clientOf();
    const headers = { "Upload-Length": "5", "Upload-Metadata": metadata(FIELDS), "Content-Type": OFFSET_BYTES };
    const created = await client.request("POST", client.uploads, headers, bytes("hello").subarray(0, sent));
    expect([created.status, created.headers.get("Upload-Offset")]).toEqual([201, String(sent)]);
    const path = created.headers.get("Location") ?? "";
    expect(path).toMatch(/\/uploads\/upload_[0-9a-z]{26}$/);
    const asset =
      sent === 5
        ? created.headers.get("Content-Location")
        : (await client.append(path, sent, bytes("hello").subarray(sent))).headers.get("Location");
    await expectAsset(client, asset, bytes("hello"));
  });

  it("an image has the size that it is shown with, in however many requests it comes", async () => {
    const client = await clientOf();
    const png = new Uint8Array(200);
    png.set([
      0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 1, 0, 0, 0, 0, 9,
    ]);
    png.set([8, 6, 0, 0, 0], 24);
    png.set([0, 0, 0, 10, 0x49, 0x44, 0x41, 0x54], 33);
    const whole = await client.vault.upload({ file: new File([png], "a.png") });
    expect([whole.width, whole.height]).toEqual([256, 9]);
    for (const step of [5, 100, 200]) {
      const path = await client.begin(png.length, { ...FIELDS, filename: "a.png" });
      let last: Response | undefined;
      for (let at = 0; at < png.length; at += step) last = await client.append(path, at, png.subarray(at, at + step));
      expect(await expectAsset(client, last?.headers.get("Location") ?? null, png)).toMatchObject({
        width: 256,
        height: 9,
      });
    }
  });

  it.each([
    [
      { name: "a.png", filename: "b.png" },
      { filename: "b.png", mime_type: "image/png" },
    ],
    [
      { name: "a.png", type: "image/gif" },
      { filename: "a.png", mime_type: "image/gif" },
    ],
    [
      { name: "a.png", type: "image/gif", filetype: "image/gif", filename: "a.png" },
      { filename: "a.png", mime_type: "image/gif" },
    ],
    [
      { filename: "a.png", type: "image/gif", mime_type: "text/plain" },
      { filename: "a.png", mime_type: "text/plain" },
    ],
    [
      { filename: "a.png", filetype: "" },
      { filename: "a.png", mime_type: "image/png" },
    ],
  ])("takes what clients of tus call a file's name and type: %o", async (fields, expected) => {
    const client = await clientOf();
    const created = await client.create(0, { ...PATH, ...fields });
    const record = await client.vault.request("GET", created.headers.get("Content-Location") ?? "");
    expect(await record.json()).toMatchObject(expected);
  });

  it("names the fields that it does not know", async () => {
    const client = await clientOf();
    const created = await client.create(1, { ...FIELDS, relativePath: "null", tag: "x", file: "y" });
    expect(created.headers.get("Strongroom-Ignored")).toBe("relativePath, tag, file");
  });

  const REFUSED: [what: string, headers: Record<string, string>, status: number, code: string, message: string][] = [
    ["no length", { "Upload-Length": "" }, 400, "INVALID_PARAMS", "Upload-Length: "],
    ["no number as length", { "Upload-Length": "-1" }, 400, "INVALID_PARAMS", "Upload-Length: "],
    ["a length that comes later", { "Upload-Defer-Length": "1" }, 400, "INVALID_PARAMS", "Upload-Defer-Length: "],
    ["a part of a file", { "Upload-Concat": "partial" }, 400, "INVALID_PARAMS", "Upload-Concat: "],
    ["parts of a file", { "Upload-Concat": "final;/a /b" }, 400, "INVALID_PARAMS", "Upload-Concat: "],
    ["a condition", { "If-None-Match": "*" }, 400, "INVALID_PARAMS", "If-None-Match: "],
    ["no ASCII", { "Upload-Metadata": "pärtition YQ==" }, 400, "INVALID_PARAMS", "Upload-Metadata: must be ASCII"],
    ["too large a file", { "Upload-Length": String(5 * GIB + 1) }, 413, "PAYLOAD_TOO_LARGE", "Upload-Length: "],
    ["no version", { "Tus-Resumable": "" }, 412, "PRECONDITION_FAILED", "Tus-Resumable: "],
    ["another version", { "Tus-Resumable": "0.2.2" }, 412, "PRECONDITION_FAILED", "Tus-Resumable: "],
    ["an Idempotency-Key", { "Idempotency-Key": "k" }, 400, "INVALID_PARAMS", "Idempotency-Key: "],
    ["no fields", { "Upload-Metadata": "" }, 400, "INVALID_PARAMS", "missing required fields: partition, collection, "],
    ["no base64", { "Upload-Metadata": "partition a-b" }, 400, "INVALID_PARAMS", "Upload-Metadata: partition "],
    ["two values", { "Upload-Metadata": "partition YQ== YQ==" }, 400, "INVALID_PARAMS", "Upload-Metadata: partition "],
    ["a field twice", { "Upload-Metadata": "partition YQ==,partition YQ==" }, 400, "INVALID_PARAMS", "partition: "],
    ["no UTF-8", { "Upload-Metadata": "partition /w==" }, 400, "INVALID_PARAMS", "partition: "],
    ["a bad field", { "Upload-Metadata": metadata({ ...FIELDS, channel: "A" }) }, 400, "INVALID_PARAMS", "channel: "],
    ["bad tags", { "Upload-Metadata": metadata({ ...FIELDS, tags: "a" }) }, 400, "INVALID_PARAMS", "tags: "],
    [
      "types that differ",
      { "Upload-Metadata": metadata({ ...FIELDS, type: "a/b", filetype: "a/c" }) },
      400,
      "INVALID_PARAMS",
      "filetype, type: ",
    ],
  ];

  it.each(REFUSED)("with %s: is refused", async (_what, headers, status, code, message) => {
    const client = await clientOf();
    const response = await client.create(1, FIELDS, headers);
    expect(response.headers.get("Tus-Resumable")).toBe("1.0.0");
    if (status === 412) expect(response.headers.get("Tus-Version")).toBe("1.0.0");
    expect(await refusal(response, status, code)).toContain(message);
  });

  it("with a body: that must be of its type, and no longer than the file", async () => {
    const client = await clientOf();
    const headers = { "Upload-Length": "5", "Upload-Metadata": metadata(FIELDS) };
    const sendBody = (more: Record<string, string>, body: string): Promise<Response> =>
      client.request("POST", client.uploads, { ...headers, ...more }, body);
    await refusal(await sendBody({ "Content-Type": "a/b" }, "hello"), 415, "UNSUPPORTED_MEDIA_TYPE");
    await refusal(await sendBody({ "Content-Type": OFFSET_BYTES }, "hello!"), 413, "PAYLOAD_TOO_LARGE");
    const encoded = { "Content-Type": OFFSET_BYTES, "Content-Encoding": "br" };
    await refusal(await sendBody(encoded, "hello"), 415, "UNSUPPORTED_MEDIA_TYPE");
  });
});

describe("the next bytes", () => {
  const REFUSED: [what: string, headers: Record<string, string>, status: number, code: string][] = [
    ["without an offset", { "Upload-Offset": "" }, 400, "INVALID_PARAMS"],
    ["of no type", { "Content-Type": "text/plain" }, 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["that are encoded", { "Content-Encoding": "gzip" }, 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["without a version", { "Tus-Resumable": "" }, 412, "PRECONDITION_FAILED"],
    ["of an unknown checksum", { "Upload-Checksum": "md5 AAAA" }, 400, "INVALID_PARAMS"],
    ["of a checksum of another length", { "Upload-Checksum": "sha1 AAAA" }, 400, "INVALID_PARAMS"],
  ];

  it.each(REFUSED)("%s: are refused", async (_what, headers, status, code) => {
    const client = await clientOf();
    const path = await client.begin(10);
    await refusal(await client.append(path, 0, "hello", headers), status, code);
    expect((await client.head(path)).headers.get("Upload-Offset")).toBe("0");
  });

  it("at another offset: 409, which says the right one", async () => {
    const client = await clientOf();
    const path = await client.begin(10);
    await client.append(path, 0, "hello");
    for (const offset of [0, 4, 6, 10]) {
      const response = await client.append(path, offset, "x");
      expect(response.headers.get("Upload-Offset")).toBe("5");
      await refusal(response, 409, "UPLOAD_OFFSET_MISMATCH");
    }
  });

  it.each(["declared", "not declared"])(
    "that are too many, with a length that is %s: 413, and none counts",
    async (how) => {
      const client = await clientOf();
      const path = await client.begin(10);
      await client.append(path, 0, "hello");
      const more = bytes("hello!");
      const body = how === "declared" ? more : new Blob([more]).stream();
      await refusal(await client.append(path, 5, body), 413, "PAYLOAD_TOO_LARGE");
      expect((await client.head(path)).headers.get("Upload-Offset")).toBe("5");
    },
  );

  it.each(["sha1", "sha256"])("with a checksum (%s): count as a whole or not at all", async (algorithm) => {
    const client = await clientOf();
    const file = fileOf(9 * MIB);
    const path = await client.begin(file.length);
    const sumOf = (part: Uint8Array): Record<string, string> => ({
      "Upload-Checksum": `${algorithm} ${createHash(algorithm).update(part).digest("base64")}`,
    });
    await refusal(await client.append(path, 0, file, sumOf(file.subarray(1))), 460, "CHECKSUM_MISMATCH");
    expect((await client.head(path)).headers.get("Upload-Offset")).toBe("0");
    const first = file.subarray(0, 8.5 * MIB);
    expect((await client.append(path, 0, first, sumOf(first))).status).toBe(204);
    const rest = file.subarray(first.length);
    await refusal(await client.append(path, first.length, rest, sumOf(first)), 460, "CHECKSUM_MISMATCH");
    const last = await client.append(path, first.length, rest, sumOf(rest));
    await expectAsset(client, last.headers.get("Location"), file);
  });

  it("the last ones may be sent again: the answer is the same", async () => {
    const client = await clientOf();
    const path = await client.begin(10);
    await client.append(path, 0, "hello");
    const first = await client.append(path, 5, "world");
    const again = await client.append(path, 5, "world");
    expect([again.status, again.headers.get("Location")]).toEqual([204, first.headers.get("Location")]);
    const none = await client.append(path, 10, new Uint8Array(0));
    expect([none.status, none.headers.get("Location")]).toEqual([204, first.headers.get("Location")]);
    await refusal(await client.append(path, 0, "hello"), 409, "UPLOAD_OFFSET_MISMATCH");
    for (const more of ["more", new Blob(["more"]).stream()]) {
      await refusal(await client.append(path, 10, more), 413, "PAYLOAD_TOO_LARGE");
    }
    expect((await client.vault.list()).data).toHaveLength(1);
  });
});

it("HEAD: says what the upload was begun with, while it is under way and when it is done", async () => {
  const client = await clientOf();
  const sent = `${metadata({ ...FIELDS, caption: "é" })}, empty`;
  const begun = await client.create(5, FIELDS, { "Upload-Metadata": sent });
  const path = begun.headers.get("Location") ?? "";
  for (const offset of ["0", "5"]) {
    const { headers } = await client.head(path);
    expect([headers.get("Upload-Offset"), headers.get("Upload-Metadata")]).toEqual([offset, sent]);
    await client.append(path, Number(offset), offset === "0" ? "hello" : "");
  }
});

describe("a client that can send POST alone", () => {
  const byPost = (client: TusClient, method: string, path: string, headers = {}, body?: string): Promise<Response> =>
    // The document has no such POST.
    handle(
      new Request(ORIGIN + path, {
        method: "POST",
        headers: {
          ...bearer(client.vault.secretKey),
          ...TUS,
          "X-HTTP-Method-Override": method,
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
      }),
      env,
    );

  it("names the method in X-HTTP-Method-Override", async () => {
    const client = await clientOf();
    const path = await client.begin(5);
    const next = { "Upload-Offset": "0", "Content-Type": OFFSET_BYTES };
    expect((await byPost(client, "patch", path, next, "hell")).status).toBe(204);
    const head = await byPost(client, "HEAD", path);
    expect([head.status, head.headers.get("Upload-Offset"), await head.text()]).toEqual([200, "4", ""]);
    expect((await byPost(client, "DELETE", path)).status).toBe(204);
    const wrong = await byPost(client, "PUT", path);
    expect(wrong.headers.get("Tus-Resumable")).toBe("1.0.0");
    expect(await refusal(wrong, 405, "METHOD_NOT_ALLOWED")).toBe("PUT is not allowed here");
  });

  it("cannot do so elsewhere, nor with a GET", async () => {
    const client = await clientOf();
    const asset = await client.vault.upload();
    const path = `${client.vault.assets}/${asset.id}`;
    await refusal(await byPost(client, "DELETE", path), 405, "METHOD_NOT_ALLOWED");
    const begun = await client.begin(5);
    const got = await client.request("GET", begun, { "X-HTTP-Method-Override": "DELETE" });
    expect(await got.json()).toMatchObject({ state: "open" });
    expect((await client.vault.get(asset.id)).status).toBe(200);
  });
});

describe("an upload that is given up", () => {
  it("leaves nothing, and gets 410", async () => {
    const client = await clientOf();
    const path = await client.begin(20 * MIB);
    await client.append(path, 0, fileOf(10 * MIB));
    expect(await client.vault.bodies()).toHaveLength(1);
    expect((await client.delete(path)).status).toBe(204);
    await refusal(await client.append(path, 10 * MIB, "x"), 410, "UPLOAD_EXPIRED");
    expect((await client.head(path)).status).toBe(410);
    await refusal(await client.delete(path), 410, "UPLOAD_EXPIRED");
    await expect.poll(() => client.vault.bodies()).toEqual([]);
  });

  it("is no more to be given up once it is an asset", async () => {
    const client = await clientOf();
    const path = await client.begin(5);
    await client.append(path, 0, "hello");
    expect(await refusal(await client.delete(path), 409, "CONFLICT")).toContain("asset_");
    expect((await client.vault.list()).data).toHaveLength(1);
  });
});

describe("whose an upload is", () => {
  it("another key of the vault does not see it", async () => {
    const client = await clientOf();
    const path = await client.begin(5);
    const key = await post(`${client.vault.path}/keys`, bearer(client.vault.secretKey), {});
    const other = new TusClient(client.vault, (await key.json<{ token: string }>()).token);
    expect((await other.head(path)).status).toBe(404);
    await refusal(await other.append(path, 0, "hello"), 404, "NOT_FOUND");
    await refusal(await other.delete(path), 404, "NOT_FOUND");
    expect((await client.append(path, 0, "hello")).status).toBe(204);
  });

  it("a key that is revoked cannot go on with it", async () => {
    const client = await clientOf();
    const path = await client.begin(5);
    const { data } = await (
      await client.vault.request("GET", `${client.vault.path}/keys`)
    ).json<{
      data: { id: string; type: string }[];
    }>();
    const id = data.find(({ type }) => type === "secret")?.id;
    await client.vault.request("DELETE", `${client.vault.path}/keys/${id}`);
    await refusal(await client.append(path, 0, "hello"), 401, "UNAUTHORIZED");
    expect((await client.head(path)).status).toBe(401);
  });

  it("what is no upload is not found", async () => {
    const client = await clientOf();
    for (const id of ["x", "upload_01k2m8z4v9c7r5t3n1w6x0y8qe"]) {
      expect((await client.head(`${client.uploads}/${id}`)).status).toBe(404);
      await refusal(await client.append(`${client.uploads}/${id}`, 0, "x"), 404, "NOT_FOUND");
    }
  });
});

it("OPTIONS: says without a key what is spoken here", async () => {
  const client = await clientOf();
  for (const path of [client.uploads, `${client.uploads}/upload_01k2m8z4v9c7r5t3n1w6x0y8qe`]) {
    const response = await send(path, {
      method: "OPTIONS",
      headers: { Origin: "https://a.example", "Access-Control-Request-Method": "PATCH" },
    });
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "tus-resumable": "1.0.0",
      "tus-version": "1.0.0",
      "tus-extension": "creation,creation-with-upload,termination,expiration,checksum",
      "tus-max-size": String(5 * GIB),
      "tus-checksum-algorithm": "sha1,sha256",
      "access-control-allow-origin": "*",
    });
  }
});

it("browsers may read every header that the document names", async () => {
  const client = await clientOf();
  const created = await client.create(1);
  const exposed = (created.headers.get("Access-Control-Expose-Headers") ?? "").split(", ");
  for (const name of [
    "Upload-Offset",
    "Upload-Length",
    "Upload-Expires",
    "Upload-Metadata",
    "Tus-Resumable",
    "Location",
    "Strongroom-Ignored",
  ])
    expect(exposed).toContain(name);
  expect(TUS).toEqual({ "Tus-Resumable": created.headers.get("Tus-Resumable") });
});
