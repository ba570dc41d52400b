import { importExample } from "../../src/api/examples.ts";
import { expect, it } from "vitest";
import { ENDPOINTS } from "../../src/api/endpoints.ts";
import { Strongroom, StrongroomAdmin } from "../../src/client/index.ts";
import { METHODS } from "../../src/client/methods.ts";
import { all, PATH } from "./server.ts";

/**
 * What has no method of its own: it is for whoever runs a server, and for tools. `assets.upload` calls `uploads.…` for a
 * file that goes in several requests.
 */
const UNCALLED = ["health.get", "openapi.get", "uploads.create", "uploads.get", "uploads.append"];

/** Methods that call no endpoint of their own. */
const COMBINED = ["assets.uploadMany", "assets.url", "changes.watch"];

const KEY = `sk_${"a".repeat(52)}${"c".repeat(43)}`;

/** An answer that every method can read. */
const ANSWER = { id: "x", metadata: "{}", tags: "[]", data: [], cursor: null, has_more: false, deleted: 0 };

/** The client, and what it has sent: method and path. */
function recorded() {
  const sent: { method: string | undefined; path: string }[] = [];
  const fetch = async (input: string, { method }: RequestInit): Promise<Response> => {
    sent.push({ method, path: new URL(input).pathname });
    if (input.includes("/import/bodies")) return new Response(null, { status: 204 });
    return method === "DELETE" && !/vaults\/[^/]*$|assets\?/.test(input)
      ? new Response(null, { status: 204 })
      : new Response(JSON.stringify(ANSWER));
  };
  const url = "https://strongroom.test";
  const { assets, changes, folders, keys, tickets, uploads } = new Strongroom({ url, key: KEY, fetch });
  const { vaults } = new StrongroomAdmin({ url, token: "t", fetch });
  return { sent, rooms: { assets, changes, folders, keys, tickets, uploads, vaults } };
}

const LINE = importExample.records[0];

const CALLS: Record<keyof typeof METHODS, (rooms: ReturnType<typeof recorded>["rooms"]) => PromiseLike<unknown>> = {
  "assets.upload": ({ assets }) => assets.upload(new Blob(["x"]), { ...PATH, filename: "a" }),
  "assets.list": ({ assets }) => assets.list(),
  "assets.get": ({ assets }) => assets.get("x"),
  "assets.update": ({ assets }) => assets.update("x", { tags: [] }),
  "assets.delete": ({ assets }) => assets.delete("x"),
  "assets.batch": ({ assets }) => assets.batch([{ op: "delete", id: "x" }]),
  "assets.deleteFolder": ({ assets }) => assets.deleteFolder({ partition: "p" }),
  "assets.download": ({ assets }) => assets.download("x"),
  "assets.downloadAt": ({ assets }) => assets.downloadAt({ ...PATH, filename: "a" }),
  "assets.createLink": ({ assets }) => assets.createLink("x"),
  "changes.list": ({ changes }) => changes.list(),
  "folders.list": ({ folders }) => folders.list(),
  "keys.create": ({ keys }) => keys.create(),
  "keys.list": ({ keys }) => all(keys.list()),
  "keys.update": ({ keys }) => keys.update("x", { label: null }),
  "keys.revoke": ({ keys }) => keys.revoke("x"),
  "tickets.create": ({ tickets }) => tickets.create(PATH),
  "tickets.get": ({ tickets }) => tickets.get("x"),
  "uploads.cancel": ({ uploads }) => uploads.cancel(`https://x/vaults/vault_${"a".repeat(26)}/uploads/x`),
  "vaults.create": ({ vaults }) => vaults.create({ name: "x" }),
  "vaults.list": ({ vaults }) => vaults.list(),
  "vaults.get": ({ vaults }) => vaults.get("x"),
  "vaults.update": ({ vaults }) => vaults.update("x", { name: "y" }),
  "vaults.delete": ({ vaults }) => vaults.delete("x"),
  "vaults.importPage": ({ vaults }) => vaults.importPage("x", { top: 0, assets: 0, bytes: 0, records: [] }),
  "vaults.importBody": ({ vaults }) => vaults.importBody("x", LINE, new Blob(["x"])),
  "vaults.reconcile": ({ vaults }) => vaults.reconcile("x"),
  "vaults.clearLostWindows": ({ vaults }) => vaults.clearLostWindows("x"),
};

it("methods: every endpoint has exactly one, but for those of a short list", () => {
  const called = [...Object.values(METHODS), ...UNCALLED];
  expect(called.toSorted()).toEqual(Object.keys(ENDPOINTS).toSorted());
});

it("methods: the client has those of the table, and no others", () => {
  const found = Object.entries(recorded().rooms).flatMap(([room, object]) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(object) as object)
      .filter((name) => name !== "constructor")
      .map((name) => `${room}.${name}`),
  );
  expect(found.toSorted()).toEqual([...Object.keys(METHODS), ...COMBINED].toSorted());
});

it.each(Object.entries(METHODS))("methods: %s calls %s", async (name, id) => {
  const { sent, rooms } = recorded();
  await CALLS[name as keyof typeof METHODS](rooms);
  const { method, path } = ENDPOINTS[id];
  const pattern = new RegExp(`^${path.replace(/:\w+/g, "[^/]+")}$`);
  expect(sent).toEqual([{ method, path: expect.stringMatching(pattern) as string }]);
});
