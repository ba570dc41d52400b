import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Access } from "../../src/api/access.ts";
import type { Endpoint } from "../../src/api/endpoint.ts";
import { ENDPOINTS } from "../../src/api/endpoints.ts";
import { REFUSALS } from "../../src/api/refusals.ts";
import { type ErrorCode, STATUS } from "../../src/model/refusal.ts";
import { templateOf } from "../../src/api/openapi.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/api.md"), "utf8");

/** Who may call, as the page says it. */
const WHO: Readonly<Record<Access, string>> = {
  anyone: "anyone",
  admin: "admin",
  manage: "admin, secret key",
  read: "secret, public key",
  content: "secret, public, delivery key",
  upload: "secret, upload key, a ticket",
  write: "secret key",
};

const BASE = "/api/v1";

/** A name that stands in a JSON body, with a mark where it may be left out. */
function fieldsOf({ body }: Endpoint): string {
  const [schema] = body && "json" in body && body.optional ? Object.values(body.json) : [];
  return schema
    ? ` {${Object.keys(schema.entries)
        .map((name) => `"${name}"?`)
        .join()}}`
    : "";
}

/** How the page writes an endpoint down: its path, its parameters and the fields of a body that may be absent. */
function written(endpoint: Endpoint): string {
  const { method, path, query } = endpoint;
  const template = templateOf(path);
  const place = template.startsWith(BASE) ? template.slice(BASE.length) : template;
  return `${method} ${place}${query ? `?${Object.keys(query.entries).join("&")}` : ""}${fieldsOf(endpoint)}`;
}

it("docs/api.md: its table has every endpoint of the API, with who may call it and the status of its first answer", () => {
  const rows = [...PAGE.matchAll(/^\| `([\w.]+)` \| `([^`]+)`[^|]* \| ([^|]+) \| (.*) \|$/gm)].map(
    ([, id = "", endpoint = "", who = "", answers = ""]) => [id, { endpoint, who, answers }] as const,
  );
  const table = Object.fromEntries(rows);
  expect(Object.keys(table).toSorted()).toEqual(Object.keys(ENDPOINTS).toSorted());
  for (const [id, endpoint] of Object.entries<Endpoint>(ENDPOINTS)) {
    const row = table[id];
    const isLinked = endpoint.access === "content" && endpoint.path.includes(":assetId");
    expect([id, row?.who]).toEqual([id, `${WHO[endpoint.access]}${isLinked ? ", a signed link" : ""}`]);
    // A body that must be there is written out as an example of one.
    expect(row?.endpoint.replace(/ \{"name"\}$/, "")).toBe(written(endpoint));
    const [status = ""] = Object.keys(endpoint.answers);
    if (!row?.answers.startsWith("the same")) expect([id, row?.answers]).toEqual([id, expect.stringContaining(status)]);
  }
});

it("docs/api.md: its table of errors has every code of the API, with its status and what it means", () => {
  const rows = [...PAGE.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \| (.*) \|$/gm)].map(([, ...cells]) => cells);
  expect(rows).toEqual(
    Object.entries(STATUS).map(([code, status]) => [code, `${status}`, REFUSALS[code as ErrorCode].is]),
  );
});
