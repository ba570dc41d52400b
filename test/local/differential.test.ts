/** Our form parser and busboy, which Node's servers have trusted for a decade, fed with the same forms. */

import busboy from "busboy";
import fc from "fast-check";
import { expect, inject, it } from "vitest";
import { Refused } from "../../src/model/refusal.ts";
import { FormParser } from "../../src/upload/form-parser.ts";

const BOUNDARY = "bOuNd";

type Part = { name: string; filename: string | undefined; text: string };

function ours(body: Buffer): Part[] | undefined {
  const parts: Part[] = [];
  try {
    const parser = new FormParser(BOUNDARY);
    for (const event of parser.push(body)) {
      if (event.type === "part") parts.push({ name: event.part.name, filename: event.part.filename, text: "" });
      const last = parts.at(-1);
      if (event.type === "data" && last) last.text += Buffer.from(event.bytes).toString("latin1");
    }
    parser.end();
    return parts;
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

/** What busboy makes of the same bytes; undefined when it refuses them. */
function theirs(body: Buffer): Promise<Part[] | undefined> {
  return new Promise((resolve) => {
    const parts: Part[] = [];
    const parser = busboy({
      headers: { "content-type": `multipart/form-data; boundary=${BOUNDARY}` },
      preservePath: true,
      defCharset: "latin1",
      defParamCharset: "utf8",
    });
    parser.on("field", (name, value) => parts.push({ name, filename: undefined, text: value }));
    parser.on("file", (name, stream, { filename }) => {
      const part = { name, filename, text: "" };
      parts.push(part);
      stream.on("data", (bytes: Buffer) => {
        part.text += bytes.toString("latin1");
      });
      stream.on("error", () => resolve(undefined));
    });
    parser.on("error", () => resolve(undefined));
    parser.on("close", () => resolve(parts));
    parser.end(body);
  });
}

const anyPart = fc
  .record({
    name: fc.constantFrom("a", "file", "x y", 'q\\"q', "é"),
    filename: fc.option(fc.constantFrom("f.txt", "a b.png", "ü.txt", "C:\\x.txt")),
    content: fc.oneof(
      fc.string({ maxLength: 100 }),
      fc.constantFrom("", "\r\n", `\r\n--${BOUNDARY.slice(0, 3)}`, "\r\n--", `--${BOUNDARY}`, "\r\r\n\n"),
    ),
  })
  .map(({ name, filename, content }) => {
    // busboy takes an octet-stream for a file even if it has no filename, so files say that they are text.
    const type = filename === null ? "" : "\r\nContent-Type: text/plain";
    const file = filename === null ? "" : `; filename="${filename}"`;
    return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}${type}\r\n\r\n${content}\r\n`;
  });

it("the form parser and busboy: find the same parts in every form that both accept", async () => {
  let both = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyPart, { minLength: 1, maxLength: 6 }), async (parts) => {
      const body = Buffer.from(`${parts.join("")}--${BOUNDARY}--\r\n`, "utf8");
      const [us, them] = [ours(body), await theirs(body)];
      if (!us || !them) return;
      both++;
      // busboy hands out files and fields as they end. The order within each kind is the form's.
      const sorted = (list: Part[]) => [
        list.filter((part) => part.filename !== undefined),
        list.filter((part) => part.filename === undefined),
      ];
      expect(sorted(us)).toEqual(sorted(them));
    }),
    { numRuns: inject("fuzzRuns") },
  );
  expect(both).toBeGreaterThan(0);
});
