/** Forms that have broken some parser or other, by the name of the advisory where there is one. */

import { describe, expect, it } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { bearer, refusal, send, TestVault } from "../support/api.ts";

const BOUNDARY = "----b";
const PART = (disposition: string, ...more: string[]) => [
  `--${BOUNDARY}`,
  `Content-Disposition: form-data; ${disposition}`,
  ...more,
];
const FIELDS = ["partition", "collection", "channel"].flatMap((name) => [...PART(`name="${name}"`), "", "x"]);
const FILE = [...PART('name="file"; filename="f.txt"', "Content-Type: text/plain"), "", "hello"];
const END = [`--${BOUNDARY}--`, ""];

const body = (...lines: (string | string[])[]): Buffer => Buffer.from(lines.flat().join("\r\n"), "latin1");

const upload = (vault: TestVault, bytes: Buffer, contentType = `multipart/form-data; boundary=${BOUNDARY}`) =>
  send(vault.assets, {
    method: "POST",
    headers: { ...bearer(vault.secretKey), "Content-Type": contentType },
    body: bytes,
  });

const deep = "[".repeat(25_000) + "]".repeat(25_000);

/** Hostile forms, each with the reason that it is refused with and, if it matters, its Content-Type. */
const HOSTILE: [string, Buffer, RegExp, string?][] = [
  ["no boundary", body(FIELDS, FILE, END), /needs a boundary/, "multipart/form-data"],
  ["an empty boundary", body(FIELDS, FILE, END), /needs a boundary/, 'multipart/form-data; boundary=""'],
  [
    "two boundaries",
    body(FIELDS, FILE, END),
    /must not repeat boundary/,
    "multipart/form-data; boundary=a; boundary=b",
  ],
  [
    "a boundary over 70 characters",
    body(FIELDS, FILE, END),
    /1 to 70 characters/,
    `multipart/form-data; boundary=${"b".repeat(71)}`,
  ],
  [
    "an unclosed quoted boundary full of backslashes (CVE-2024-24762)",
    body(FIELDS, FILE, END),
    /has no closing quote/,
    `multipart/form-data; boundary="${"\\".repeat(4_000)}`,
  ],
  [
    "a header line that starts with a space (CVE-2022-24434)",
    body(FIELDS, PART('name="file"; filename="f"', " X: y"), "", "x", END),
    /header line must be/,
  ],
  ["an empty field name (CVE-2025-48997)", body(FIELDS, FILE, PART('name=""'), "", "x", END), /name must not be empty/],
  [
    "an empty file name and a cut-off boundary (CVE-2025-7338)",
    body(FIELDS, PART('name="file"; filename=""'), "", "x", `--${BOUNDARY}`).subarray(0, -2),
    /must come with a filename/,
  ],
  [
    "a form that ends inside a header (CVE-2025-47935)",
    body(FIELDS, FILE, `--${BOUNDARY}`, "Content-Dispo"),
    /without its closing boundary/,
  ],
  ["a huge preamble (CVE-2024-53981)", body("x".repeat(70_000), FIELDS, FILE, END), /bytes outside its parts/],
  ["a huge epilogue (CVE-2024-53981)", body(FIELDS, FILE, END, "x".repeat(70_000)), /bytes outside its parts/],
  ["a preamble without end", body("x".repeat(3_000_000)), /bytes outside its parts/],
  [
    "filename* that decodes to ..%2F (CVE-2026-53537)",
    body(FIELDS, PART(`name="file"; filename*=UTF-8''x%2F..`), "", "x", END),
    /filename: must not be/,
  ],
  [
    "filename* that decodes to %00 (CVE-2026-53537)",
    body(FIELDS, PART(`name="file"; filename*=UTF-8''x%00.txt`), "", "x", END),
    /control characters/,
  ],
  [
    "a malformed filename*",
    body(FIELDS, PART(`name="file"; filename*=UTF-8''%zz`), "", "x", END),
    /filename\* must be/,
  ],
  [
    "a filename* in another charset",
    body(FIELDS, PART(`name="file"; filename*=iso-8859-1''x`), "", "x", END),
    /filename\* must be/,
  ],
  [
    "thousands of parts (CVE-2023-24536)",
    body(Array.from({ length: 5_000 }, (_, i) => [...PART(`name="f${i}"`), "", ""]).flat(), END),
    /at most 32 parts/,
  ],
  [
    "thousands of headers (CVE-2023-24536)",
    body(FIELDS, PART('name="file"; filename="f"', ...Array.from({ length: 5_000 }, () => "X: y")), "", "x", END),
    /headers must be at most|header lines/,
  ],
  [
    "a header block without end",
    body(FIELDS, PART('name="file"; filename="f"', "x".repeat(100_000))),
    /headers must be at most 16384 bytes/,
  ],
  [
    "metadata of 25,000 levels",
    body(FIELDS, FILE, PART('name="metadata"'), "", `{"a":${deep}}`, END),
    /nest deeper than 32 levels/,
  ],
  ["tags of 25,000 levels", body(FIELDS, FILE, PART('name="tags"'), "", deep, END), /array of strings/],
  [
    "a field over its limit",
    body(FIELDS, FILE, PART('name="metadata"'), "", " ".repeat(65_537), END),
    /metadata: must be at most 65536 bytes/,
  ],
  [
    "an unknown field over the limit",
    body(FIELDS, FILE, PART('name="zzz"'), "", " ".repeat(65_537), END),
    /zzz: must be at most 65536 bytes/,
  ],
  [
    "fields over their limit together",
    body(
      FIELDS,
      FILE,
      Array.from({ length: 5 }, (_, i) => [...PART(`name="f${i}"`), "", " ".repeat(60_000)]).flat(),
      END,
    ),
    /all fields together/,
  ],
  ["two files", body(FIELDS, FILE, FILE, END), /file: must be given only once/],
  ["no file", body(FIELDS, END), /missing required fields: file/],
  [
    "a file field without filename",
    body(FIELDS, PART('name="file"', "Content-Type: image/png"), "", "x", END),
    /file: must be sent as a file/,
  ],
  [
    "nested multipart",
    body(FIELDS, PART('name="file"; filename="f"', "Content-Type: multipart/mixed; boundary=y"), "", "--y--", END),
    /must not be multipart itself/,
  ],
  ["NUL in a filename", body(FIELDS, PART('name="file"; filename="a\0b"'), "", "x", END), /control characters/],
  ["a bare CR in a header", body(FIELDS, PART('name="file"; filename="a\rb"'), "", "x", END), /control characters/],
  ["a bare LF in a header", body(FIELDS, PART('name="file"; filename="a\nX: y"'), "", "x", END), /control characters/],
  [
    "invalid UTF-8 in a filename",
    body(FIELDS, PART('name="file"; filename="\xff\xfe"'), "", "x", END),
    /headers must be valid UTF-8/,
  ],
  [
    "invalid UTF-8 in a field",
    body(FIELDS, FILE, PART('name="metadata"'), "", '{"a":"\xff"}', END),
    /metadata: must be valid UTF-8/,
  ],
  [
    "an overlong UTF-8 slash in a filename",
    body(FIELDS, PART('name="file"; filename="\xc0\xaf"'), "", "x", END),
    /headers must be valid UTF-8/,
  ],
  [
    "a media type that is none",
    body(FIELDS, PART('name="file"; filename="f"', "Content-Type: nonsense"), "", "x", END),
    /must be a media type/,
  ],
  [
    "a media type that would split a header",
    body(FIELDS, PART('name="file"; filename="f"', "Content-Type: text/plain; a=\x80"), "", "x", END),
    /UTF-8|media type/,
  ],
  [
    "bare LF for line ends",
    Buffer.from(body(FIELDS, FILE, END).toString("latin1").replaceAll("\r\n", "\n"), "latin1"),
    /its boundary was never found/,
  ],
  ["JSON for a form", Buffer.from("{}"), /its boundary was never found/],
];

describe("hostile forms", () => {
  it.each(HOSTILE)("%s: gets 400 with the reason, and nothing is stored", async (_name, bytes, reason, contentType) => {
    const vault = await TestVault.create();
    const started = Date.now();
    const message = await refusal(await upload(vault, bytes, contentType), 400, "INVALID_PARAMS");
    expect(message).toMatch(reason);
    expect(message.length).toBeLessThan(300);
    expect(Date.now() - started).toBeLessThan(5_000);
    expect([await vault.bodies(), (await vault.list()).data]).toEqual([[], []]);
  });

  it("bytes of a boundary inside a file: are stored as the file's (undici #5561)", async () => {
    const vault = await TestVault.create();
    const content = [
      `text --${BOUNDARY} in a line`,
      `--${BOUNDARY}x`,
      `--${BOUNDARY}-`,
      `\n--${BOUNDARY}\r`,
      `--${BOUNDARY} x`,
      'Content-Disposition: form-data; name="tags"',
      "",
      '["injected"]',
    ].join("\r\n");
    const response = await upload(vault, body(FIELDS, PART('name="file"; filename="f"'), "", content, END));
    const record = await response.json<AssetRecord>();
    expect(record).toMatchObject({ size: content.length, tags: "[]" });
  });

  it("a preamble and an epilogue: are passed over (@fastify/busboy #228)", async () => {
    const vault = await TestVault.create();
    expect((await upload(vault, body(FIELDS, FILE, END, "epilogue", ""))).status).toBe(201);
    expect((await upload(vault, body("preamble", FIELDS, FILE, END).subarray(0, -2))).status).toBe(201);
  });

  it("a file that begins with CR LF and then has megabytes without one: is stored promptly (CVE-2023-46136)", async () => {
    const vault = await TestVault.create();
    for (const filler of ["a", "\r", "\n", "-", "\r\n--"]) {
      const content = `\r\n${filler.repeat(6_000_000 / filler.length)}`;
      const started = Date.now();
      const response = await upload(vault, body(FIELDS, PART('name="file"; filename="f"'), "", content, END));
      expect((await response.json<AssetRecord>()).size).toBe(content.length);
      expect(Date.now() - started).toBeLessThan(10_000);
    }
  });

  it("keys such as __proto__ in metadata: stay plain data and pollute nothing", async () => {
    const vault = await TestVault.create();
    const metadata = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    const response = await upload(vault, body(FIELDS, FILE, PART('name="metadata"'), "", metadata, END));
    expect((await response.json<AssetRecord>()).metadata).toBe(metadata);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect((await vault.list()).data[0]?.metadata).toBe(metadata);
  });

  it("fields with names such as __proto__: are unknown fields", async () => {
    const vault = await TestVault.create();
    const fields = ["__proto__", "constructor", "toString", "hasOwnProperty"].flatMap((name) => [
      ...PART(`name="${name}"`),
      "",
      "x",
    ]);
    expect((await upload(vault, body(fields, FIELDS, FILE, END))).status).toBe(201);
  });

  it("a form that says that it is compressed: gets 415", async () => {
    const vault = await TestVault.create();
    const response = await send(vault.assets, {
      method: "POST",
      headers: {
        ...bearer(vault.secretKey),
        "Content-Type": `multipart/form-data; boundary=${BOUNDARY}`,
        "Content-Encoding": "gzip",
      },
      body: body(FIELDS, FILE, END),
    });
    await refusal(response, 415, "UNSUPPORTED_MEDIA_TYPE");
  });
});
