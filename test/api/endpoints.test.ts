import { describe, expect, it } from "vitest";
import type { Access, Credential } from "../../src/api/access.ts";
import { bodyTypes, type Endpoint } from "../../src/api/endpoint.ts";
import { ENDPOINTS } from "../../src/api/endpoints.ts";
import { admin, bearer, OPERATOR, post, refusal, send, TestVault } from "../support/api.ts";

/** A path of an endpoint in a vault, whose other parameters name nothing. */
const pathIn = (vault: TestVault, path: string): string =>
  path.replace(":vaultId", vault.id).replace(/:\w+/g, "Nothing_Of_This_Name");

/** A request that each endpoint has something to find fault with: a parameter, an id or a body that it does not take. */
function hopeless(vault: TestVault, endpoint: Endpoint, headers: Record<string, string>): Promise<Response> {
  const body = endpoint.body ? { body: "{", headers: { ...headers, "Content-Type": "x/y" } } : { headers };
  return send(`${pathIn(vault, endpoint.path)}?nothing=1`, { method: endpoint.method, ...body });
}

const endpoints: [id: string, endpoint: Endpoint][] = Object.entries(ENDPOINTS);
const guardedBy = (...accesses: Access[]) => endpoints.filter(([, { access }]) => accesses.includes(access));

/** Which credentials open which kind of endpoint: what the second can do is in no list but this one. */
const OPENS: Readonly<Record<Exclude<Access, "anyone">, readonly Credential[]>> = {
  admin: ["admin"],
  manage: ["admin", "secret"],
  read: ["secret", "public"],
  content: ["secret", "public", "delivery"],
  upload: ["secret", "upload"],
  write: ["secret"],
};

describe.each(endpoints.filter(([, { access }]) => access !== "anyone"))("%s", (_id, endpoint) => {
  it("without a credential: 401", async () => {
    const vault = await TestVault.create();
    const response = await hopeless(vault, endpoint, {});
    await refusal(response, 401, "UNAUTHORIZED");
    expect(response.headers.get("WWW-Authenticate")).toMatch(/^Bearer /);
  });

  it("with a credential that does not open it: 403, whatever else is wrong", async () => {
    const vault = await TestVault.create();
    const other = await TestVault.create();
    const made = async (type: string) => {
      const { token } = await (await post(`${vault.path}/keys`, admin, { type })).json<{ token: string }>();
      return bearer(token);
    };
    // The operator last: the vault may then be gone.
    const credentials = {
      delivery: await made("delivery"),
      upload: await made("upload"),
      public: bearer(vault.publicKey),
      secret: bearer(vault.secretKey),
      admin,
    };
    const { access } = endpoint;
    for (const [name, headers] of Object.entries(credentials)) {
      const opens = access !== "anyone" && OPENS[access].some((opener) => opener === name);
      const response = await hopeless(vault, endpoint, headers);
      if (opens) expect([name, response.status]).not.toEqual([name, 403]);
      else await refusal(response, 403, "FORBIDDEN");
    }
    await refusal(await hopeless(vault, endpoint, bearer(other.secretKey)), 403, "FORBIDDEN");
  });
});

it.each(guardedBy("manage", "read", "content", "upload", "write"))(
  "%s: a key that was revoked gets 401 before anything else",
  async (_id, endpoint) => {
    const vault = await TestVault.create();
    const before = await hopeless(vault, endpoint, bearer(vault.secretKey));
    expect(before.status).not.toBe(401);
    const { data } = await (await send(`${vault.path}/keys`, { headers: admin })).json<{ data: { id: string }[] }>();
    for (const { id } of data) expect(await vault.rpc.revokeKey(OPERATOR, id)).toMatchObject({ ok: true });
    await refusal(await hopeless(vault, endpoint, bearer(vault.secretKey)), 401, "UNAUTHORIZED");
  },
);

/** What an endpoint's query needs. */
const NEEDED: Readonly<Record<string, string>> = { "assets.deleteFolder": "partition=a" };

// A body of an import is good behind an import alone: what it refuses stands in test/routes/imports.test.ts.
const answering = endpoints.filter(([id, { query }]) => query && id !== "vaults.importBody");

it.each(answering)("%s: an unknown parameter is refused", async (id, endpoint) => {
  const vault = await TestVault.create();
  const { method, access } = endpoint;
  const headers = access === "admin" ? admin : bearer(vault.secretKey);
  const path = `${pathIn(vault, endpoint.path)}?${NEEDED[id] ?? ""}`;
  expect((await send(path, { method, headers })).status).toBe(200);
  expect(await refusal(await send(`${path}&nothing=1`, { method, headers }), 400, "INVALID_PARAMS")).toMatch(
    /^nothing: /,
  );
});

it.each(endpoints.filter(([, { body }]) => body && "json" in body))(
  "%s: a body of another media type is refused, and the answer says which are taken",
  async (_id, endpoint) => {
    const vault = await TestVault.create();
    const headers = endpoint.access === "admin" ? admin : bearer(vault.secretKey);
    const response = await hopeless(vault, endpoint, headers);
    await refusal(response, 415, "UNSUPPORTED_MEDIA_TYPE");
    const header = endpoint.method === "PATCH" ? "Accept-Patch" : "Accept-Post";
    expect(response.headers.get(header)).toBe(bodyTypes(endpoint).join(", "));
    const asked = await send(pathIn(vault, endpoint.path), { method: "OPTIONS" });
    expect(asked.headers.get(header)).toContain(bodyTypes(endpoint).join(", "));
  },
);
