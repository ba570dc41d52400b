import * as fc from "fast-check";
import { describe, expect, inject, it } from "vitest";
import type { Endpoint } from "../../src/api/endpoint.ts";
import { ENDPOINTS } from "../../src/api/endpoints.ts";
import { importExample, PATH_EXAMPLES } from "../../src/api/examples.ts";
import type { Json } from "../../src/api/json-schema.ts";
import { admin, bearer, PATH, post, send, TestVault, textFile } from "../support/api.ts";
import { complaints, document } from "../support/documented.ts";
import { ticketOf } from "../support/tickets.ts";
import { FIELDS, metadata, OFFSET_BYTES, TUS, TusClient } from "../support/tus.ts";

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema: Json;
}
interface Operation {
  operationId: string;
  parameters?: (Parameter | { $ref: string })[];
  requestBody?: { content: Record<string, { schema: Json; example?: unknown }> };
  responses: Record<string, { content?: Record<string, { schema: Json; example?: unknown }> }>;
}

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, ...(operation as unknown as Operation) })),
);

const endpoints: Readonly<Record<string, Endpoint>> = ENDPOINTS;

const BYTES = "application/octet-stream";

const isInQuery = (parameter: Parameter | { $ref: string }): parameter is Parameter =>
  "in" in parameter && parameter.in === "query";

/** What the operations of resumable uploads need beside a body. Each looks at its own. */
const UPLOAD_HEADERS = { ...TUS, "Upload-Length": "10", "Upload-Metadata": metadata(FIELDS), "Upload-Offset": "0" };

/** What names a file that is to be imported. Its bytes are those of {@link init}. */
const IMPORTED = {
  r2_key: `${PATH_EXAMPLES["vaultId"]}/a/b/c/${PATH_EXAMPLES["assetId"]}_a.txt`,
  mime_type: "text/plain",
  sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
};

/** An import wants an empty vault, and lines and files that belong together. */
const isImport = ({ operationId }: Operation): boolean => operationId.startsWith("vaults.import");

/** A place where an operation of the document can succeed: a vault with an asset and a key, and credentials for the access. */
async function scene({ path, operationId: id, parameters = [] }: (typeof operations)[number]) {
  const vault = await TestVault.create();
  const asset = id.startsWith("vaults.import") ? { id: "", filename: "" } : await vault.upload();
  if (id === "vaults.importBody") await post(`${vault.path}/import`, admin, importExample);
  const { data } = await (await send(`${vault.path}/keys`, { headers: admin })).json<{ data: { id: string }[] }>();
  const upload = id.startsWith("uploads.") ? await new TusClient(vault).begin(10) : "";
  const names = {
    vaultId: vault.id,
    assetId: asset.id,
    keyId: data[0]?.id ?? "",
    uploadId: upload.split("/").at(-1) ?? "",
    ticketId: id.startsWith("tickets.") ? (await ticketOf(vault)).ticket_id : "",
    ...PATH,
    ...IMPORTED,
    filename: asset.filename,
  };
  const url = path.replace(/\{(\w+)\}/g, (_, name: keyof typeof names) => names[name]);
  const needed = parameters.filter((one) => isInQuery(one) && one.required === true) as Parameter[];
  const query = new URLSearchParams(needed.map(({ name }) => [name, names[name as keyof typeof names]])).toString();
  const access = endpoints[id]?.access ?? "anyone";
  const headers = access === "admin" || access === "manage" ? admin : bearer(vault.secretKey);
  const tus = id.startsWith("uploads.") ? UPLOAD_HEADERS : {};
  return { url, query: query && `?${query}`, headers: access === "anyone" ? {} : { ...headers, ...tus } };
}

/** A request of an operation, with this JSON or, where a file is taken, a form. */
function init(operation: (typeof operations)[number], headers: Record<string, string>, type?: string, body?: unknown) {
  const method = operation.method.toUpperCase();
  if (type === "multipart/form-data") {
    const form = new FormData();
    for (const [name, value] of Object.entries(PATH)) form.append(name, value);
    form.append("file", textFile());
    return { method, headers, body: form };
  }
  if (type === undefined) return { method, headers };
  if (type === OFFSET_BYTES || type === BYTES)
    return { method, headers: { ...headers, "Content-Type": type }, body: "hello" };
  return { method, headers: { ...headers, "Content-Type": type }, body: JSON.stringify(body) };
}

/** A 200 beside a 201 is for a repeat. */
const successOf = ({ responses }: Operation): string =>
  "201" in responses ? "201" : (Object.keys(responses)[0] ?? "");

describe.each(operations)("$operationId", (operation) => {
  const { requestBody } = operation;
  const bodies = Object.entries(requestBody?.content ?? { none: undefined }).filter(([type]) => type !== "*/*");

  it.each(bodies)("its example succeeds as the document says (%s)", async (type, content) => {
    const { url, query, headers } = await scene(operation);
    const request = init(operation, headers, content && type, content?.example);
    const response = await send(url + query, request);
    expect(String(response.status)).toBe(successOf(operation));
    const documented = operation.responses[response.status]?.content?.["application/json"];
    if (!documented) return;
    expect(complaints(documented.schema, documented.example)).toEqual([]);
    const names = Object.keys(await response.json<object>());
    expect(names).toEqual(expect.arrayContaining(Object.keys(documented.example as object)));
  });
});

/** Values that a schema of the document allows; those of every kind of word that the document uses. */
function valuesOf(schema: Json): fc.Arbitrary<unknown> {
  const { $ref, type, pattern, anyOf, items, properties } = schema;
  if (typeof $ref === "string") return valuesOf(document.components.schemas[$ref.split("/").at(-1) ?? ""] ?? {});
  if (Array.isArray(anyOf)) return fc.oneof(...(anyOf as Json[]).map(valuesOf));
  if (Array.isArray(schema["enum"])) return fc.constantFrom(...(schema["enum"] as unknown[]));
  if (schema["format"] === "date-time") {
    return fc
      .date({ min: new Date("2040-01-01"), max: new Date("2090-01-01"), noInvalidDate: true })
      .map((date) => date.toISOString());
  }
  if (typeof pattern === "string") return fc.stringMatching(new RegExp(pattern));
  if (type === "integer" || type === "number") {
    const { minimum = 0, maximum = 1_000 } = schema as { minimum?: number; maximum?: number };
    return fc.integer({ min: minimum, max: maximum });
  }
  if (type === "string") {
    const { minLength = 0, maxLength = 64 } = schema as { minLength?: number; maxLength?: number };
    // Which characters a name may hold, the document says in words.
    return fc.stringMatching(new RegExp(`^[a-zA-Z0-9 äöü€]{${minLength},${Math.min(maxLength, 64)}}$`));
  }
  if (type === "null") return fc.constant(null);
  if (type === "boolean") return fc.boolean();
  if (type === "array") {
    const { minItems = 0 } = schema as { minItems?: number };
    return fc.array(valuesOf(items as Json), { minLength: minItems, maxLength: 5 });
  }
  if ("const" in schema) return fc.constant(schema["const"]);
  if (type !== "object") throw new Error(`no values of ${JSON.stringify(schema)}`);
  if (!properties) return fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
  const { required = [], minProperties = 0 } = schema as { required?: string[]; minProperties?: number };
  const fields = Object.entries(properties).map(([name, property]) => [name, valuesOf(property as Json)] as const);
  return fc
    .record(Object.fromEntries(fields), { requiredKeys: required })
    .filter((value) => Object.keys(value).length >= minProperties)
    .filter((value) => schema["dependentRequired"] === undefined || complaints(schema, value).length === 0)
    .filter((value) => schema["not"] === undefined || complaints(schema["not"] as Json, value).length > 0);
}

const RUNS = { numRuns: Math.max(20, inject("fuzzRuns") / 10) };

/** Whether a body is a file, or bytes of one. */
const isOfBytes = ({ content }: { content: Record<string, unknown> }): boolean =>
  "*/*" in content || OFFSET_BYTES in content;

describe.each(operations.filter((each) => each.requestBody && !isOfBytes(each.requestBody) && !isImport(each)))(
  "$operationId",
  (operation) => {
    it("takes whatever its body's schema allows, and nothing with another name in it", async () => {
      const { url, headers } = await scene(operation);
      for (const [type, { schema }] of Object.entries(operation.requestBody?.content ?? {})) {
        await fc.assert(
          fc.asyncProperty(valuesOf(schema), async (body) => {
            // The expiry of a key only ever comes nearer, so each change has a key of its own.
            const place = operation.operationId === "keys.update" ? (await scene(operation)).url : url;
            const response = await send(place, init(operation, headers, type, body));
            // The ids in a batch are of no asset, and then nothing of an atomic one is done.
            const isRefused = (body as { atomic?: boolean }).atomic === true;
            const expected = isRefused ? "404" : successOf(operation);
            expect([String(response.status), await response.text()]).toEqual([expected, expect.anything()]);
            const typo = await send(place, init(operation, headers, type, { ...(body as object), no_such_name: 1 }));
            expect([typo.status, await typo.text()]).toEqual([400, expect.stringContaining("no_such_name: unknown")]);
          }),
          RUNS,
        );
      }
    });
  },
);

describe.each(operations.filter((each) => endpoints[each.operationId]?.query && !isImport(each)))(
  "$operationId",
  (operation) => {
    it("takes whatever its parameters' schemas allow", async () => {
      const { url, headers } = await scene(operation);
      // A cursor is what a page before has given.
      const parameters = (operation.parameters ?? []).filter(isInQuery).filter(({ name }) => name !== "cursor");
      const values = fc.record(Object.fromEntries(parameters.map(({ name, schema }) => [name, valuesOf(schema)])), {
        requiredKeys: parameters.flatMap(({ name, required }) => (required ? [name] : [])),
      });
      await fc.assert(
        fc.asyncProperty(values, async (query) => {
          // The document can say of each parameter alone what it may be: a collection needs its partition.
          fc.pre(operation.operationId !== "folders.list" || !("collection" in query) || "partition" in query);
          const text = new URLSearchParams(
            Object.entries(query).flatMap(([name, value]) => [value].flat().map((each) => [name, String(each)])),
          );
          const method = operation.method.toUpperCase();
          expect((await send(`${url}?${text.toString()}`, { method, headers })).status).toBe(200);
        }),
        RUNS,
      );
    });
  },
);
