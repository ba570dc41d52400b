/**
 * The API as the tests in workerd use it: requests through the Worker's real entry, and a vault of its own for each
 * test.
 */

import { env, exports } from "cloudflare:workers";
import { expect } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import type { Vault } from "../../src/vault/vault.ts";
import type { VaultStub } from "../../src/vault/client.ts";
import { shardOf } from "../../src/d1/shards.ts";
import { handle } from "../../src/router.ts";
import { assertDocumented } from "./documented.ts";

export const ORIGIN = "https://strongroom.test";

/** Sends any request to the Worker, through its real entry. Every answer is held to the document. */
export async function send(path: string, init?: RequestInit): Promise<Response> {
  const request = new Request(ORIGIN + path, init);
  const { method, url } = request;
  const response = await exports.default.fetch(request);
  await assertDocumented(method, url, response);
  return response;
}

/** Sends a request through the router alone, with other bindings or another context than the Worker's own. */
export async function sendTo(...[request, ...rest]: Parameters<typeof handle>): Promise<Response> {
  const { method, url } = request;
  const response = await handle(request, ...rest);
  await assertDocumented(method, url, response);
  return response;
}

export const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });

export const admin = bearer(env.ADMIN_TOKEN);

const withJson = (headers: Record<string, string>, body: unknown, type = "application/json"): RequestInit => ({
  headers: { ...headers, "Content-Type": type },
  body: typeof body === "string" ? body : JSON.stringify(body),
});

/** The operator, as a caller of a vault's methods. */
export const OPERATOR = { actor: { kind: "admin" }, request: "req_test" } as const;

export const post = (path: string, headers: Record<string, string>, body: unknown): Promise<Response> =>
  send(path, { method: "POST", ...withJson(headers, body) });

/** Repeats a request while it is answered with 503, for some seconds: so long a takeover or a rebuild may take here. */
export async function patiently(request: () => Promise<Response>): Promise<Response> {
  for (let tries = 0; ; tries++) {
    const response = await request();
    if (response.status !== 503 || tries === 100) return response;
    await response.text();
    if (tries > 5) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export interface ErrorBody {
  error: { code: string; message: string; status: number };
}

/** Asserts that a response is a refusal in the API's one shape, and returns its message. */
export async function refusal(response: Response, status: number, code: string): Promise<string> {
  const body = await response.json<ErrorBody>();
  expect({ status: response.status, error: body.error }).toMatchObject({ status, error: { code, status } });
  expect(response.headers.get("Content-Type")).toBe("application/json");
  expect(response.headers.get("X-Request-Id")).toMatch(/^req_/);
  return body.error.message;
}

export interface Page<T = AssetRecord> {
  data: T[];
  cursor: string | null;
  has_more: boolean;
}

export type Fields = Record<string, string | Blob | undefined>;

export const PATH = { partition: "marketing", collection: "blog", channel: "hero-images" };

export const textFile = (content = "hello", name = "hello.txt", type = "text/plain"): File =>
  new File([content], name, { type });

/** A vault of its own for a test, with its API as a client would use it. */
export class TestVault {
  readonly id: string;
  readonly secretKey: string;
  readonly publicKey: string;

  private constructor(created: { id: string; secret_key: string; public_key: string }) {
    this.id = created.id;
    this.secretKey = created.secret_key;
    this.publicKey = created.public_key;
  }

  static async create(name = "test"): Promise<TestVault> {
    const response = await post("/api/v1/vaults", admin, { name });
    expect(response.status).toBe(201);
    return new TestVault(await response.json());
  }

  get path(): string {
    return `/api/v1/vaults/${this.id}`;
  }

  get assets(): string {
    return `${this.path}/assets`;
  }

  get db(): D1Database {
    const db = shardOf(env, this.id);
    if (!db) throw new Error("no shard");
    return db;
  }

  get stub() {
    return env.VAULT.getByName(this.id) as unknown as DurableObjectStub<Vault>;
  }

  /** The vault's object, in the form in which the router calls it. */
  get rpc(): VaultStub {
    return this.stub;
  }

  /** Uploads a form. A field that is undefined is left out. */
  send(fields: Fields, token = this.secretKey): Promise<Response> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value === "string") form.append(name, value);
      else if (value) form.append(name, value);
    }
    return send(this.assets, { method: "POST", headers: bearer(token), body: form });
  }

  async upload(fields: Fields = {}): Promise<AssetRecord> {
    const response = await this.send({ ...PATH, file: textFile(), ...fields });
    expect(response.status, await response.clone().text()).toBe(201);
    return response.json();
  }

  request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const all = { ...bearer(this.secretKey), ...headers };
    return send(path, {
      method,
      ...(body === undefined ? { headers: all } : withJson(all, body, headers["Content-Type"])),
    });
  }

  get(id: string): Promise<Response> {
    return this.request("GET", `${this.assets}/${id}`);
  }

  patch(id: string, body: unknown, headers?: Record<string, string>): Promise<Response> {
    return this.request("PATCH", `${this.assets}/${id}`, body, headers);
  }

  delete(id: string): Promise<Response> {
    return this.request("DELETE", `${this.assets}/${id}`);
  }

  async list(query: Record<string, string | number> = {}): Promise<Page> {
    const params = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
    const response = await this.request("GET", `${this.assets}?${params.toString()}`);
    expect(response.status, await response.clone().text()).toBe(200);
    return response.json();
  }

  /** The rows that D1 holds of this vault's assets, the oldest first. */
  async recorded(): Promise<Record<string, unknown>[]> {
    const { results } = await this.db
      .prepare("SELECT * FROM assets WHERE vault_id = ? ORDER BY seq")
      .bind(this.id)
      .all();
    return results;
  }

  /** The keys of all bodies of this vault in R2. */
  async bodies(): Promise<string[]> {
    const keys: string[] = [];
    for (let startAfter: string | undefined; ; startAfter = keys.at(-1)) {
      const page = await env.BUCKET.list({ prefix: `${this.id}/`, ...(startAfter ? { startAfter } : {}) });
      keys.push(...page.objects.map(({ key }) => key));
      if (!page.truncated) return keys;
    }
  }
}
