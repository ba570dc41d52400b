import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { handle } from "../../src/router.ts";
import { bearer, patiently, ORIGIN, PATH, refusal, send, sendTo, TestVault, textFile } from "../support/api.ts";
import { putBack, stored, work } from "../support/history.ts";
import { lose } from "../support/stores.ts";
import { digestOf, type Made, sendForm, sendRaw, ticketOf, uploadsOf } from "../support/tickets.ts";

const KIB = 1024;
const WEEK_S = 7 * 24 * 60 * 60;

afterEach(() => {
  vi.useRealTimers();
});

const create = (vault: TestVault, body: unknown, headers?: Record<string, string>): Promise<Response> =>
  vault.request("POST", `${vault.path}/tickets`, body, headers);

const find = (vault: TestVault, id: string, token = vault.secretKey): Promise<Response> =>
  send(`${vault.path}/tickets/${id}`, { headers: bearer(token) });

const statusOf = async (vault: TestVault, { ticket_id }: Made): Promise<unknown> =>
  (await (await find(vault, ticket_id)).json<{ status: string }>()).status;

async function newKey(vault: TestVault, fields: object): Promise<{ id: string; token: string }> {
  const response = await vault.request("POST", `${vault.path}/keys`, fields);
  expect(response.status).toBe(201);
  return response.json();
}

const revoke = async (vault: TestVault, id: string): Promise<void> => {
  expect((await vault.request("DELETE", `${vault.path}/keys/${id}`)).status).toBe(204);
};

const idsOf = async (vault: TestVault): Promise<string[]> => (await vault.list()).data.map(({ id }) => id);

/** Asserts that a vault has so many assets, and a body for each. */
async function expectAssets(vault: TestVault, count: number): Promise<void> {
  expect(await idsOf(vault)).toHaveLength(count);
  await vi.waitFor(async () => expect(await vault.bodies()).toHaveLength(count));
}

describe("tickets.create", () => {
  it("answers with a URL, an id and the time of its end, and stores nothing", async () => {
    const vault = await TestVault.create();
    const response = await create(vault, PATH);
    expect(response.status).toBe(201);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const made = await response.json<Made>();
    expect(Object.keys(made)).toEqual(["url", "ticket_id", "expires_at"]);
    expect(Date.parse(made.expires_at) - Date.now()).toBeGreaterThan(3_590_000);
    expect(Date.parse(made.expires_at) - Date.now()).toBeLessThanOrEqual(3_600_000);
    const rows = await runInDurableObject(vault.stub, (_, { storage }) => [
      ...storage.sql.exec("SELECT id FROM tickets"),
      ...storage.sql.exec("SELECT id FROM outbox"),
    ]);
    expect(rows).toEqual([]);
    expect(await (await find(vault, made.ticket_id)).json()).toEqual({
      ticket_id: made.ticket_id,
      status: "open",
      expires_at: made.expires_at,
      asset: null,
    });
  });

  it("answers 400 for a Host that makes no URL, as a link does", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    for (const [path, body] of [
      [`${vault.path}/tickets`, PATH],
      [`${vault.assets}/${id}/links`, {}],
    ] as const) {
      const headers = { ...bearer(vault.secretKey), "Content-Type": "application/json" };
      const request = new Request(ORIGIN + path, { method: "POST", headers, body: JSON.stringify(body) });
      // Neither fetch nor Request would send it.
      const hostile = new Proxy(request, {
        get(target, name) {
          if (name === "url") return `http://a b${path}`;
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      });
      const response = await handle(hostile, env);
      expect(await refusal(response, 400, "INVALID_PARAMS")).toBe("Host: must be a host, as in a URL");
    }
  });

  it.each([
    [{ partition: undefined }, "partition: is required"],
    [{ channel: "A" }, "channel: must be 1 to"],
    [{ filename: "a/b" }, "filename: must not contain /"],
    [{ filename: "" }, "filename: must not be empty"],
    [{ max_file_bytes: 0 }, "max_file_bytes: must be a whole number from 1 to 5368709120"],
    [{ max_file_bytes: 5_368_709_121 }, "max_file_bytes: must be"],
    [{ max_file_bytes: 1.5 }, "max_file_bytes: must be"],
    [{ allowed_types: [] }, "allowed_types: must be a list of 1 to 50 media types"],
    [{ allowed_types: ["image"] }, "allowed_types.0: must be a media type such as image/png"],
    [{ allowed_types: null }, "allowed_types: must be a list of 1 to 50 media types"],
    [{ metadata: [] }, "metadata: must be a JSON object"],
    [{ metadata: '{"a":1}' }, "metadata: must be a JSON object"],
    [{ tags: "a" }, "tags: must be an array of strings"],
    [{ tags: [1] }, "tags.0: must be a string"],
    [{ expires_in: 0 }, "expires_in: must be a whole number of seconds from 1 to 604800"],
    [{ expires_in: WEEK_S + 1 }, "expires_in: must be"],
    [{ ends: 1 }, "ends: unknown; known are"],
    [
      { metadata: { text: "x".repeat(4 * KIB) } },
      "metadata: the ticket with all its terms must be at most 4096 characters",
    ],
    [{ tags: ["x".repeat(4 * KIB)], metadata: { a: 1 } }, "tags: the ticket with all its terms"],
    [
      { allowed_types: Array.from({ length: 50 }, (_, i) => `application/${"x".repeat(100)}${i}`) },
      "allowed_types: the ticket with all its terms",
    ],
  ])("refuses %j", async (terms, message) => {
    const vault = await TestVault.create();
    const given = await refusal(await create(vault, { ...PATH, ...terms }), 400, "INVALID_PARAMS");
    expect(given).toContain(message);
  });

  it("takes terms up to 4,096 characters", async () => {
    const vault = await TestVault.create();
    let longest = 0;
    for (let low = 2_000, high = 3_100; low < high;) {
      const length = Math.ceil((low + high) / 2);
      const response = await create(vault, { ...PATH, filename: "a", metadata: { t: "x".repeat(length) } });
      if (response.status !== 201) {
        high = length - 1;
        continue;
      }
      low = length;
      const { url } = await response.json<Made>();
      longest = url.length - url.indexOf("=") - 1;
    }
    expect(longest).toBeGreaterThan(4_090);
    expect(longest).toBeLessThanOrEqual(4_096);
  });

  it("is for secret keys, within their folder, and needs no Idempotency-Key", async () => {
    const vault = await TestVault.create();
    await refusal(await create(vault, PATH, bearer(vault.publicKey)), 403, "FORBIDDEN");
    await refusal(await create(vault, PATH, bearer(env.ADMIN_TOKEN)), 403, "FORBIDDEN");
    for (const type of ["upload", "delivery"]) {
      const { token } = await newKey(vault, { type });
      await refusal(await create(vault, PATH, bearer(token)), 403, "FORBIDDEN");
    }
    const { token } = await newKey(vault, { scope: { partition: "marketing", collection: "blog" } });
    await ticketOf(vault, {}, token);
    await refusal(await create(vault, { ...PATH, collection: "shop" }, bearer(token)), 404, "NOT_FOUND");
    const made = await ticketOf(vault);
    const byTicket = await send(`${vault.path}/tickets?ticket=${made.url.split("=")[1]}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(PATH),
    });
    await refusal(byTicket, 401, "UNAUTHORIZED");
    await refusal(await create(vault, PATH, { "Idempotency-Key": "k" }), 400, "INVALID_PARAMS");
  });
});

describe("an upload by ticket", () => {
  it.each(["form", "raw"] as const)("%s: needs nothing that the ticket says", async (kind) => {
    const vault = await TestVault.create();
    const fixed = { filename: "photo.txt", metadata: { b: 1, a: "ä" }, tags: ["x", "y"] };
    const made = await ticketOf(vault, fixed);
    const response =
      kind === "form" ? await sendForm(made.url, textFile("hello", "mine.txt")) : await sendRaw(made.url, "hello", {});
    expect(response.status, await response.clone().text()).toBe(201);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(response.headers.get("Strongroom-Ignored")).toBeNull();
    const asset = await response.json<AssetRecord>();
    expect(asset).toMatchObject({
      ...PATH,
      filename: "photo.txt",
      size: 5,
      mime_type: "text/plain",
      metadata: '{"b":1,"a":"ä"}',
      tags: '["x","y"]',
    });
    expect(response.headers.get("Location")).toBe(`${vault.assets}/${asset.id}`);
    expect(await (await find(vault, made.ticket_id)).json()).toMatchObject({ status: "used", asset });
    await expectAssets(vault, 1);
  });

  it("takes from the uploader what the ticket does not say", async () => {
    const vault = await TestVault.create();
    const made = await ticketOf(vault);
    const fields = { filename: "a.txt", metadata: '{"a":1}', tags: '["t"]' };
    expect(await refusal(await sendRaw(made.url, "hello", {}), 400, "INVALID_PARAMS")).toMatch(/filename/);
    const response = await sendRaw(made.url, "hello", { ...fields, other: "x" });
    expect(await response.json()).toMatchObject({ ...PATH, ...fields });
    expect(response.headers.get("Strongroom-Ignored")).toBe("other");
    const second = await ticketOf(vault);
    const form = await sendForm(`${second.url}&stray=1`, textFile("hello", "mine.txt"), { tags: '["t"]', ...PATH });
    expect(await form.json()).toMatchObject({ ...PATH, filename: "mine.txt", tags: '["t"]' });
    expect(form.headers.get("Strongroom-Ignored")).toBe("stray");
  });

  it.each([
    ["partition", "sales"],
    ["collection", "shop"],
    ["channel", "other"],
    ["filename", "b.txt"],
    ["metadata", '{"a":2}'],
    ["tags", "[]"],
  ])("refuses another %s than the ticket says, and takes the same", async (name, other) => {
    const vault = await TestVault.create();
    const fixed = { filename: "a.txt", metadata: { a: 1, b: { c: 2, d: 3 } }, tags: ["t"] };
    const made = await ticketOf(vault, fixed);
    const message = `${name}: the ticket says what it is`;
    expect(await refusal(await sendRaw(made.url, "hello", { [name]: other }), 403, "FORBIDDEN")).toContain(message);
    const form = await sendForm(made.url, textFile(), { [name]: other });
    expect(await refusal(form, 403, "FORBIDDEN")).toContain(message);
    await expectAssets(vault, 0);
    expect(await statusOf(vault, made)).toBe("open");
    const same = { ...PATH, filename: "a.txt", metadata: '{"b":{"d":3,"c":2}, "a": 1.0}', tags: '[ "t" ]' };
    expect((await sendRaw(made.url, "hello", same)).status).toBe(201);
    const second = await ticketOf(vault, fixed);
    expect((await sendForm(second.url, textFile(), same)).status).toBe(201);
  });

  it("is refused by its size before the bytes, or as soon as there are too many", async () => {
    const vault = await TestVault.create();
    const made = await ticketOf(vault, { max_file_bytes: 1_000 });
    const over = "file: must be at most 1000 bytes with this ticket";
    expect(await refusal(await sendRaw(made.url, "x".repeat(1_001)), 413, "PAYLOAD_TOO_LARGE")).toBe(over);
    expect(await refusal(await sendForm(made.url, textFile("x".repeat(1_001))), 413, "PAYLOAD_TOO_LARGE")).toBe(over);
    const declared = new Request(`${ORIGIN}${made.url}&filename=a.txt`, {
      method: "POST",
      headers: { "Content-Type": "text/plain", "Content-Length": "2000000" },
      body: "the rest never comes",
    });
    expect(await refusal(await sendTo(declared, env), 413, "PAYLOAD_TOO_LARGE")).toBe(over);
    const form = new Request(ORIGIN + made.url, {
      method: "POST",
      headers: { "Content-Type": "multipart/form-data; boundary=b", "Content-Length": "4000000" },
      body: "--b--",
    });
    expect(await refusal(await sendTo(form, env), 413, "PAYLOAD_TOO_LARGE")).toBe(over);
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 500;
        controller.enqueue(new Uint8Array(500));
        if (sent > 1_000_000) controller.close();
      },
    });
    expect(await refusal(await sendRaw(made.url, endless), 413, "PAYLOAD_TOO_LARGE")).toBe(over);
    await expectAssets(vault, 0);
    expect((await sendRaw(made.url, "x".repeat(1_000))).status).toBe(201);
  });

  it("is refused by its declared media type", async () => {
    const vault = await TestVault.create();
    const made = await ticketOf(vault, { allowed_types: ["image/*", "Text/CSV"] });
    const message = await refusal(await sendRaw(made.url, "hello"), 415, "UNSUPPORTED_MEDIA_TYPE");
    expect(message).toBe("file: is text/plain, and this ticket is only for image/*, text/csv");
    await refusal(await sendForm(made.url, textFile()), 415, "UNSUPPORTED_MEDIA_TYPE");
    // The type that the name's extension says, where the uploader says none; the name may come after the file.
    await refusal(await sendForm(made.url, new File(["x"], "a.pdf")), 415, "UNSUPPORTED_MEDIA_TYPE");
    await refusal(await sendForm(made.url, undefined, {}), 400, "INVALID_PARAMS");
    await expectAssets(vault, 0);
    expect((await sendForm(made.url, new File(["x"], "a.csv"))).status).toBe(201);
    const fixed = await ticketOf(vault, { allowed_types: ["text/csv"], filename: "data.csv" });
    expect((await sendForm(fixed.url, new File(["x"], "a.pdf"))).status).toBe(201);
  });

  it("meets the bounds of the vault too", async () => {
    const vault = await TestVault.create();
    const change = await send(vault.path, {
      method: "PATCH",
      headers: { ...bearer(env.ADMIN_TOKEN), "Content-Type": "application/json" },
      body: JSON.stringify({ max_file_bytes: 10, allowed_types: ["text/plain"], quota_assets: 1 }),
    });
    expect(change.status).toBe(200);
    const made = await ticketOf(vault, { max_file_bytes: 100 });
    await refusal(await sendRaw(made.url, "x".repeat(11)), 413, "PAYLOAD_TOO_LARGE");
    await refusal(
      await sendRaw(made.url, "x", { filename: "a" }, { "Content-Type": "image/png" }),
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    );
    const first = await sendRaw(made.url, "hello");
    expect(first.status).toBe(201);
    await refusal(await sendRaw((await ticketOf(vault)).url, "hello"), 403, "QUOTA_EXCEEDED");
    // A repeat stores nothing.
    expect((await sendRaw(made.url, "hello")).status).toBe(200);
    await expectAssets(vault, 1);
  });

  it("may be bound to a name that is free", async () => {
    const vault = await TestVault.create();
    await vault.upload({ file: textFile("x", "a.txt") });
    const made = await ticketOf(vault);
    const only = { "If-None-Match": "*", "Content-Type": "text/plain" };
    await refusal(await sendRaw(made.url, "hello", { filename: "a.txt" }, only), 412, "PRECONDITION_FAILED");
    expect((await sendRaw(made.url, "hello", { filename: "b.txt" }, only)).status).toBe(201);
    expect((await sendRaw(made.url, "hello", { filename: "b.txt" }, only)).status).toBe(200);
  });

  it("takes no Idempotency-Key, and no other credential beside it", async () => {
    const vault = await TestVault.create();
    const made = await ticketOf(vault);
    const keyed = await sendRaw(made.url, "hello", { filename: "a" }, { "Idempotency-Key": "k" });
    expect(await refusal(keyed, 400, "INVALID_PARAMS")).toMatch(/^Idempotency-Key: is not taken with a ticket/);
    for (const [query, headers, other] of [
      [{}, bearer(vault.secretKey), "Authorization"],
      [{}, bearer("nothing"), "Authorization"],
      [{ token: "dk_x" }, {}, "token"],
      [{ signature: "x" }, {}, "signature"],
    ] as const) {
      for (const url of [made.url, uploadsOf(made)]) {
        const message = await refusal(await sendRaw(url, "hello", query, headers), 400, "INVALID_PARAMS");
        expect(message).toBe(`ticket: must not be given beside ${other}`);
      }
    }
    await expectAssets(vault, 0);
  });

  it("is refused with a ticket that is forged, another vault's, or repeated", async () => {
    const [vault, other] = [await TestVault.create(), await TestVault.create()];
    const made = await ticketOf(vault);
    const value = new URL(ORIGIN + made.url).searchParams.get("ticket") ?? "";
    const [payload = "", mac = ""] = value.split(".");
    const terms = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...terms, partition: "sales" })).toString("base64url");
    const idMac = made.ticket_id.slice(-43);
    const bad = [
      `${changed}.${mac}`,
      `${payload}.${idMac}`,
      payload,
      "",
      ".",
      `.${mac}`,
      `${value}.`,
      `${value}x`,
      vault.secretKey,
    ];
    bad.push("x".repeat(5_000));
    for (const ticket of bad) {
      const url = `${vault.assets}?ticket=${encodeURIComponent(ticket)}`;
      expect(await refusal(await sendRaw(url, "hello"), 403, "FORBIDDEN")).toBe("this ticket is not valid");
    }
    await refusal(await sendRaw(`${vault.assets}?ticket=${value}&ticket=${value}`, "hello"), 403, "FORBIDDEN");
    await refusal(await sendRaw(`${other.assets}?ticket=${value}`, "hello"), 403, "FORBIDDEN");
    await expectAssets(vault, 0);
    await expectAssets(other, 0);
  });

  it("ends with its time, and with its key, of which nothing is said", async () => {
    const vault = await TestVault.create();
    const { id, token } = await newKey(vault, { label: "tickets" });
    const made = await ticketOf(vault, { expires_in: 60 }, token);
    const used = await ticketOf(vault, {}, token);
    expect((await sendRaw(used.url, "hello")).status).toBe(201);
    vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ["Date"] });
    expect(await refusal(await sendRaw(made.url, "hello"), 403, "FORBIDDEN")).toBe("this ticket has expired");
    expect(await (await find(vault, made.ticket_id, token)).json()).toMatchObject({ status: "expired", asset: null });
    vi.useRealTimers();
    await revoke(vault, id);
    for (const [body, query] of [
      ["hello", { filename: "a" }],
      ["x".repeat(200 * KIB), { filename: "a" }],
      ["hello", {}],
    ] as const) {
      for (const { url } of [made, used]) {
        const message = await refusal(await sendRaw(url, body, query), 403, "FORBIDDEN");
        expect(message).toBe("this ticket is no longer valid");
      }
    }
    await expectAssets(vault, 1);
  });

  it("is refused after the vault's storage was lost", async () => {
    const vault = await TestVault.create();
    const [open, used] = [await ticketOf(vault), await ticketOf(vault)];
    const first = await sendRaw(used.url, "hello");
    expect(first.status).toBe(201);
    await lose(vault.stub);
    for (const { url, ticket_id } of [open, used]) {
      expect(await refusal(await sendRaw(url, "hello"), 403, "FORBIDDEN")).toBe("this ticket is no longer valid");
      await refusal(await sendRaw(url, "x".repeat(200 * KIB)), 403, "FORBIDDEN");
      await refusal(await find(vault, ticket_id), 404, "NOT_FOUND");
    }
    expect(await idsOf(vault)).toEqual([(await first.json<AssetRecord>()).id]);
    expect((await sendRaw((await ticketOf(vault)).url, "new")).status).toBe(201);
  });
});

describe("storage that goes back to before a ticket was used", () => {
  it("takes no second file with it, and refuses it from then on", async () => {
    const vault = await TestVault.create();
    const [used, open] = [await ticketOf(vault), await ticketOf(vault)];
    await vault.upload();
    await work(vault);
    const copy = await stored(vault);
    expect((await sendRaw(used.url, "hello")).status).toBe(201);
    await work(vault);
    await putBack(vault, copy);
    // The first write finds that D1 knows more.
    for (const { url } of [used, open]) {
      const response = await patiently(() => sendRaw(url, "other"));
      expect(await refusal(response, 403, "FORBIDDEN")).toBe("this ticket is no longer valid");
    }
    await work(vault, 2);
    await refusal(await find(vault, used.ticket_id), 404, "NOT_FOUND");
    await expectAssets(vault, 2);
  });
});

describe("a ticket that is used", () => {
  it("answers the same bytes with the first record, and other bytes with 409", async () => {
    const vault = await TestVault.create();
    const made = await ticketOf(vault, { filename: "a.txt" });
    const first = await sendRaw(made.url, "hello", {});
    const record = await first.json<AssetRecord>();
    const again = await sendRaw(made.url, "hello", {});
    expect(again.status).toBe(200);
    expect(await again.json()).toEqual(record);
    expect(again.headers.get("Location")).toBe(first.headers.get("Location"));
    expect(again.headers.get("ETag")).toBe(first.headers.get("ETag"));
    expect(again.headers.get("Idempotency-Replayed")).toBeNull();
    const form = await sendForm(made.url, textFile("hello"));
    expect(form.status).toBe(200);
    for (const other of ["jello", "hello!", "", "x".repeat(200 * KIB)]) {
      const message = await refusal(await sendRaw(made.url, other, {}), 409, "CONFLICT");
      expect(message).toBe("ticket: was used, for another file");
      await refusal(await sendForm(made.url, textFile(other)), 409, "CONFLICT");
    }
    await expectAssets(vault, 1);
  });

  it("is answered before the bytes, where that is certain", async () => {
    const vault = await TestVault.create();
    const made = await ticketOf(vault, { filename: "a.txt" });
    expect((await sendRaw(made.url, "hello", {})).status).toBe(201);
    const promised = { "Content-Type": "text/plain", "Content-Digest": await digestOf("hello") };
    // Bytes that nobody waits for: they are not those that were promised.
    expect((await sendRaw(made.url, "jello", {}, promised)).status).toBe(200);
    const other = { "Content-Type": "text/plain", "Content-Digest": await digestOf("other") };
    await refusal(await sendRaw(made.url, "hello", {}, other), 409, "CONFLICT");
    const large = await sendRaw(made.url, "x".repeat(2 * KIB * KIB), {});
    await refusal(large, 409, "CONFLICT");
    const response = await sendRaw(
      made.url,
      "x".repeat(100),
      {},
      { "Content-Type": "image/png", "Content-Digest": await digestOf("x".repeat(100)) },
    );
    await refusal(response, 409, "CONFLICT");
    await expectAssets(vault, 1);
  });

  it("keeps its first answer, to the end of its asset", async () => {
    const vault = await TestVault.create();
    const made = await ticketOf(vault);
    const first = await sendRaw(made.url, "hello");
    const record = await first.json<AssetRecord>();
    const { id } = record;
    expect((await vault.patch(id, { collection: "moved", tags: ["n"], metadata: { note: "ours" } })).status).toBe(200);
    // Whoever has the ticket does not see what has become of the asset.
    const again = await sendRaw(made.url, "hello");
    expect(again.status).toBe(200);
    expect(await again.json()).toEqual(record);
    expect(again.headers.get("ETag")).toBe(first.headers.get("ETag"));
    const early = { "Content-Type": "text/plain", "Content-Digest": await digestOf("hello") };
    expect(await (await sendRaw(made.url, "hello", { filename: "a.txt" }, early)).json()).toEqual(record);
    expect(await (await find(vault, made.ticket_id)).json()).toMatchObject({ asset: { collection: "moved" } });
    expect((await vault.delete(id)).status).toBe(204);
    for (const body of ["hello", "other", "x".repeat(200 * KIB)]) {
      const message = await refusal(await sendRaw(made.url, body), 409, "CONFLICT");
      expect(message).toBe("ticket: was used, and the asset that came of it is no longer there");
    }
    expect(await (await find(vault, made.ticket_id)).json()).toMatchObject({ status: "used", asset: null });
    await expectAssets(vault, 0);
  });

  it.each([
    ["the same bytes", ["hello", "hello", "hello"], [200, 200, 201]],
    ["other bytes", ["hello", "world", "jello"], [201, 409, 409]],
    ["large files", ["a", "b", "b"].map((x) => x.repeat(9 * KIB * KIB)), undefined],
  ])("brings one asset, whichever upload is first: %s", async (_, files, expected) => {
    const vault = await TestVault.create();
    const made = await ticketOf(vault);
    const responses = await Promise.all(
      files.map((file, i) => (i % 2 ? sendForm(made.url, textFile(file)) : sendRaw(made.url, file))),
    );
    const statuses = responses.map(({ status }) => status).toSorted((a, b) => a - b);
    if (expected) expect(statuses).toEqual(expected);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    const answered = await Promise.all(
      responses.filter(({ ok }) => ok).map((response) => response.json<AssetRecord>()),
    );
    expect([...new Set(answered.map(({ id }) => id))]).toEqual(await idsOf(vault));
    await expectAssets(vault, 1);
  });

  it("is forgotten some days after its end", async () => {
    const vault = await TestVault.create();
    const made = await ticketOf(vault, { expires_in: 60 });
    expect((await sendRaw(made.url, "hello")).status).toBe(201);
    const count = (): Promise<number> =>
      runInDurableObject(vault.stub, (_, { storage }) => storage.sql.exec("SELECT * FROM tickets").toArray().length);
    const settle = (): Promise<void> => runInDurableObject(vault.stub, (object) => object.alarm());
    await settle();
    expect(await count()).toBe(1);
    const DAY_MS = 24 * 60 * 60 * 1000;
    vi.useFakeTimers({ now: Date.now() + 6 * DAY_MS, toFake: ["Date"] });
    await settle();
    expect(await count()).toBe(1);
    expect(await (await find(vault, made.ticket_id)).json()).toMatchObject({ status: "used" });
    vi.setSystemTime(Date.now() + DAY_MS);
    await settle();
    expect(await count()).toBe(0);
    await refusal(await find(vault, made.ticket_id), 404, "NOT_FOUND");
  });
});

describe("tickets.get", () => {
  it("knows the tickets of the key that asks, and no invented ones", async () => {
    const [vault, other] = [await TestVault.create(), await TestVault.create()];
    const made = await ticketOf(vault);
    const second = await newKey(vault, { label: "second" });
    const { ticket_id: id } = made;
    const invented = [
      id.replace(/.$/, (last) => (last === "A" ? "B" : "A")),
      id.replace("ticket_0", "ticket_1"),
      id.slice(0, -43),
      "ticket_x",
      "..%2fkeys",
    ];
    for (const wrong of invented) await refusal(await find(vault, wrong), 404, "NOT_FOUND");
    await refusal(await find(vault, id, second.token), 404, "NOT_FOUND");
    await refusal(await find(other, id, other.secretKey), 404, "NOT_FOUND");
    await refusal(await find(vault, id, vault.publicKey), 403, "FORBIDDEN");
    await refusal(await find(vault, id, env.ADMIN_TOKEN), 403, "FORBIDDEN");
    await refusal(await send(`${vault.path}/tickets/${id}`), 401, "UNAUTHORIZED");
    await refusal(await send(`${vault.path}/tickets/${id}?ticket=${made.url.split("=")[1]}`), 401, "UNAUTHORIZED");
    expect((await find(vault, id)).status).toBe(200);
  });

  it("shows a narrowed key its asset while that lies in the key's folder", async () => {
    const vault = await TestVault.create();
    const { token } = await newKey(vault, { scope: { partition: "marketing" } });
    const made = await ticketOf(vault, {}, token);
    const { id } = await (await sendRaw(made.url, "hello")).json<AssetRecord>();
    expect(await (await find(vault, made.ticket_id, token)).json()).toMatchObject({ asset: { id } });
    expect((await vault.patch(id, { partition: "sales" })).status).toBe(200);
    expect(await (await find(vault, made.ticket_id, token)).json()).toMatchObject({ status: "used", asset: null });
  });

  it("tells nobody who repeats the upload where its asset went beyond the folder of the ticket's key", async () => {
    const vault = await TestVault.create();
    const { token } = await newKey(vault, { scope: { partition: "marketing" } });
    const made = await ticketOf(vault, {}, token);
    const { id } = await (await sendRaw(made.url, "hello")).json<AssetRecord>();
    expect((await vault.patch(id, { partition: "sales", metadata: { price: 7 } })).status).toBe(200);
    const file = new File(["hello"], "a.txt", { type: "text/plain" });
    const large = "x".repeat(200 * KIB);
    const digest = { "Content-Type": "text/plain", "Content-Digest": await digestOf("hello") };
    const named = { filename: "a.txt" };
    const answers = [
      await sendRaw(made.url, "hello"),
      await sendRaw(made.url, "hello", named, digest),
      await sendRaw(made.url, "other"),
      await sendRaw(made.url, large),
      await sendForm(made.url, file),
      await send(uploadsOf(made), {
        method: "POST",
        headers: { "Tus-Resumable": "1.0.0", "Upload-Length": "5", "Upload-Metadata": `filename ${btoa("a.txt")}` },
      }),
    ];
    for (const answer of answers) {
      const message = await refusal(answer, 409, "CONFLICT");
      expect(message).toBe("ticket: was used, and the asset that came of it is no longer there");
    }
    expect((await vault.patch(id, { partition: "marketing" })).status).toBe(200);
    expect((await sendRaw(made.url, "hello")).status).toBe(200);
  });
});
