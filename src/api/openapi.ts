import type * as v from "valibot";
import { type ErrorCode, STATUS } from "../model/refusal.ts";
import * as answers from "./answers.ts";
import { type Access, type Credential, OPENS } from "./access.ts";
import type { Answer, BytesBody, Endpoint, FileBody, JsonBody } from "./endpoint.ts";
import { ENDPOINTS } from "./endpoints.ts";
import { EXAMPLES, PATH_EXAMPLES } from "./examples.ts";
import { COMMON_HEADERS, type Header, REQUEST_HEADERS, RESPONSE_HEADERS, type ResponseHeader } from "./headers.ts";
import { type Json, jsonSchema, NAMED, reference } from "./json-schema.ts";
import type { ObjectSchema } from "./parse.ts";
import { REFUSALS } from "./refusals.ts";
import * as schemas from "./schemas.ts";

const header = ({ description, pattern, example }: Header): Json => ({
  description,
  schema: {
    type: "string",
    ...(pattern === undefined ? {} : { pattern }),
    ...(example === undefined ? {} : { examples: [example] }),
  },
});

/** What stands in the paths. */
const PATH_PARAMETERS: Readonly<Record<string, { schema: v.GenericSchema; description: string }>> = {
  vaultId: { schema: answers.VaultId, description: "The vault." },
  assetId: { schema: answers.AssetId, description: "The asset." },
  keyId: { schema: answers.KeyId, description: "The key." },
  ticketId: { schema: answers.TicketId, description: "The ticket." },
  uploadId: { schema: answers.UploadId, description: "The resumable upload." },
  partition: { schema: schemas.PathComponent, description: "Of the asset's path." },
  collection: { schema: schemas.PathComponent, description: "Of the asset's path." },
  channel: { schema: schemas.PathComponent, description: "Of the asset's path." },
  filename: { schema: schemas.Filename, description: "Of the asset. Percent-encoded." },
};

const parametersIn = (path: string): string[] => [...path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? "");

/** A path in the notation of OpenAPI. */
export const templateOf = (path: string): string => path.replace(/:(\w+)/g, "{$1}");

function queryParameters(schema: ObjectSchema, path: string): Json[] {
  const { properties, required } = jsonSchema(schema, path, true) as { properties: Json; required?: string[] };
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property as Json;
    return {
      name,
      in: "query",
      required: required?.includes(name) ?? false,
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function requestBody(body: JsonBody | FileBody | BytesBody, path: string): Json {
  if ("bytes" in body) {
    const bytes = { schema: { description: body.is, contentMediaType: "application/octet-stream" } };
    return {
      required: body.optional !== true,
      content: Object.fromEntries(body.bytes.map((type) => [type, bytes])),
    };
  }
  if ("json" in body) {
    const content = Object.entries(body.json).map(([type, schema]) => [
      type,
      // A name that is not known is refused; see parseBody.
      { schema: { ...jsonSchema(schema, path), unevaluatedProperties: false }, example: body.example },
    ]);
    return { required: body.optional !== true, content: Object.fromEntries(content) as Json };
  }
  const file = { description: "The file.", contentMediaType: "application/octet-stream" };
  return {
    required: true,
    content: {
      "multipart/form-data": {
        schema: jsonSchema(body.form, path),
        encoding: {
          file: { contentType: "*/*", headers: { "Content-Digest": header(REQUEST_HEADERS.contentDigest) } },
          metadata: { contentType: "application/json" },
          tags: { contentType: "application/json" },
        },
      },
      "*/*": { schema: file },
    },
  };
}

const headersOf = (always: readonly ResponseHeader[], perhaps: readonly ResponseHeader[]): Json =>
  Object.fromEntries([
    ...always.map((name) => [name, { ...header(RESPONSE_HEADERS[name]), required: true }] as const),
    ...perhaps.map((name) => [name, header(RESPONSE_HEADERS[name])] as const),
  ]);

function exampleOf(schema: v.GenericSchema, path: string): unknown {
  const example = EXAMPLES.get(schema);
  if (example === undefined) throw new Error(`${path}: has no example`);
  return example;
}

function answer({ is, body, headers = [], mayHave = [] }: Answer, access: Access, path: string): Json {
  const content =
    body === "file"
      ? { "*/*": { schema: { description: "The bytes.", contentMediaType: "application/octet-stream" } } }
      : body && { "application/json": { schema: jsonSchema(body, path), example: exampleOf(body, path) } };
  return {
    description: is,
    headers: headersOf([...COMMON_HEADERS, ...headers], [...mayHave, ...(access === "anyone" ? [] : RATE_HEADERS)]),
    ...(content ? { content } : {}),
  };
}

/** Every answer for a vault with a rate carries these. */
const RATE_HEADERS = ["RateLimit", "RateLimit-Policy"] as const satisfies readonly ResponseHeader[];

/** The refusals that an endpoint's own rules entail, beside those that it names. */
function refusalsOf({ method, access, query, headers, body, refusals = [] }: Endpoint): ErrorCode[] {
  const of = (when: unknown, ...codes: ErrorCode[]): ErrorCode[] => (when ? codes : []);
  return [
    ...of(access !== "anyone", "UNAUTHORIZED", "FORBIDDEN", "RATE_LIMITED", "UNAVAILABLE"),
    // A ticket beside another credential, too.
    ...of(query ?? access === "upload", "INVALID_PARAMS"),
    // An Idempotency-Key where none is taken.
    ...of(method === "POST" && !headers?.includes("idempotencyKey"), "INVALID_PARAMS"),
    ...of(body, "INVALID_PARAMS", "REQUEST_TIMEOUT", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "UNAVAILABLE"),
    ...refusals,
    "INTERNAL_ERROR",
  ];
}

/** The refusals of an endpoint by their status: one answer each, whichever codes it has. */
function refusalAnswers(endpoint: Endpoint): Json {
  const byStatus = new Map<number, Set<ErrorCode>>();
  for (const code of refusalsOf(endpoint)) {
    const codes = byStatus.get(STATUS[code]) ?? new Set<ErrorCode>();
    byStatus.set(STATUS[code], codes.add(code));
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => {
      const [only, ...others] = codes;
      if (only === undefined) throw new Error(`${status}: has no code`);
      return [status, others.length === 0 ? reference("responses", only) : refusalResponse([only, ...others])];
    }),
  );
}

/** The answer of a status. When it has several codes, what any of them carries may be there. */
function refusalResponse(codes: readonly [ErrorCode, ...ErrorCode[]]): Json {
  const { is, headers = [] } = REFUSALS[codes[0]];
  const perhaps = codes.flatMap((code) => [...(REFUSALS[code].headers ?? []), ...(REFUSALS[code].mayHave ?? [])]);
  const always = codes.length === 1 ? headers : [];
  const example = { error: { code: codes[0], message: is, status: STATUS[codes[0]] } };
  const described = codes.map((code) => (codes.length === 1 ? is : `\`${code}\`: ${REFUSALS[code].is}`)).join(" ");
  const code = codes.length === 1 ? { const: codes[0] } : { enum: codes };
  return {
    description: described,
    headers: headersOf(
      [...COMMON_HEADERS, "Cache-Control", ...always],
      [...perhaps.filter((name) => !always.includes(name)), ...RATE_HEADERS],
    ),
    content: {
      "application/json": {
        schema: {
          allOf: [
            reference("schemas", "Error"),
            { type: "object", properties: { error: { type: "object", properties: { code } } } },
          ],
        },
        example,
      },
    },
  };
}

/** The scheme of each credential in the document. */
const SCHEMES: Readonly<Record<Credential, string>> = {
  admin: "adminToken",
  secret: "secretKey",
  public: "publicKey",
  delivery: "deliveryKey",
  upload: "uploadKey",
};

/**
 * The credentials that open an endpoint. A delivery key opens content from the query too, and a ticket takes an upload. A
 * signed link, which is in the query, opens the content of an asset.
 */
function security({ access, path }: Endpoint): Json[] {
  if (access === "anyone") return [];
  const schemes: Json[] = OPENS[access].map((credential) => ({ [SCHEMES[credential]]: [] }));
  if (access === "content") schemes.push({ deliveryUrl: [] });
  if (access === "upload") schemes.push({ ticketUrl: [] });
  return access === "content" && path.includes(":assetId") ? [...schemes, {}] : schemes;
}

function operation(id: string, endpoint: Endpoint): Json {
  const { path, does, notes, access, query, parameters, headers = [], body } = endpoint;
  const given = [
    ...parametersIn(path).map((name) => reference("parameters", name)),
    ...headers.map((name) => reference("parameters", name)),
    ...(query ? queryParameters(query, `${id}: query`) : []),
    ...(parameters ? queryParameters(parameters, `${id}: query`) : []),
  ];
  const always = Object.keys(endpoint.always ?? {}) as ResponseHeader[];
  const answersJson = Object.entries(endpoint.answers).map(([status, one]) => [
    status,
    answer({ ...one, headers: [...always, ...(one.headers ?? [])] }, access, `${id}: ${status}`),
  ]);
  return {
    operationId: id,
    tags: [id.slice(0, id.indexOf("."))],
    summary: does,
    ...(notes === undefined ? {} : { description: notes }),
    security: security(endpoint),
    ...(given.length > 0 ? { parameters: given } : {}),
    ...(body ? { requestBody: requestBody(body, `${id}: body`) } : {}),
    responses: { ...(Object.fromEntries(answersJson) as Json), ...refusalAnswers(endpoint) },
  };
}

const bearer = (description: string): Json => ({ type: "http", scheme: "bearer", description });

const DESCRIPTION = `Upload, list, retrieve, update and delete files with metadata, per vault.

Every path works with a slash at its end, HEAD works where GET does, and OPTIONS needs no key. Any origin may call.
Requests are refused in this order: 404 (no such path), 405, 401, 403, 400 (413, 415), 404, 412.
A write is acknowledged when the durable record has it, or else with \`Strongroom-Durability: queued\`: a client need do nothing about that.
A 503 on a write may have happened all the same.
This version only grows: no field, parameter or code is removed or given another meaning.`;

/** The whole API as an OpenAPI 3.1 document, made of the table of endpoints. `version` is the product's. */
export function openApi(version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [id, endpoint] of Object.entries<Endpoint>(ENDPOINTS)) {
    const path = (paths[templateOf(endpoint.path)] ??= {});
    path[endpoint.method.toLowerCase()] = operation(id, endpoint);
  }
  const named = [...NAMED].map(([schema, name]) => [name, jsonSchema(schema, name, true)]);
  const inPath = Object.entries(PATH_PARAMETERS).map(([name, { schema, description }]) => [
    name,
    { name, in: "path", required: true, description, schema: jsonSchema(schema, name), example: PATH_EXAMPLES[name] },
  ]);
  const inHeader = Object.entries(REQUEST_HEADERS).map(([key, rule]) => [
    key,
    { name: rule.name, in: "header", ...header(rule) },
  ]);
  return {
    openapi: "3.1.0",
    info: {
      title: "Strongroom",
      version,
      summary: "A multi-tenant assets API.",
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    tags: [
      { name: "assets", description: "Records of files." },
      { name: "uploads", description: "Resumable uploads, by the protocol tus 1.0.0." },
      { name: "folders", description: "What paths there are." },
      { name: "content", description: "The files themselves." },
      { name: "files", description: "The files, by path." },
      { name: "changes", description: "What has changed, in order." },
      { name: "links", description: "Links that need no key." },
      { name: "tickets", description: "Uploads without a key." },
      { name: "keys", description: "Keys of a vault." },
      { name: "vaults", description: "Vaults, for the operator." },
      { name: "health", description: "Whether the server is set up." },
      { name: "openapi", description: "This document." },
    ],
    paths,
    components: {
      securitySchemes: {
        secretKey: bearer("A key `sk_…` of the vault: it reads, writes and manages keys."),
        publicKey: bearer("A key `pk_…` of the vault: it only reads."),
        deliveryKey: bearer("A key `dk_…` of the vault: it only downloads files."),
        deliveryUrl: {
          type: "apiKey",
          in: "query",
          name: "token",
          description: "A delivery key `dk_…` in the URL, for images of a page. No other key is taken there.",
        },
        ticketUrl: {
          type: "apiKey",
          in: "query",
          name: "ticket",
          description: "A ticket: it takes one upload.",
        },
        uploadKey: bearer("A key `uk_…` of the vault: it only uploads files."),
        adminToken: bearer("The admin token: it makes vaults and keys, and opens no assets."),
      },
      schemas: Object.fromEntries(named) as Json,
      parameters: Object.fromEntries([...inPath, ...inHeader]) as Json,
      responses: Object.fromEntries(
        Object.keys(REFUSALS).map((code) => [code, refusalResponse([code as ErrorCode])]),
      ) as Json,
    },
  };
}
