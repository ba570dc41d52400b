import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Refused } from "../../src/model/refusal.ts";
import { FormParser } from "../../src/upload/form-parser.ts";

const BOUNDARY = "XbX";

interface Part {
  name: string;
  filename?: string;
  contentType?: string;
  text: string;
}

/** What the parser makes of a body that comes cut at these places: its parts, or the message of the refusal. */
function parse(body: Buffer, cuts: readonly number[] = [], boundary = BOUNDARY): Part[] | string {
  const parts: Part[] = [];
  try {
    const parser = new FormParser(boundary);
    const edges = [0, ...cuts.toSorted((a, b) => a - b), body.length];
    for (let i = 1; i < edges.length; i++) {
      for (const event of parser.push(body.subarray(edges[i - 1], edges[i]))) {
        const last = parts.at(-1);
        if (event.type === "data" && last) last.text += Buffer.from(event.bytes).toString("latin1");
        if (event.type === "part") {
          const { name, filename, contentType } = event.part;
          parts.push({
            name,
            text: "",
            ...(filename === undefined ? {} : { filename }),
            ...(contentType ? { contentType } : {}),
          });
        }
      }
    }
    parser.end();
    return parts;
  } catch (error) {
    if (error instanceof Refused) return error.refusal.message;
    throw error;
  }
}

const lines = (...text: string[]): Buffer => Buffer.from(text.join("\r\n"), "utf8");
const field = (name: string, value: string): string[] => [
  `--${BOUNDARY}`,
  `Content-Disposition: form-data; name="${name}"`,
  "",
  value,
];
const everyByte = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const END = `--${BOUNDARY}--`;

describe("form parser", () => {
  it("finds fields and files, wherever the body is cut", () => {
    const body = lines(
      "preamble",
      ...field("a", "1"),
      `--${BOUNDARY} \t`,
      'content-disposition: FORM-DATA; filename="x.txt"; name=f',
      "Content-Type: text/plain; charset=utf-8",
      "X-Other: y",
      "",
      `\r\n--${BOUNDARY}X is data, so is --${BOUNDARY}`,
      "",
      `-\n--${BOUNDARY}\n`,
      ...field("empty", ""),
      END,
      "epilogue",
    );
    const expected = [
      { name: "a", text: "1" },
      {
        name: "f",
        filename: "x.txt",
        contentType: "text/plain; charset=utf-8",
        text: `\r\n--${BOUNDARY}X is data, so is --${BOUNDARY}\r\n\r\n-\n--${BOUNDARY}\n`,
      },
      { name: "empty", text: "" },
    ];
    expect(parse(body)).toEqual(expected);
    for (let cut = 0; cut <= body.length; cut++) expect(parse(body, [cut]), `cut at ${cut}`).toEqual(expected);
    expect(parse(body, everyByte(body.length))).toEqual(expected);
  });

  it.each([
    ["no boundary anywhere", Buffer.from("hello"), "the form has no part: its boundary was never found"],
    ["nothing at all", Buffer.alloc(0), "the form has no part: its boundary was never found"],
    ["no end", lines(...field("a", "1")), "the form ended without its closing boundary"],
    ["a cut-off end", lines(...field("a", "1"), `--${BOUNDARY}-`), "the form ended without its closing boundary"],
    [
      "an end in the headers",
      lines(`--${BOUNDARY}`, "Content-Disposition: form-data"),
      "the form ended without its closing boundary",
    ],
    ["a part without headers", lines(`--${BOUNDARY}`, "", "x", END), "a part must have a Content-Disposition"],
    [
      "a folded header",
      lines(`--${BOUNDARY}`, "Content-Disposition: form-data;", ' name="a"', "", "x", END),
      "a part's header line must be a name, a colon and a value",
    ],
    [
      "a header line without a colon",
      lines(`--${BOUNDARY}`, "nonsense", "", "x", END),
      "a part's header line must be a name, a colon and a value",
    ],
    [
      "another disposition",
      lines(`--${BOUNDARY}`, 'Content-Disposition: attachment; name="a"', "", "x", END),
      "Content-Disposition: must be form-data",
    ],
    ["an empty name", lines(...field("", "1"), END), "Content-Disposition: name must not be empty"],
    [
      "no name",
      lines(`--${BOUNDARY}`, "Content-Disposition: form-data", "", "x", END),
      "Content-Disposition: name must not be empty",
    ],
    [
      "an unclosed quote",
      lines(`--${BOUNDARY}`, `Content-Disposition: form-data; name="${"\\".repeat(5001)}`, "", "x", END),
      "Content-Disposition: name has no closing quote",
    ],
    [
      "a repeated parameter",
      lines(`--${BOUNDARY}`, 'Content-Disposition: form-data; name="a"; name="b"', "", "x", END),
      "Content-Disposition: must not repeat name",
    ],
    [
      "a repeated disposition",
      lines(
        `--${BOUNDARY}`,
        'Content-Disposition: form-data; name="a"',
        'Content-Disposition: form-data; name="b"',
        "",
        "x",
        END,
      ),
      "a part must not repeat Content-Disposition",
    ],
    [
      "nested multipart",
      lines(
        `--${BOUNDARY}`,
        'Content-Disposition: form-data; name="a"',
        "Content-Type: multipart/mixed; boundary=y",
        "",
        "x",
        END,
      ),
      "a part must not be multipart itself",
    ],
    [
      "base64",
      lines(
        `--${BOUNDARY}`,
        'Content-Disposition: form-data; name="a"',
        "Content-Transfer-Encoding: base64",
        "",
        "x",
        END,
      ),
      "Content-Transfer-Encoding: only binary is supported (RFC 7578 4.7)",
    ],
    [
      "a malformed filename*",
      lines(`--${BOUNDARY}`, `Content-Disposition: form-data; name="a"; filename*=UTF-8''%E0%A4%A`, "", "x", END),
      "Content-Disposition: filename* must be UTF-8''percent-encoded",
    ],
    [
      "invalid UTF-8 in a header",
      Buffer.concat([
        lines(`--${BOUNDARY}`, 'Content-Disposition: form-data; name="'),
        Buffer.from([0xff]),
        lines('"', "", "x", END),
      ]),
      "a part's headers must be valid UTF-8",
    ],
    [
      "33 header lines",
      lines(`--${BOUNDARY}`, ...Array.from({ length: 33 }, (_, i) => `X-${i}: 1`), "", "x", END),
      "a part must have at most 32 header lines",
    ],
    [
      "33 parts",
      lines(...Array.from({ length: 33 }, () => field("a", "1")).flat(), END),
      "the form must have at most 32 parts",
    ],
    [
      "a header block over 16 KiB",
      lines(`--${BOUNDARY}`, `X: ${"x".repeat(16_384)}`, "", "x", END),
      "a part's headers must be at most 16384 bytes",
    ],
    [
      "headers without end",
      lines(`--${BOUNDARY}`, `X: ${"x".repeat(17_000)}`),
      "a part's headers must be at most 16384 bytes",
    ],
    [
      "a huge preamble",
      Buffer.concat([Buffer.alloc(65_537, "x"), lines("", ...field("a", "1"), END)]),
      "the form must have at most 65536 bytes outside its parts",
    ],
    [
      "a huge epilogue",
      Buffer.concat([lines(...field("a", "1"), END), Buffer.alloc(65_537, "x")]),
      "the form must have at most 65536 bytes outside its parts",
    ],
  ])("refuses %s", (_case, body, message) => {
    expect(parse(body)).toBe(message);
    expect(parse(body, everyByte(Math.min(body.length, 2_000)))).toBe(message);
  });

  it("takes a delimiter right behind the headers for the end of a part without a body (RFC 2046 5.1.1)", () => {
    const body = lines(`--${BOUNDARY}`, 'Content-Disposition: form-data; name="a"', "", ...field("b", "1"), END);
    expect(parse(body)).toEqual([
      { name: "a", text: "" },
      { name: "b", text: "1" },
    ]);
    for (let cut = 0; cut <= body.length; cut++) expect(parse(body, [cut])).toEqual(parse(body));
  });

  it("reads filename*, and quotes in every way in which clients escape them", () => {
    const file = (disposition: string) =>
      parse(lines(`--${BOUNDARY}`, `Content-Disposition: form-data; name="f"; ${disposition}`, "", "", END));
    expect(file(`filename="a.txt"; filename*=utf-8'en'%e2%98%83.txt`)).toEqual([
      { name: "f", filename: "☃.txt", text: "" },
    ]);
    expect(file('filename="a\\"b\\\\c.txt"')).toEqual([{ name: "f", filename: 'a"b\\c.txt', text: "" }]);
    expect(file('filename="C:\\dir\\a.txt"')).toEqual([{ name: "f", filename: "C:\\dir\\a.txt", text: "" }]);
    expect(file('filename="a%22b;c.txt";')).toEqual([{ name: "f", filename: "a%22b;c.txt", text: "" }]);
    expect(file('filename=""')).toEqual([{ name: "f", filename: "", text: "" }]);
  });

  it("has one outcome for a body, valid or mutated, however it is cut", () => {
    const piece = fc.constantFrom(
      "\r\n",
      `--${BOUNDARY}`,
      "--",
      "\r",
      "\n",
      " ",
      "x",
      ...field("a", "1").map((line) => `${line}\r\n`),
      `${END}\r\n`,
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), fc.array(fc.nat(400), { maxLength: 6 }), (pieces, offsets) => {
        const body = lines(...field("a", "1"), pieces.join(""), END);
        const cuts = offsets.filter((offset) => offset <= body.length);
        expect(parse(body, cuts)).toEqual(parse(body));
      }),
      { numRuns: 2_000 },
    );
  });

  it("returns any bytes that do not hold the delimiter", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.array(fc.nat(600), { maxLength: 5 }), (bytes, offsets) => {
        const head = lines(`--${BOUNDARY}`, 'Content-Disposition: form-data; name="f"; filename="x"', "", "");
        const body = Buffer.concat([head, bytes, lines("", END)]);
        const text = Buffer.from(bytes).toString("latin1");
        expect(
          parse(
            body,
            offsets.filter((offset) => offset <= body.length),
          ),
        ).toEqual([{ name: "f", filename: "x", text }]);
      }),
      { numRuns: 1_000 },
    );
  });

  it("takes megabytes that look like the beginning of a delimiter in linear time", () => {
    const body = Buffer.concat([lines(...field("a", "")), Buffer.alloc(4_000_000, "\r\n--Xb"), lines("", END)]);
    expect(
      parse(
        body,
        Array.from({ length: 60 }, (_, i) => i * 65_536),
      ),
    ).toHaveLength(1);
  });
});
