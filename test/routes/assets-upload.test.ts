import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { bearer, PATH, refusal, send, TestVault, textFile } from "../support/api.ts";
import { cases } from "../support/at-length.ts";

describe("upload", () => {
  it("answers 201 with the 15 fields of a record in their order, and nothing more", async () => {
    const vault = await TestVault.create();
    const response = await vault.send({ ...PATH, file: textFile("hello", "photo.jpg", "image/jpeg") });
    expect(response.status).toBe(201);
    expect(response.headers.get("Content-Type")).toBe("application/json");
    const record = await response.json<AssetRecord>();
    expect(Object.keys(record)).toEqual([
      "id",
      "vault_id",
      "partition",
      "collection",
      "channel",
      "filename",
      "r2_key",
      "size",
      "mime_type",
      "width",
      "height",
      "metadata",
      "tags",
      "created_at",
      "updated_at",
    ]);
    expect(record).toMatchObject({
      ...PATH,
      vault_id: vault.id,
      filename: "photo.jpg",
      size: 5,
      mime_type: "image/jpeg",
    });
    expect(record).toMatchObject({ width: null, height: null, metadata: "{}", tags: "[]" });
    expect(record.id).toMatch(/^asset_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(record.r2_key).toBe(`${vault.id}/marketing/blog/hero-images/${record.id}_photo.jpg`);
    expect(record.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(record.updated_at).toBe(record.created_at);
    expect(response.headers.get("Location")).toBe(`${vault.assets}/${record.id}`);
    expect(response.headers.has("Strongroom-Durability")).toBe(false);
  });

  it("can be seen at once by get and list, in R2 and in D1", async () => {
    const vault = await TestVault.create();
    const record = await vault.upload({ file: textFile("the bytes") });
    expect(await (await vault.get(record.id)).json()).toEqual(record);
    expect((await vault.list()).data).toEqual([record]);
    expect(await (await env.BUCKET.get(record.r2_key))?.text()).toBe("the bytes");
    const { vault_id, seq, rev, sha256, ...rest } = (await vault.recorded())[0] ?? {};
    const { vault_id: _, ...expected } = record;
    expect({ vault_id, seq, rev, rest }).toEqual({ vault_id: vault.id, seq: 1, rev: 1, rest: expected });
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("the bytes"));
    expect(sha256).toBe(Buffer.from(digest).toString("hex"));
  });

  it.each([
    ["before the file", ["partition", "collection", "channel", "metadata", "file"]],
    ["after the file", ["file", "metadata", "partition", "channel", "collection"]],
    ["around the file", ["partition", "file", "channel", "metadata", "collection"]],
  ])("takes fields %s", async (_, order) => {
    const vault = await TestVault.create();
    const values = { ...PATH, file: textFile(), metadata: '{"a":1}' };
    const fields = Object.fromEntries(order.map((name) => [name, values[name as keyof typeof values]]));
    const response = await vault.send(fields);
    expect(await response.json()).toMatchObject({ ...PATH, size: 5, metadata: '{"a":1}' });
  });

  it("takes an empty file", async () => {
    const vault = await TestVault.create();
    const record = await vault.upload({ file: textFile("") });
    expect(record.size).toBe(0);
    expect((await env.BUCKET.head(record.r2_key))?.size).toBe(0);
  });

  it("keeps two uploads of the same name apart", async () => {
    const vault = await TestVault.create();
    const [a, b] = [await vault.upload({ file: textFile("one") }), await vault.upload({ file: textFile("two") })];
    expect(a.filename).toBe(b.filename);
    expect(a.r2_key).not.toBe(b.r2_key);
    expect(await (await env.BUCKET.get(a.r2_key))?.text()).toBe("one");
  });

  it("names all missing fields together", async () => {
    const vault = await TestVault.create();
    expect(await refusal(await vault.send({ unknown: "x" }), 400, "INVALID_PARAMS")).toBe(
      "missing required fields: file, partition, collection, channel",
    );
    expect(await refusal(await vault.send({ file: textFile(), collection: "b" }), 400, "INVALID_PARAMS")).toBe(
      "missing required fields: partition, channel",
    );
    expect(await vault.bodies()).toEqual([]);
  });

  it("ignores an unknown text field", async () => {
    const vault = await TestVault.create();
    expect((await vault.send({ ...PATH, file: textFile(), whatever: "x" })).status).toBe(201);
  });

  it.each([
    ["file sent as text", (form: FormData) => form.set("file", "text"), /^file: /],
    ["a second file", (form: FormData) => form.append("file", textFile()), /^file: must be given only once/],
    ["a file in another field", (form: FormData) => form.append("other", textFile()), /^other: unexpected file/],
    ["a repeated field", (form: FormData) => form.append("partition", "x"), /^partition: must be given only once/],
    [
      "a repeated optional field",
      (form: FormData) => (form.append("tags", "[]"), form.append("tags", "[]")),
      /^tags: must be given only once/,
    ],
  ])("refuses %s and stores nothing", async (_, change, message) => {
    const vault = await TestVault.create();
    const form = new FormData();
    for (const [name, value] of Object.entries(PATH)) form.set(name, value);
    form.set("file", textFile());
    change(form);
    const response = await send(vault.assets, { method: "POST", headers: bearer(vault.secretKey), body: form });
    expect(await refusal(response, 400, "INVALID_PARAMS")).toMatch(message);
    expect(await vault.bodies()).toEqual([]);
    expect((await vault.list()).data).toEqual([]);
  });

  it.each(["", "Marketing", "a_b", "-a", "a-", " a", "a ", "ä", "a/b", "..", "a".repeat(65)])(
    "refuses %j as a path component, without trimming or lower-casing",
    async (value) => {
      const vault = await TestVault.create();
      for (const field of ["partition", "collection", "channel"]) {
        const message = await refusal(
          await vault.send({ ...PATH, file: textFile(), [field]: value }),
          400,
          "INVALID_PARAMS",
        );
        expect(message).toMatch(new RegExp(`^${field}: must be 1 to 64 lowercase letters`));
      }
    },
  );

  it.each(["a", "0", "a-b", "a--b", "a".repeat(64)])("accepts %j as a path component", async (value) => {
    const vault = await TestVault.create();
    const record = await vault.upload({ partition: value, collection: value, channel: value });
    expect(record).toMatchObject({ partition: value, collection: value, channel: value });
  });

  it("counts empty metadata, tags and filename as absent", async () => {
    const vault = await TestVault.create();
    const record = await vault.upload({ metadata: "", tags: "", filename: "" });
    expect(record).toMatchObject({ metadata: "{}", tags: "[]", filename: "hello.txt" });
  });

  it.each([
    ["photos/2026/a.jpg", "a.jpg"],
    ["C:\\Users\\me\\a.jpg", "a.jpg"],
    ["naïve ☃ (1).txt", "naïve ☃ (1).txt"],
    ["  spaces  .txt ", "  spaces  .txt "],
    [".hidden", ".hidden"],
    ["a%2Fb", "a%2Fb"],
  ])("takes the filename %j from the part as %j", async (sent, kept) => {
    const vault = await TestVault.create();
    expect((await vault.upload({ file: textFile("x", sent) })).filename).toBe(kept);
  });

  it.each([[".."], ["."], ["a/.."], ["x\u0000y"], ["x\u007f"], ["é".repeat(128)]])(
    "refuses the filename %j of a part",
    async (sent) => {
      const vault = await TestVault.create();
      expect(await refusal(await vault.send({ ...PATH, file: textFile("x", sent) }), 400, "INVALID_PARAMS")).toMatch(
        /filename|headers/,
      );
    },
  );

  it.each([["a/b"], ["a\\b"], ["."], [".."], ["a\nb"], ["é".repeat(128)]])(
    "refuses the override %j",
    async (filename) => {
      const vault = await TestVault.create();
      expect(await refusal(await vault.send({ ...PATH, file: textFile(), filename }), 400, "INVALID_PARAMS")).toMatch(
        /^filename: must/,
      );
    },
  );

  it("takes the field filename as it was sent, wherever it stands in the form, before the part's filename", async () => {
    const vault = await TestVault.create();
    for (const fields of [
      { filename: "ü b.png", ...PATH, file: textFile("x", "..") },
      { file: textFile("x", "orig.txt"), ...PATH, filename: "ü b.png" },
    ]) {
      const record = await vault.upload(fields);
      expect(record.filename).toBe("ü b.png");
      expect(record.r2_key).toBe(`${vault.id}/marketing/blog/hero-images/${record.id}_ü b.png`);
      expect(await env.BUCKET.head(record.r2_key)).not.toBeNull();
    }
    const long = "é".repeat(127);
    expect((await vault.upload({ filename: long })).filename).toBe(long);
  });

  it("keeps the part's media type with its parameters", async () => {
    const vault = await TestVault.create();
    const record = await vault.upload({ file: textFile("x", "a.bin", 'text/plain; charset="iso-8859-1"') });
    expect(record.mime_type).toBe('text/plain; charset="iso-8859-1"');
  });

  it.each([
    ["", "photo.JPG", undefined, "image/jpeg"],
    ["application/octet-stream", "doc.pdf", undefined, "application/pdf"],
    ["application/octet-stream", "doc.pdf", "x.svg", "image/svg+xml"],
    ["", "unknown.qqq", undefined, "application/octet-stream"],
    ["", "noextension", undefined, "application/octet-stream"],
    ["", "html", undefined, "application/octet-stream"],
    ["", "x.constructor", undefined, "application/octet-stream"],
    ["", "x.__proto__", undefined, "application/octet-stream"],
    ["image/*", "x.gif", undefined, "image/gif"],
    ["*/*", "x.mkv", "x.zip", "application/zip"],
  ])(
    "derives a type declared as %j from the final filename (%s, override %s)",
    async (type, name, filename, expected) => {
      const vault = await TestVault.create();
      expect((await vault.upload({ file: textFile("x", name, type), filename })).mime_type).toBe(expected);
    },
  );

  it("refuses a media type that readers could take for different ones, and stores nothing", async () => {
    const vault = await TestVault.create();
    const send1 = (type: string) => {
      const part = (headers: string, text: string) =>
        `--b\r\nContent-Disposition: form-data; ${headers}\r\n\r\n${text}\r\n`;
      const fields = Object.entries(PATH).map(([name, value]) => part(`name="${name}"`, value));
      const file = part(`name="file"; filename="x.html"\r\nContent-Type: ${type}`, "<script>");
      return send(vault.assets, {
        method: "POST",
        headers: { ...bearer(vault.secretKey), "Content-Type": "multipart/form-data; boundary=b" },
        body: `${fields.join("")}${file}--b--\r\n`,
      });
    };
    for (const type of ["text/plain;,text/html", "text/plain, text/html", "text/plain; a=b; a=c", "text/plain; a"]) {
      expect(await refusal(await send1(type), 400, "INVALID_PARAMS")).toMatch(/^file: its Content-Type must be/);
    }
    expect(await vault.bodies()).toEqual([]);
    expect(await (await send1("Text/Plain ;; A=b")).json()).toMatchObject({ mime_type: "text/plain; a=b" });
  });

  it("refuses a number in metadata that a double does not keep, and names its key", async () => {
    const vault = await TestVault.create();
    for (const [metadata, name] of [
      ['{"n":1e400}', "metadata.n"],
      ['{"a":{"id":1546130668394913822}}', "metadata.a.id"],
    ] as const) {
      const response = await vault.send({ ...PATH, file: textFile(), metadata });
      expect(await refusal(response, 400, "INVALID_PARAMS")).toMatch(`${name}: the number 1`);
    }
  });

  it("stores metadata as JSON.stringify(JSON.parse(x)), keys such as __proto__ as plain data", async () => {
    const vault = await TestVault.create();
    const metadata = ' { "b" : 1.0, "__proto__" : {"x":1}, "constructor":"c", "a":"\\u00e9\\ud800" } ';
    const record = await vault.upload({ metadata });
    expect(record.metadata).toBe('{"b":1,"__proto__":{"x":1},"constructor":"c","a":"é\\ud800"}');
    expect(({} as { x?: number }).x).toBeUndefined();
    expect(((await vault.recorded())[0] ?? {})["metadata"]).toBe(record.metadata);
  });

  it("stores tags in order, duplicates kept", async () => {
    const vault = await TestVault.create();
    expect((await vault.upload({ tags: '[ "b", "a", "b", "" ]' })).tags).toBe('["b","a","b",""]');
  });

  const nested = (levels: number) => '{"a":'.repeat(levels - 1) + "{}" + "}".repeat(levels - 1);

  it.each([
    ["metadata", "{", 'must be valid JSON, such as {"alt":"A cat"}'],
    ["metadata", "[]", 'must be a JSON object, such as {"alt":"A cat"}'],
    ["metadata", "null", 'must be a JSON object, such as {"alt":"A cat"}'],
    ["metadata", '"x"', "must be a JSON object"],
    ["metadata", nested(33), "must not nest deeper than 32 levels"],
    ["metadata", `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`, "must not nest deeper than 32 levels"],
    ["tags", "x", 'must be valid JSON, such as ["hero","cats"]'],
    ["tags", "{}", 'must be a JSON array of strings, such as ["hero","cats"]'],
    ["tags", "[1]", 'must be a JSON array of strings, such as ["hero","cats"]'],
    ["tags", '["a",null]', "must be a JSON array of strings"],
    ["tags", JSON.stringify(Array.from({ length: 1001 }, () => "")), "must be at most 1000 strings"],
    ["metadata", JSON.stringify({ a: "x".repeat(65_536) }), "must be at most 65536 bytes"],
    ["tags", JSON.stringify(["x".repeat(65_536)]), "must be at most 65536 bytes"],
  ])("refuses %s %.30s", async (field, value, rule) => {
    const vault = await TestVault.create();
    expect(
      await refusal(await vault.send({ ...PATH, file: textFile(), [field]: value }), 400, "INVALID_PARAMS"),
    ).toContain(`${field}: ${rule}`);
  });

  it("accepts metadata and tags of exactly the limit", async () => {
    const vault = await TestVault.create();
    const metadata = JSON.stringify({ a: "x".repeat(65_536 - 8) });
    const tags = JSON.stringify(["x".repeat(65_536 - 4)]);
    expect([metadata.length, tags.length]).toEqual([65_536, 65_536]);
    expect(await vault.upload({ metadata, tags })).toMatchObject({ metadata, tags });
    expect((await vault.upload({ metadata: nested(32) })).metadata).toBe(nested(32));
    expect(
      JSON.parse((await vault.upload({ tags: JSON.stringify(Array.from({ length: 1000 }, (_, i) => `t${i}`)) })).tags),
    ).toHaveLength(1000);
  });

  it("refuses any other Content-Type with 415, and a form without a boundary with 400", async () => {
    const vault = await TestVault.create();
    const headers = bearer(vault.secretKey);
    const json = await send(vault.assets, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body: "{}",
    });
    await refusal(json, 415, "UNSUPPORTED_MEDIA_TYPE");
    const plain = await send(vault.assets, {
      method: "POST",
      headers: { ...headers, "Content-Type": "multipart/form-data" },
      body: "x",
    });
    expect(await refusal(plain, 400, "INVALID_PARAMS")).toContain("boundary");
    await refusal(await send(vault.assets, { method: "POST", headers }), 415, "UNSUPPORTED_MEDIA_TYPE");
  });
});

describe("upload of large files", () => {
  const MIB = 1024 * 1024;

  /** A form with a file of `size` bytes that differ from place to place. `order` says where the file stands. */
  function form(size: number, order: "first" | "last", extra: Record<string, string> = {}): FormData {
    const bytes = new Uint32Array(Math.ceil(size / 4));
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.imul(i, 2654435761);
    const data = new FormData();
    const file = new File([new Uint8Array(bytes.buffer, 0, size)], "big.bin");
    if (order === "first") data.append("file", file);
    for (const [name, value] of Object.entries({ ...PATH, ...extra })) data.append(name, value);
    if (order === "last") data.append("file", file);
    return data;
  }

  const sha256 = async (body: ReadableStream | ArrayBuffer): Promise<string> => {
    const stream = new crypto.DigestStream("SHA-256");
    await new Response(body).body?.pipeTo(stream);
    return Buffer.from(await stream.digest).toString("hex");
  };

  const SIZES = cases<readonly [what: string, size: number, order: "first" | "last"]>(
    [
      ["of exactly one part", 8 * MIB, "last"],
      ["one byte over a part", 8 * MIB + 1, "first"],
      ["of several parts, file last", 17 * MIB + 7, "last"],
      ["of several parts, file first", 17 * MIB + 7, "first"],
    ],
    [
      ["of the largest size, file last", 100 * MIB, "last"],
      ["of the largest size, file first", 100 * MIB, "first"],
    ],
  );

  it.each(SIZES)("stores a body %s byte for byte", async (_, size, order) => {
    const vault = await TestVault.create();
    const data = form(size, order, { filename: "renamed.bin" });
    const response = await send(vault.assets, { method: "POST", headers: bearer(vault.secretKey), body: data });
    const record = await response.json<AssetRecord>();
    expect(response.status, JSON.stringify(record)).toBe(201);
    expect(record).toMatchObject({ size, filename: "renamed.bin" });
    const expected = await sha256(await (data.get("file") as unknown as File).arrayBuffer());
    const stored = await env.BUCKET.get(record.r2_key);
    expect(stored && (await sha256(stored.body))).toBe(expected);
    expect(((await vault.recorded())[0] ?? {})["sha256"]).toBe(expected);
    expect(await vault.bodies()).toEqual([record.r2_key]);
  });

  it.each(cases(["first"], ["last"]))(
    "refuses a file of one byte too many with 413 and leaves nothing (file %s)",
    async (order) => {
      const vault = await TestVault.create();
      const response = await send(vault.assets, {
        method: "POST",
        headers: bearer(vault.secretKey),
        body: form(100 * MIB + 1, order),
      });
      expect(await refusal(response, 413, "PAYLOAD_TOO_LARGE")).toBe("file: must be at most 104857600 bytes");
      expect(await vault.bodies()).toEqual([]);
      expect((await vault.list()).data).toEqual([]);
    },
  );

  it("lets the field filename follow the file and replace a filename that is not valid, whatever the size", async () => {
    const vault = await TestVault.create();
    for (const size of [10, 12 * MIB]) {
      const data = new FormData();
      for (const [name, value] of Object.entries(PATH)) data.append(name, value);
      data.append("file", new File([new Uint8Array(size)], "é".repeat(200)));
      data.append("filename", "ok.bin");
      const response = await send(vault.assets, { method: "POST", headers: bearer(vault.secretKey), body: data });
      expect((await response.json<AssetRecord>()).filename).toBe("ok.bin");
    }
    expect(await vault.bodies()).toHaveLength(2);
  });

  it("leaves nothing of a large file whose form turns out to be bad at its end", async () => {
    const vault = await TestVault.create();
    const response = await send(vault.assets, {
      method: "POST",
      headers: bearer(vault.secretKey),
      body: form(20 * MIB, "first", { tags: "{}" }),
    });
    await refusal(response, 400, "INVALID_PARAMS");
    expect(await vault.bodies()).toEqual([]);
  });
});
