/** The header `Strongroom-Ignored`, which names what an upload carried and the API does not know. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IgnoredNames } from "../../src/http/ignored.ts";
import { bearer, type Fields, PATH, send, TestVault, textFile } from "../support/api.ts";

const HEADER = "Strongroom-Ignored";

const form = async (vault: TestVault, fields: Fields, query = ""): Promise<Response> => {
  const body = new FormData();
  for (const [name, value] of Object.entries({ ...PATH, ...fields, file: textFile() })) {
    if (value !== undefined) body.append(name, value);
  }
  return send(vault.assets + query, { method: "POST", headers: bearer(vault.secretKey), body });
};

const raw = (vault: TestVault, query: string): Promise<Response> =>
  send(`${vault.assets}?partition=a&collection=b&channel=c&filename=f${query}`, {
    method: "POST",
    headers: { ...bearer(vault.secretKey), "Content-Type": "text/plain" },
    body: "x",
  });

/** What the header of a 201 holds. */
const ignored = async (response: Response): Promise<string | null> => {
  expect(response.status, await response.text()).toBe(201);
  return response.headers.get(HEADER);
};

describe("a name that an upload ignored", () => {
  it("is in the header once, in the order in which the names came", async () => {
    const vault = await TestVault.create();
    expect(await ignored(await form(vault, { csrf: "1", tag: "[]", metadata: "{}", __proto__x: "" }))).toBe(
      "csrf, tag, __proto__x",
    );
    expect(await ignored(await raw(vault, "&tag=[]&utm_source=x&tag=2&constructor=1&file=f&metadata="))).toBe(
      "tag, utm_source, constructor, file",
    );
    expect(await ignored(await raw(vault, "&__proto__=1"))).toBe("__proto__");
  });

  it("is not in a header when there is none, or only `_` in the query", async () => {
    const vault = await TestVault.create();
    expect(await ignored(await form(vault, { tags: "[]", metadata: "" }, "?_=1"))).toBeNull();
    expect(await ignored(await raw(vault, "&_=1&_=2&tags=[]"))).toBeNull();
    expect((await vault.get((await vault.upload()).id)).headers.get(HEADER)).toBeNull();
  });

  it("is in the header when it is a parameter beside a form", async () => {
    const vault = await TestVault.create();
    expect(await ignored(await form(vault, { x: "" }, "?tags=[]&y=1"))).toBe("x, tags, y");
  });

  it("is percent-encoded where a header could not carry it", async () => {
    const vault = await TestVault.create();
    expect(await ignored(await form(vault, { "a, b": "", ä: "" }))).toBe("a%2C%20b, %C3%A4");
    expect(await ignored(await raw(vault, "&x%0d%0aSet-Cookie:%20a=1"))).toBe("x%0D%0ASet-Cookie%3A%20a");
  });

  it("can be read by a script of any origin", async () => {
    const response = await form(await TestVault.create(), { x: "" });
    expect(response.headers.get("Access-Control-Expose-Headers")?.split(", ")).toContain(HEADER);
  });

  it("makes a short header of plain characters, whatever the names are and however many", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 100 }), { maxLength: 40 }), (names) => {
        const list = new IgnoredNames();
        for (const name of names) list.add(name);
        const text = list.header[HEADER] ?? "";
        expect(text).toMatch(/^[!-~, ]*$/);
        const shown = text === "" ? [] : text.split(", ");
        expect(shown.length).toBeLessThanOrEqual(20);
        const decoded = shown.map((each) => decodeURIComponent(each));
        for (const [i, name] of decoded.entries()) {
          expect(shown[i]?.length).toBeLessThanOrEqual(64);
          expect(names.some((each) => each.toWellFormed().startsWith(name))).toBe(true);
        }
      }),
    );
  });
});
