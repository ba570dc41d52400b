import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { bearer, refusal, send, TestVault } from "../support/api.ts";

const QUERY = { partition: "a", collection: "b", channel: "c", filename: "f.txt" };

const raw = (
  vault: TestVault,
  body: BodyInit | null,
  query: Record<string, string> = QUERY,
  headers: Record<string, string> = {},
) =>
  send(`${vault.assets}?${new URLSearchParams(query).toString()}`, {
    method: "POST",
    headers: { ...bearer(vault.secretKey), "Content-Type": "text/plain", ...headers },
    ...(body === null ? {} : { body }),
  });

const bytes = (size: number): Uint8Array<ArrayBuffer> => {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i, 2654435761);
  return new Uint8Array(words.buffer, 0, size);
};

const digestOf = async (data: Uint8Array<ArrayBuffer>): Promise<Buffer> =>
  Buffer.from(await crypto.subtle.digest("SHA-256", data));

describe("raw upload", () => {
  it("makes the same record as a form", async () => {
    const vault = await TestVault.create();
    const response = await raw(vault, "hello", {
      ...QUERY,
      metadata: '{"a": 1}',
      tags: '["x"]',
      other: "ignored",
      file: "ignored",
    });
    expect(response.status).toBe(201);
    const record = await response.json<AssetRecord>();
    expect(record).toMatchObject({
      partition: "a",
      collection: "b",
      channel: "c",
      filename: "f.txt",
      size: 5,
      mime_type: "text/plain",
      metadata: '{"a":1}',
      tags: '["x"]',
    });
    expect(await (await env.BUCKET.get(record.r2_key))?.text()).toBe("hello");
    expect(await (await vault.get(record.id)).json()).toEqual(record);
  });

  it.each([0, 1, 65_536, 1024 * 1024, 1024 * 1024 + 1, 20 * 1024 * 1024 + 3])(
    "stores %i bytes of declared length as they are",
    async (size) => {
      const vault = await TestVault.create();
      const data = bytes(size);
      const record = await (await raw(vault, data)).json<AssetRecord>();
      expect(record.size).toBe(size);
      const stored = new Uint8Array((await (await env.BUCKET.get(record.r2_key))?.arrayBuffer()) ?? new ArrayBuffer(0));
      expect(await digestOf(stored)).toEqual(await digestOf(data));
    },
  );

  it("counts application/x-www-form-urlencoded, curl's default, as no type", async () => {
    const vault = await TestVault.create();
    const record = await (
      await raw(vault, "x", { ...QUERY, filename: "a.png" }, { "Content-Type": "application/x-www-form-urlencoded" })
    ).json<AssetRecord>();
    expect(record.mime_type).toBe("image/png");
  });

  it("keeps a type that only begins like curl's default", async () => {
    const vault = await TestVault.create();
    const typed = async (type: string) => {
      const response = await raw(vault, "x", { ...QUERY, filename: "a.png" }, { "Content-Type": type });
      return (await response.json<AssetRecord>()).mime_type;
    };
    expect(await typed("application/x-www-form-urlencoded; charset=UTF-8")).toBe("image/png");
    expect(await typed("application/x-www-form-urlencoded2")).toBe("application/x-www-form-urlencoded2");
    expect(await typed("text/plain;charset=utf-8")).toBe("text/plain;charset=utf-8");
    const refused = await raw(vault, "x", QUERY, { "Content-Type": "text/plain;,text/html" });
    expect(await refusal(refused, 400, "INVALID_PARAMS")).toMatch(/^file: its Content-Type must be/);
  });

  it("names all missing parameters, and answers 415 when no part of the path is given", async () => {
    const vault = await TestVault.create();
    expect(await refusal(await raw(vault, "x", { collection: "b" }), 400, "INVALID_PARAMS")).toBe(
      "missing required parameters: partition, channel, filename",
    );
    await refusal(await raw(vault, "x", {}), 415, "UNSUPPORTED_MEDIA_TYPE");
    await refusal(await raw(vault, "x", { filename: "x" }), 415, "UNSUPPORTED_MEDIA_TYPE");
    await refusal(
      await raw(vault, "x", QUERY, { "Content-Type": "multipart/mixed; boundary=x" }),
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    );
  });

  it.each([
    [{ ...QUERY, partition: "A" }, /^partition: must/],
    [{ ...QUERY, filename: "a/b" }, /^filename: must not contain/],
    [{ ...QUERY, metadata: "[]" }, /^metadata: must be a JSON object/],
    [{ ...QUERY, tags: "{}" }, /^tags: must be/],
    [{ ...QUERY, metadata: '{"a":1e400}' }, /^metadata\.a: the number 1e400 cannot be kept/],
  ])("applies the checks of a form: %j", async (query, message) => {
    const vault = await TestVault.create();
    expect(await refusal(await raw(vault, "x", query), 400, "INVALID_PARAMS")).toMatch(message);
    expect(await vault.bodies()).toEqual([]);
  });

  it.each(["%FF", "a%E2%98.txt", "%C3%28", "%ED%A0%80", "%F8%88%80%80%80"])(
    "refuses a parameter that is not UTF-8, by its name: %s",
    async (value) => {
      const vault = await TestVault.create();
      const post = (query: string) =>
        send(`${vault.assets}?${query}`, {
          method: "POST",
          headers: { ...bearer(vault.secretKey), "Content-Type": "text/plain" },
          body: "x",
        });
      const path = "partition=a&collection=b&channel=c";
      expect(await refusal(await post(`${path}&filename=${value}`), 400, "INVALID_PARAMS")).toBe(
        "filename: must be UTF-8 in percent-encoding",
      );
      const tags = await post(`${path}&filename=x&t%61gs=["${value}"]`);
      expect(await refusal(tags, 400, "INVALID_PARAMS")).toBe("tags: must be UTF-8 in percent-encoding");
      expect(await vault.bodies()).toEqual([]);
    },
  );

  it("takes U+FFFD when it was meant, and a percent sign that escapes nothing", async () => {
    const vault = await TestVault.create();
    const post = async (filename: string) => {
      const response = await send(`${vault.assets}?partition=a&collection=b&channel=c&filename=${filename}`, {
        method: "POST",
        headers: { ...bearer(vault.secretKey), "Content-Type": "text/plain" },
        body: "x",
      });
      return (await response.json<AssetRecord>()).filename;
    };
    expect(await post("%EF%BF%BD+%E2%98%83.txt")).toBe("\ufffd ☃.txt");
    expect(await post("100%.txt")).toBe("100%.txt");
    expect(await post("%zz")).toBe("%zz");
    expect((await vault.request("GET", `${vault.path}/files/a/b/c/100%.txt`)).status).toBe(200);
  });

  it("refuses a repeated parameter", async () => {
    const vault = await TestVault.create();
    const response = await send(`${vault.assets}?${new URLSearchParams(QUERY).toString()}&channel=d`, {
      method: "POST",
      headers: { ...bearer(vault.secretKey), "Content-Type": "text/plain" },
      body: "x",
    });
    expect(await refusal(response, 400, "INVALID_PARAMS")).toBe("channel: must be given only once");
  });

  it("refuses a body that is encoded, and one that is too large", async () => {
    const vault = await TestVault.create();
    const encoded = await raw(vault, "x", QUERY, { "Content-Encoding": "gzip" });
    expect(encoded.headers.get("Accept-Encoding")).toBe("identity");
    await refusal(encoded, 415, "UNSUPPORTED_MEDIA_TYPE");
    await refusal(await raw(vault, new Uint8Array(104_857_601)), 413, "PAYLOAD_TOO_LARGE");
    expect(await vault.bodies()).toEqual([]);
  });

  it("stores nothing for a create-only upload of a name that is taken, small or large", async () => {
    const vault = await TestVault.create();
    await raw(vault, "first");
    for (const size of [10, 3 * 1024 * 1024]) {
      await refusal(await raw(vault, bytes(size), QUERY, { "If-None-Match": "*" }), 412, "PRECONDITION_FAILED");
    }
    expect(await vault.bodies()).toHaveLength(1);
  });
});

describe("Content-Digest", () => {
  const header = (digest: Buffer) => `sha-256=:${digest.toString("base64")}:`;

  it.each([10, 3 * 1024 * 1024])("takes %i bytes that have the promised digest", async (size) => {
    const vault = await TestVault.create();
    const data = bytes(size);
    const promised = header(await digestOf(data));
    expect((await raw(vault, data, QUERY, { "Content-Digest": promised })).status).toBe(201);
    expect((await raw(vault, data, QUERY, { "Content-Digest": `md5=:AAAA:, ${promised}` })).status).toBe(201);
    expect((await raw(vault, data, QUERY, { "Content-Digest": "md5=:AAAA:" })).status).toBe(201);
  });

  it.each([10, 3 * 1024 * 1024])("refuses %i bytes that have another digest, and stores nothing", async (size) => {
    const vault = await TestVault.create();
    const promised = header(await digestOf(bytes(5)));
    expect(
      await refusal(await raw(vault, bytes(size), QUERY, { "Content-Digest": promised }), 400, "INVALID_PARAMS"),
    ).toMatch(/^Content-Digest: the file's SHA-256 is/);
    expect(await vault.bodies()).toEqual([]);
    expect((await vault.list()).data).toEqual([]);
  });

  it.each(["sha-256=abc", "sha-256=:AAAA:", "nonsense", "sha-256=::"])("refuses the malformed %s", async (value) => {
    const vault = await TestVault.create();
    expect(await refusal(await raw(vault, "x", QUERY, { "Content-Digest": value }), 400, "INVALID_PARAMS")).toMatch(
      /^Content-Digest: /,
    );
  });

  it("may stand in the headers of a form's file part", async () => {
    const vault = await TestVault.create();
    const form = (digest: string) =>
      ["--b", 'Content-Disposition: form-data; name="file"; filename="x"', `Content-Digest: ${digest}`, "", "hello"]
        .concat(
          ["partition", "collection", "channel"].flatMap((name) => [
            "--b",
            `Content-Disposition: form-data; name="${name}"`,
            "",
            "x",
          ]),
        )
        .concat(["--b--", ""])
        .join("\r\n");
    const post = (digest: string) =>
      send(vault.assets, {
        method: "POST",
        headers: { ...bearer(vault.secretKey), "Content-Type": "multipart/form-data; boundary=b" },
        body: form(digest),
      });
    expect((await post(header(await digestOf(Uint8Array.from(Buffer.from("hello")))))).status).toBe(201);
    await refusal(await post(header(await digestOf(Uint8Array.from(Buffer.from("other"))))), 400, "INVALID_PARAMS");
    expect(await vault.bodies()).toHaveLength(1);
  });
});
