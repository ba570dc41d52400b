import { dereference, initialBaseURI, type Schema, validate } from "@cfworker/json-schema";
import type { Json } from "../../src/api/json-schema.ts";
import { openApi } from "../../src/api/openapi.ts";

/** The parts of the document that answers are held to. */
interface Answer {
  headers?: Record<string, { required?: boolean; schema: { pattern?: string } }>;
  content?: Record<string, { schema: Json }>;
  $ref?: string;
}
interface Operation {
  responses: Record<string, Answer>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { responses: Record<string, Answer>; schemas: Record<string, Json> };
}

export const document = openApi("0.0.0") as unknown as Document;

/** What stands in a path as it is goes before what a parameter may be. */
const paths = Object.entries(document.paths)
  .toSorted(([one], [other]) => one.split("{").length - other.split("{").length)
  .map(([template, operations]) => ({
    pattern: new RegExp(`^${template.replace(/\{\w+\}/g, "[^/]+")}/?$`),
    operations,
  }));

/** Where each schema is found that another names. Those that all share are taken in once: that takes a while. */
const lookup = dereference({ components: { schemas: document.components.schemas } });
const known = new Map<Json, Schema>();

/** What a value breaks of a schema of the document; nothing when it keeps it. */
export function complaints(schema: Json, value: unknown): string[] {
  let entry = known.get(schema);
  if (!entry) {
    entry = { ...schema };
    dereference(entry, lookup, initialBaseURI, `/entries/${known.size}`);
    known.set(schema, entry);
  }
  const { errors } = validate(value, entry, "2020-12", lookup, false);
  return errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
}

/** What a path answers to a method, by the document: its answers by status; undefined when it says nothing of that. */
function answersTo(method: string, pathname: string): Record<string, Answer> | undefined {
  const { responses } = document.components;
  const found = paths.find(({ pattern }) => pattern.test(pathname));
  if (!found) return { 404: responses["NOT_FOUND"] ?? {} };
  // Of every path the document says this once, at its beginning.
  if (method === "OPTIONS") return { 204: { headers: { Allow: { required: true, schema: {} } } } };
  const operation = found.operations[(method === "HEAD" ? "GET" : method).toLowerCase()];
  return operation?.responses ?? { 405: responses["METHOD_NOT_ALLOWED"] ?? {} };
}

const referredTo = ({ $ref }: Answer): Answer | undefined =>
  $ref === undefined ? undefined : document.components.responses[$ref.split("/").at(-1) ?? ""];

/** What an answer breaks of what the document says of it. */
async function breaches(method: string, url: string, response: Response): Promise<string[]> {
  const { pathname } = new URL(url);
  const entry = answersTo(method, pathname)?.[response.status];
  if (!entry) return ["the document has no such answer"];
  const { headers = {}, content } = referredTo(entry) ?? entry;
  const wrong: string[] = [];
  for (const [name, { required, schema }] of Object.entries(headers)) {
    const value = response.headers.get(name);
    if (value === null && required) wrong.push(`${name}: is missing`);
    if (value !== null && schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value)) {
      wrong.push(`${name}: ${value} is not as the document has it`);
    }
  }
  const type = response.headers.get("Content-Type");
  if (!content) {
    if (type !== null) wrong.push(`Content-Type: ${type}, where nothing comes`);
    return wrong;
  }
  if (type === null) return [...wrong, "Content-Type: is missing"];
  if (content["*/*"] || method === "HEAD") return wrong;
  const schema = content[type]?.schema;
  if (!schema) return [...wrong, `Content-Type: ${type} is not in the document`];
  return [...wrong, ...complaints(schema, JSON.parse(await response.clone().text()))];
}

/** Throws when an answer is not as the document says. Reads a copy of a JSON body; of a file's, nothing. */
export async function assertDocumented(method: string, url: string, response: Response): Promise<void> {
  const wrong = await breaches(method, url, response);
  if (wrong.length > 0) throw new Error(`${method} ${url}: ${response.status}\n${wrong.join("\n")}`);
}
