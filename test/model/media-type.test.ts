import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mediaType, parseMediaType, servedType } from "../../src/model/media-type.ts";

describe("parseMediaType", () => {
  it.each([
    "text/plain",
    "text/plain;charset=utf-8",
    "text/plain; charset=utf-8",
    'text/plain; charset="iso-8859-1"',
    'video/mp4; codecs="avc1.42E01E, mp4a.40.2"',
    "application/vnd.api+json;version=1; profile=x",
    'text/plain; a="q\\"b\\\\s"',
    'text/plain; a=""',
  ])("keeps %s as it was sent", (text) => {
    expect(parseMediaType(text)?.text).toBe(text);
  });

  it.each([
    ["TEXT/Plain; Charset=UTF-8", "text/plain; charset=UTF-8"],
    ["text/plain;", "text/plain"],
    ["text/plain ; ;; \t a=b ;", "text/plain; a=b"],
    ["text/plain;\t\ta=b", "text/plain; a=b"],
    [" text/plain ", "text/plain"],
    ['text/plain; a="\\x\\y\\""', 'text/plain; a="xy\\""'],
    ['text/plain; a="\\\\x"', 'text/plain; a="\\\\x"'],
  ])("writes %s as %s", (text, expected) => {
    expect(parseMediaType(text)?.text).toBe(expected);
  });

  it.each([
    "",
    "text",
    "text/",
    "/plain",
    "text/plain/x",
    "text /plain",
    "text/plain,text/html",
    "text/plain;,text/html",
    "text/plain; charset=utf-8, text/html",
    "text/plain ,text/html",
    "text/plain;\t,\ttext/html;charset=utf-8",
    "text/plain;a=b,text/html",
    'text/plain;a="b",text/html',
    'text/plain;a="b"c',
    "text/plain;a",
    "text/plain;a=",
    "text/plain;=b",
    "text/plain;a =b",
    "text/plain;a= b",
    'text/plain;a="b',
    'text/plain;a="b\\',
    'text/plain;a="\u00e4"',
    'text/plain;a="\u0000"',
    'text/plain;a="b\r\nX: y"',
    "text/plain;a=b;A=c",
    "text/plain text/html",
    "text/html\u00a0",
    "text/plain; charset=utf-8\ntext/html",
  ])("refuses %j", (text) => {
    expect(parseMediaType(text)).toBeUndefined();
  });

  it("writes a type that it parses into the same, and that no reader splits at a comma", () => {
    const piece = fc.constantFrom(..."text/plain;= \t\"\\,',a-*b%".split(""), "; a=", ", text/html", '"\\"', "é");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const parsed = parseMediaType(`text/plain${pieces.join("")}`);
        if (!parsed) return;
        expect(parseMediaType(parsed.text)).toEqual(parsed);
        const outsideQuotes = parsed.text.replace(/"(?:[^"\\]|\\.)*"/g, "");
        expect(outsideQuotes).not.toMatch(/["\\,]/);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("mediaType", () => {
  const of = (declared: string | undefined, filename: string) => mediaType(declared, filename);
  const typed = (type: string) => ({ ok: true, mediaType: type });
  const UNKNOWN = typed("application/octet-stream");

  it.each([
    "map",
    "html",
    "zip",
    "png",
    "",
    "x.",
    "x.__proto__",
    "x.constructor",
    "x.hasOwnProperty",
    "x.toString",
    "x.qqq",
  ])("knows no type of a file named %j", (name) => {
    expect(of(undefined, name)).toEqual(UNKNOWN);
  });

  it.each([
    ["x.html", "text/html"],
    [".html", "text/html"],
    ["a.b.PNG", "image/png"],
    ["x.tar.gz", "application/gzip"],
    ["x.ico", "image/vnd.microsoft.icon"],
    ["x.mkv", "video/x-matroska"],
    ["x.avi", "video/x-msvideo"],
    ["x.flac", "audio/flac"],
    ["x.m4v", "video/x-m4v"],
    ["x.m3u8", "application/vnd.apple.mpegurl"],
    ["x.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
    ["x.odt", "application/vnd.oasis.opendocument.text"],
    ["x.apk", "application/vnd.android.package-archive"],
    ["x.7z", "application/x-7z-compressed"],
    ["x.rar", "application/vnd.rar"],
    ["x.xml", "text/xml"],
    ["x.rtf", "text/rtf"],
    ["x.jsonl", "application/jsonl"],
    ["x.webmanifest", "application/manifest+json"],
    ["x.parquet", "application/vnd.apache.parquet"],
  ])("takes %s for %s", (name, expected) => {
    expect(of(undefined, name)).toEqual(typed(expected));
    expect(of("", name)).toEqual(typed(expected));
  });

  it.each(["application/octet-stream", "Application/Octet-Stream; x=y", "image/*", "*/*", "*/png", "image/*;q=0.8"])(
    "takes the type of the extension when %s is declared",
    (declared) => {
      expect(of(declared, "x.gif")).toEqual(typed("image/gif"));
      expect(of(declared, "x")).toEqual(UNKNOWN);
    },
  );

  it("refuses a type that does not parse, or is longer than 255 characters", () => {
    expect(of("nonsense", "x.gif")).toMatchObject({ ok: false, code: "INVALID_PARAMS" });
    expect(of(`text/plain;a=${"b".repeat(242)}`, "x")).toMatchObject({ ok: true });
    expect(of(`text/plain;a=${"b".repeat(243)}`, "x")).toMatchObject({ ok: false });
  });
});

it("servedType: sends a stored type that does not parse as unknown bytes", () => {
  for (const stored of ["text/plain;,text/html", "[object JsRpcStub]", "", "image/*", "a/b;x=1;x=2"]) {
    expect(servedType(stored).text).toBe("application/octet-stream");
  }
  expect(servedType("Text/HTML;CHARSET=x").text).toBe("text/html;charset=x");
});
