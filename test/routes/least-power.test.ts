/**
 * What each credential can do, and above all what it cannot: one table of all endpoints and all credentials.
 *
 * A new endpoint needs a row in {@link REQUESTS} and one in {@link TABLE}. A new kind of credential needs an entry in
 * {@link HOLDERS}, and a column in {@link TABLE}.
 */

import { describe, expect, it } from "vitest";
import { type EndpointId, ENDPOINTS, isEndpointId } from "../../src/api/endpoints.ts";
import { KEY_TYPES, type KeyType } from "../../src/model/vault.ts";
import { admin, bearer, ORIGIN, PATH, post, send, TestVault, textFile } from "../support/api.ts";
import { ticketOf } from "../support/tickets.ts";
import { metadata, OFFSET_BYTES, TUS, TusClient } from "../support/tus.ts";

/** What the narrowed keys are narrowed to. */
const SCOPE = { partition: "marketing", collection: "blog" };

/** A path in the scope, and one beside it. */
const INSIDE = PATH;
const OUTSIDE = { partition: "marketing", collection: "shop", channel: "hero-images" };

/** What a request names: something within the scope, or something outside of it. */
type Where = "inside" | "outside";

/** A vault with an asset at either path, a link to each, and a key that does nothing. */
class Scene {
  readonly vault: TestVault;
  readonly assets: Readonly<Record<Where, string>>;
  readonly idleKey: string;

  private constructor(vault: TestVault, assets: Record<Where, string>, idleKey: string) {
    this.vault = vault;
    this.assets = assets;
    this.idleKey = idleKey;
  }

  static async create(): Promise<Scene> {
    const vault = await TestVault.create();
    const inside = await vault.upload({ ...INSIDE, file: textFile("inside") });
    const outside = await vault.upload({ ...OUTSIDE, file: textFile("outside") });
    const idle = await Scene.key(vault, { label: "idle" });
    return new Scene(vault, { inside: inside.id, outside: outside.id }, idle.id);
  }

  static async key(vault: TestVault, fields: object): Promise<{ id: string; token: string }> {
    const response = await post(`${vault.path}/keys`, admin, fields);
    expect(response.status, await response.clone().text()).toBe(201);
    return response.json();
  }

  /** The same vault, with other assets in question. */
  with(assets: Record<Where, string>): Scene {
    return new Scene(this.vault, assets, this.idleKey);
  }

  /** All that can be seen of the vault by whoever may see everything. */
  async state(): Promise<unknown> {
    const { vault } = this;
    const [records, changes] = [await vault.list({ limit: 200 }), await vault.request("GET", `${vault.path}/changes`)];
    const keys = await (
      await send(`${vault.path}/keys`, { headers: admin })
    ).json<{ data: { last_used_on: unknown }[] }>();
    const { data } = await changes.json<{ data: unknown }>();
    for (const key of keys.data) delete (key as Partial<typeof key>).last_used_on;
    return { records: records.data, changes: data, keys: keys.data, bodies: await vault.bodies() };
  }
}

interface Prepared {
  readonly path: string;
  readonly init?: Omit<RequestInit, "headers"> & { headers?: Record<string, string> };
}

const json = (method: string, body: unknown) => ({
  method,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

/** An upload that the holder began, if it can begin one there. Else one of somebody else. */
async function session(scene: Scene, where: Where, holder: Holder): Promise<string> {
  if (holder.name === "ticket") {
    const { path, init = {} } = holder.apply(await REQUESTS["uploads.create"](scene, where, holder));
    const location = (await send(path, init)).headers.get("Location") ?? "";
    // The holder brings the ticket itself.
    return location.slice(0, location.indexOf("?"));
  }
  const { vault } = scene;
  const own = holder.token && where === "inside" ? new TusClient(vault, holder.token) : undefined;
  const begun = await own?.create(5);
  if (begun?.status === 201) return begun.headers.get("Location") ?? "";
  return new TusClient(vault).begin(5);
}

const pathOf = (where: Where) => (where === "inside" ? INSIDE : OUTSIDE);

const folder = (path: string, where: Where, more = ""): Prepared => {
  const { partition, collection } = pathOf(where);
  return { path: `${path}?partition=${partition}&collection=${collection}${more}` };
};

/** A request of each endpoint that succeeds for whoever may make it. */
const REQUESTS: Readonly<
  Record<EndpointId, (scene: Scene, where: Where, holder: Holder) => Prepared | Promise<Prepared>>
> = {
  "assets.get": ({ vault, assets }, where) => ({ path: `${vault.assets}/${assets[where]}` }),
  "assets.create": ({ vault }, where) => {
    const query = new URLSearchParams({ ...pathOf(where), filename: "new.txt" }).toString();
    return {
      path: `${vault.assets}?${query}`,
      init: { method: "POST", headers: { "Content-Type": "text/plain" }, body: "new" },
    };
  },
  "assets.list": ({ vault }, where) => folder(vault.assets, where),
  "folders.list": ({ vault }, where) => folder(`${vault.path}/folders`, where),
  "content.get": ({ vault, assets }, where) => ({ path: `${vault.assets}/${assets[where]}/content` }),
  "files.get": ({ vault }, where) => ({
    path: `${vault.path}/files/${Object.values(pathOf(where)).join("/")}/hello.txt`,
  }),
  "links.create": ({ vault, assets }, where) => ({
    path: `${vault.assets}/${assets[where]}/links`,
    init: json("POST", {}),
  }),
  "tickets.create": ({ vault }, where) => ({ path: `${vault.path}/tickets`, init: json("POST", pathOf(where)) }),
  "tickets.get": async ({ vault }, where, { name, token }) => {
    const isOwn = name === "secret" && where === "inside";
    return { path: `${vault.path}/tickets/${(await ticketOf(vault, {}, isOwn ? token : undefined)).ticket_id}` };
  },
  "uploads.create": ({ vault }, where) => ({
    path: `${vault.path}/uploads`,
    init: {
      method: "POST",
      headers: { ...TUS, "Upload-Length": "5", "Upload-Metadata": metadata({ ...pathOf(where), filename: "big" }) },
    },
  }),
  "uploads.append": async (scene, where, holder) => ({
    path: await session(scene, where, holder),
    init: { method: "PATCH", headers: { ...TUS, "Upload-Offset": "0", "Content-Type": OFFSET_BYTES }, body: "hello" },
  }),
  "uploads.get": async (scene, where, holder) => ({
    path: await session(scene, where, holder),
    init: { headers: TUS },
  }),
  "uploads.delete": async (scene, where, holder) => ({
    path: await session(scene, where, holder),
    init: { method: "DELETE", headers: TUS },
  }),
  "assets.update": ({ vault, assets }, where) => ({
    path: `${vault.assets}/${assets[where]}`,
    init: json("PATCH", { tags: ["changed"] }),
  }),
  "assets.delete": ({ vault, assets }, where) => ({
    path: `${vault.assets}/${assets[where]}`,
    init: { method: "DELETE" },
  }),
  "assets.batch": ({ vault, assets }, where) => ({
    path: `${vault.assets}/batch`,
    init: json("POST", { atomic: true, operations: [{ op: "delete", id: assets[where] }] }),
  }),
  "assets.deleteFolder": ({ vault }, where) => ({ ...folder(vault.assets, where), init: { method: "DELETE" } }),
  "changes.list": ({ vault }) => ({ path: `${vault.path}/changes` }),
  "vaults.create": () => ({ path: "/api/v1/vaults", init: json("POST", { name: "another" }) }),
  "vaults.list": () => ({ path: "/api/v1/vaults" }),
  "vaults.get": ({ vault }) => ({ path: vault.path }),
  "vaults.update": ({ vault }) => ({ path: vault.path, init: json("PATCH", { name: "renamed" }) }),
  "vaults.delete": ({ vault }) => ({ path: vault.path, init: { method: "DELETE" } }),
  "vaults.import": ({ vault }) => ({
    path: `${vault.path}/import`,
    init: json("POST", { top: 1, assets: 1, bytes: 1, records: [] }),
  }),
  "vaults.importBody": ({ vault }) => {
    const key = `${vault.id}/a/b/c/asset_01k2m8z4v9c7r5t3n1w6x0y8qb_a.txt`;
    const query = new URLSearchParams({ r2_key: key, mime_type: "text/plain", sha256: "0".repeat(64) });
    const init = { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: "x" };
    return { path: `${vault.path}/import/bodies?${query.toString()}`, init };
  },
  "vaults.reconcile": ({ vault }) => ({ path: `${vault.path}/reconcile`, init: { method: "POST" } }),
  "vaults.clearLostWindows": ({ vault }) => ({ path: `${vault.path}/lost-windows`, init: { method: "DELETE" } }),
  "keys.create": ({ vault }) => ({ path: `${vault.path}/keys`, init: json("POST", { type: "secret" }) }),
  "keys.list": ({ vault }) => ({ path: `${vault.path}/keys` }),
  "keys.update": ({ vault, idleKey }) => ({
    path: `${vault.path}/keys/${idleKey}`,
    init: json("PATCH", { label: "changed" }),
  }),
  "keys.revoke": ({ vault, idleKey }) => ({ path: `${vault.path}/keys/${idleKey}`, init: { method: "DELETE" } }),
  "health.get": () => ({ path: "/healthz" }),
  "openapi.get": () => ({ path: "/openapi.json" }),
};

/** Whoever makes a request: what it adds to one. */
interface Holder {
  readonly name: keyof typeof HOLDERS | KeyType;
  readonly token?: string;
  apply(request: Prepared): Prepared;
}

const holderOf = (name: Holder["name"], token: string): Holder => ({
  name,
  token,
  apply: ({ path, init = {} }) => ({ path, init: { ...init, headers: { ...init.headers, ...bearer(token) } } }),
});

const keyHolder = async ({ vault }: Scene, type: KeyType, scope: object | null = null): Promise<Holder> =>
  holderOf(type, (await Scene.key(vault, { type, scope })).token);

/** What stands in the query of a URL, added to that of a request. */
function inUrl(name: Holder["name"], url: string): Holder {
  const { search } = new URL(url);
  return {
    name,
    apply: ({ path, init }) => ({
      path: path.includes("?") ? `${path}&${search.slice(1)}` : path + search,
      ...(init ? { init } : {}),
    }),
  };
}

/** Each kind of credential. */
const HOLDERS = {
  nobody: async (): Promise<Holder> => ({ name: "nobody", apply: (request) => request }),
  admin: async (): Promise<Holder> => ({
    name: "admin",
    apply: ({ path, init = {} }) => ({ path, init: { ...init, headers: { ...init.headers, ...admin } } }),
  }),
  secret: (scene: Scene): Promise<Holder> => keyHolder(scene, "secret"),
  public: (scene: Scene): Promise<Holder> => keyHolder(scene, "public"),
  delivery: (scene: Scene): Promise<Holder> => keyHolder(scene, "delivery"),
  upload: (scene: Scene): Promise<Holder> => keyHolder(scene, "upload"),
  /** A secret key of another vault. */
  stranger: async (): Promise<Holder> => holderOf("stranger", (await TestVault.create()).secretKey),
  /** A signed link to the asset within the scope. */
  link: async ({ vault, assets }: Scene): Promise<Holder> => {
    const made = await vault.request("POST", `${vault.assets}/${assets.inside}/links`, {});
    return inUrl("link", (await made.json<{ url: string }>()).url);
  },
  /** A ticket for the path within the scope. */
  ticket: async ({ vault }: Scene): Promise<Holder> => inUrl("ticket", ORIGIN + (await ticketOf(vault)).url),
};

type Column = keyof typeof HOLDERS;
const COLUMNS = Object.keys(HOLDERS) as Column[];

/** The status that each credential gets. */
type Statuses = Readonly<Record<Column, number>>;

const opens = (statuses: Partial<Statuses>, others: Partial<Statuses> = {}): Statuses => ({
  nobody: 401,
  admin: 403,
  secret: 403,
  public: 403,
  delivery: 403,
  upload: 403,
  stranger: 403,
  link: 401,
  ticket: 401,
  ...others,
  ...statuses,
});
const all = (status: number): Statuses =>
  Object.fromEntries(COLUMNS.map((name) => [name, status])) as unknown as Statuses;

/**
 * What a narrowed key gets that names what is outside of its scope: the refusal of what does not exist; or an answer in
 * which there is nothing of it.
 */
type Outside = "missing" | "absent" | "unreachable" | "unconcerned";

const TABLE: Readonly<Record<EndpointId, Statuses & { outside?: Outside }>> = {
  "assets.get": { ...opens({ secret: 200, public: 200 }), outside: "missing" },
  "assets.create": { ...opens({ secret: 201, upload: 201, ticket: 201 }), outside: "unreachable" },
  "assets.list": { ...opens({ secret: 200, public: 200 }), outside: "absent" },
  "folders.list": { ...opens({ secret: 200, public: 200 }), outside: "absent" },
  "content.get": { ...opens({ secret: 200, public: 200, delivery: 200, link: 200 }), outside: "missing" },
  "files.get": { ...opens({ secret: 200, public: 200, delivery: 200 }), outside: "missing" },
  "links.create": { ...opens({ secret: 201 }), outside: "missing" },
  "tickets.create": { ...opens({ secret: 201 }), outside: "unreachable" },
  "tickets.get": { ...opens({ secret: 200 }), outside: "missing" },
  "uploads.create": { ...opens({ secret: 201, upload: 201, ticket: 201 }), outside: "unreachable" },
  "uploads.append": { ...opens({ secret: 204, upload: 204, ticket: 204 }), outside: "missing" },
  "uploads.get": { ...opens({ secret: 200, upload: 200, ticket: 200 }), outside: "missing" },
  "uploads.delete": { ...opens({ secret: 204, upload: 204, ticket: 204 }), outside: "missing" },
  "assets.update": { ...opens({ secret: 200 }), outside: "missing" },
  "assets.delete": { ...opens({ secret: 204 }), outside: "missing" },
  "assets.batch": { ...opens({ secret: 200 }), outside: "missing" },
  "assets.deleteFolder": { ...opens({ secret: 200 }), outside: "absent" },
  "changes.list": { ...opens({ secret: 200, public: 200 }), outside: "absent" },
  "vaults.create": opens({ admin: 201 }),
  "vaults.list": opens({ admin: 200 }),
  "vaults.get": opens({ admin: 200, secret: 200 }),
  "vaults.update": opens({ admin: 200 }),
  "vaults.delete": opens({ admin: 202 }),
  // The vault has assets of its own: whoever may import is told so.
  "vaults.import": opens({ admin: 409 }),
  "vaults.importBody": opens({ admin: 409 }),
  "vaults.reconcile": opens({ admin: 202, secret: 202 }),
  "vaults.clearLostWindows": opens({ admin: 204 }),
  "keys.create": opens({ admin: 201, secret: 201 }),
  "keys.list": opens({ admin: 200, secret: 200 }),
  "keys.update": opens({ admin: 200, secret: 200 }),
  "keys.revoke": opens({ admin: 204, secret: 204 }),
  "health.get": { ...all(200), outside: "unconcerned" },
  "openapi.get": { ...all(200), outside: "unconcerned" },
};

const ids = Object.keys(ENDPOINTS).filter(isEndpointId);

async function ask(scene: Scene, id: EndpointId, where: Where, holder: Holder, more: Record<string, string> = {}) {
  const { path, init = {} } = holder.apply(await REQUESTS[id](scene, where, holder));
  return send(path, { ...init, headers: { ...init.headers, ...more } });
}

const isChange = (id: EndpointId): boolean => ENDPOINTS[id].method !== "GET";
const isSuccess = (status: number): boolean => status < 300;

describe.each(ids)("%s", (id) => {
  const { outside, ...statuses } = TABLE[id];

  it("opens to whom the table says, and a refused request changes nothing", async () => {
    const scene = await Scene.create();
    const refused = COLUMNS.filter((name) => !isSuccess(statuses[name]));
    const holders = await Promise.all(refused.map((name) => HOLDERS[name](scene)));
    const before = await scene.state();
    const answers = [];
    for (const holder of holders) answers.push([holder.name, (await ask(scene, id, "inside", holder)).status]);
    expect(Object.fromEntries(answers)).toEqual(Object.fromEntries(refused.map((name) => [name, statuses[name]])));
    expect(await scene.state()).toEqual(before);
    let place = scene;
    for (const name of COLUMNS.filter((column) => isSuccess(statuses[column]))) {
      const response = await ask(place, id, "inside", await HOLDERS[name](place));
      if (isChange(id)) place = await Scene.create();
      expect([name, response.status, await response.text()]).toEqual([name, statuses[name], expect.anything()]);
    }
  });

  it("opens to narrowed keys for what is in their folder alone", async () => {
    let scene = await Scene.create();
    for (const type of KEY_TYPES) {
      const narrowed = await keyHolder(scene, type, SCOPE);
      const before = await scene.state();
      const response = await ask(scene, id, "outside", narrowed);
      const body = await response.text();
      const { status } = response;
      if (outside === undefined || !isSuccess(statuses[type])) expect([type, status]).toEqual([type, 403]);
      else if (outside === "missing")
        expect([type, status, body]).toEqual([type, 404, expect.stringContaining("NOT_FOUND")]);
      else if (outside === "unreachable")
        expect([type, status, body]).toEqual([type, 404, expect.stringContaining("does not reach")]);
      else {
        expect([type, status]).toEqual([type, statuses[type]]);
        expect(body).not.toContain(scene.assets.outside);
        if (outside === "absent") expect(body).not.toContain('hero-images","assets":');
      }
      expect(await scene.state(), type).toEqual(before);
      if (outside === undefined || !isSuccess(statuses[type])) continue;
      const inside = await ask(scene, id, "inside", narrowed);
      if (isChange(id)) scene = await Scene.create();
      expect([type, inside.status, await inside.text()]).toEqual([type, statuses[type], expect.anything()]);
    }
  });
});

/** An answer without what is of this request alone. */
async function told(response: Response): Promise<unknown> {
  const headers = [...response.headers].filter(([name]) => !["x-request-id", "server-timing", "date"].includes(name));
  return { status: response.status, headers, body: await response.text() };
}

describe("what is outside of a key's scope", () => {
  const BY_ID = [
    "assets.get",
    "content.get",
    "links.create",
    "assets.update",
    "assets.delete",
    "assets.batch",
  ] as const;
  const CONDITIONS = (etag: string): Record<string, string>[] => [
    {},
    { "If-Match": etag },
    { "If-Match": "*" },
    { "If-Match": '"0"' },
    { "If-None-Match": etag },
    { "If-None-Match": "*" },
    { Range: "bytes=0-1" },
    { Range: "bytes=100-" },
    { "If-Modified-Since": new Date(0).toUTCString() },
    { "If-Unmodified-Since": new Date(0).toUTCString() },
  ];

  it.each(BY_ID)("%s: is told as what does not exist, byte for byte, whatever the conditions", async (id) => {
    const scene = await Scene.create();
    const narrowed = await keyHolder(scene, "secret", SCOPE);
    const before = await scene.state();
    const { vault, assets } = scene;
    // Kept ready for those who may see it.
    const response = await vault.get(assets.outside);
    const content = await vault.request("GET", `${vault.assets}/${assets.outside}/content`);
    const missing = scene.with({ ...assets, outside: assets.outside.replace(/.{4}$/, "0000") });
    for (const etag of [response, content].map(({ headers }) => headers.get("ETag") ?? "")) {
      for (const condition of CONDITIONS(etag)) {
        const [there, nowhere] = [scene, missing].map(async (place) =>
          told(await ask(place, id, "outside", narrowed, condition)),
        );
        const text = JSON.stringify(await there).replaceAll(assets.outside, missing.assets.outside);
        expect(text).toBe(JSON.stringify(await nowhere));
      }
    }
    expect(await scene.state()).toEqual(before);
  });

  it("a key with a scope moves an asset neither out nor in, by itself or in a batch", async () => {
    const scene = await Scene.create();
    const { vault, assets } = scene;
    const { token = "" } = await keyHolder(scene, "secret", SCOPE);
    const before = await scene.state();
    const nowhere = await told(await vault.get("asset_01arz3ndektsv4rrffq69g5fav"));
    for (const [id, move] of [
      [assets.inside, { collection: "shop" }],
      [assets.inside, { partition: "sales" }],
      [assets.outside, { collection: "blog" }],
    ] as const) {
      const patched = await vault.patch(id, move, bearer(token));
      expect(await told(patched)).toEqual(nowhere);
      const operations = [{ op: "update", id, ...move }];
      const batch = await vault.request("POST", `${vault.assets}/batch`, { operations }, bearer(token));
      const { data } = await batch.json<{ data: unknown }>();
      expect(data).toEqual([{ status: 404, id, error: expect.objectContaining({ code: "ASSET_NOT_FOUND" }) }]);
    }
    expect(await scene.state()).toEqual(before);
    expect((await vault.patch(assets.inside, { channel: "footer" }, bearer(token))).status).toBe(200);
  });

  it("a link ends when its asset leaves the folder of the key that made it, and opens again when it comes back", async () => {
    const scene = await Scene.create();
    const { vault, assets } = scene;
    const narrowed = await keyHolder(scene, "secret", SCOPE);
    const made = await ask(scene, "links.create", "inside", narrowed);
    const { pathname, search } = new URL((await made.json<{ url: string }>()).url);
    expect((await send(pathname + search)).status).toBe(200);
    await vault.patch(assets.inside, { collection: "shop" });
    expect((await send(pathname + search)).status).toBe(404);
    await vault.patch(assets.inside, { collection: "blog" });
    expect((await send(pathname + search)).status).toBe(200);
  });

  it("a resumable upload tells no more of its asset when that has left the folder", async () => {
    const { vault } = await Scene.create();
    const { token } = await Scene.key(vault, { type: "upload", scope: SCOPE });
    const client = new TusClient(vault, token);
    const upload = await client.begin(5);
    expect((await client.append(upload, 0, "hello")).headers.get("ETag")).toMatch(/^"/);
    const { asset_id } = await (await client.get(upload)).json<{ asset_id: string }>();
    expect((await client.head(upload)).headers.get("ETag")).toMatch(/^"/);
    await vault.patch(asset_id, { collection: "shop" });
    expect((await client.head(upload)).headers.get("ETag")).toBe(null);
  });

  it("a form is refused for its path before its bytes are stored, and create-only tells nothing", async () => {
    const scene = await Scene.create();
    const { vault } = scene;
    const { token = "" } = await keyHolder(scene, "upload", SCOPE);
    const before = await scene.state();
    const large = new File([new Uint8Array(300_000)], "hello.txt");
    for (const file of [textFile(), large]) {
      const response = await vault.send({ ...OUTSIDE, file }, token);
      expect([response.status, await response.text()]).toEqual([404, expect.stringContaining("does not reach")]);
      const query = new URLSearchParams({ ...OUTSIDE, filename: "hello.txt" }).toString();
      for (const name of ["hello.txt", "free.txt"]) {
        const headers = { ...bearer(token), "If-None-Match": "*", "Content-Type": "text/plain" };
        const path = `${vault.assets}?${query.replace("hello.txt", name)}`;
        const raw = await send(path, { method: "POST", headers, body: file });
        expect([raw.status, await raw.text()]).toEqual([404, expect.stringContaining("does not reach")]);
      }
    }
    expect(await scene.state()).toEqual(before);
  });
});
