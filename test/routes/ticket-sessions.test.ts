import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { bearer, PATH, refusal, send, TestVault } from "../support/api.ts";
import { lose } from "../support/stores.ts";
import { type Made, sendRaw, ticketOf, uploadsOf } from "../support/tickets.ts";
import { fileOf, metadata, OFFSET_BYTES, TUS, TusClient } from "../support/tus.ts";

const MIB = 1024 * 1024;

// So that few uploads are too many.
vi.mock(import("../../src/model/session-limits.ts"), async (original) => ({
  ...(await original()),
  // The type is that of the constant itself.
  MAX_OPEN_SESSIONS: 3 as never,
}));
const HOUR_MS = 60 * 60 * 1000;

afterEach(() => {
  vi.useRealTimers();
});

/** Begins an upload by ticket. Whoever does knows nothing but the ticket's URL. */
const begin = (
  made: Made,
  length: number,
  fields: Record<string, string> = { filename: "a.txt" },
  headers: Record<string, string> = {},
  body?: BodyInit,
): Promise<Response> =>
  send(uploadsOf(made), {
    method: "POST",
    headers: { ...TUS, "Upload-Length": String(length), "Upload-Metadata": metadata(fields), ...headers },
    ...(body === undefined ? {} : { body }),
  });

async function placeOf(response: Response): Promise<string> {
  expect(response.status, await response.clone().text()).toBe(201);
  return response.headers.get("Location") ?? "";
}

const append = (place: string, offset: number, body: BodyInit): Promise<Response> =>
  send(place, {
    method: "PATCH",
    headers: { ...TUS, "Upload-Offset": String(offset), "Content-Type": OFFSET_BYTES },
    body,
  });

const ask = (method: "HEAD" | "DELETE", place: string, headers = {}): Promise<Response> =>
  send(place, { method, headers: { ...TUS, ...headers } });

const withoutTicket = (place: string): string => place.slice(0, place.indexOf("?"));
const ticketIn = (place: string): string => place.slice(place.indexOf("?"));

const idOf = (response: Response): string => response.headers.get("Location")?.split("/").at(-1) ?? "";

const statusOf = async (vault: TestVault, { ticket_id }: Made): Promise<unknown> => {
  const response = await send(`${vault.path}/tickets/${ticket_id}`, { headers: bearer(vault.secretKey) });
  return (await response.json<{ status: string }>()).status;
};

async function expectAssets(vault: TestVault, count: number): Promise<void> {
  expect((await vault.list()).data).toHaveLength(count);
  await vi.waitFor(async () => expect(await vault.bodies()).toHaveLength(count), { timeout: 5_000 });
}

describe("a resumable upload by ticket", () => {
  it("goes on where Location says, with nothing but that", async () => {
    const vault = await TestVault.create();
    const made = await ticketOf(vault, {
      filename: "a.txt",
      metadata: { a: 1 },
      tags: ["t"],
      allowed_types: ["text/plain"],
    });
    const place = await placeOf(await begin(made, 11, { filetype: "text/plain", name: "mine.txt" }));
    expect(ticketIn(place)).toBe(ticketIn(made.url));
    expect((await append(place, 0, "hello ")).status).toBe(204);
    const head = await ask("HEAD", place);
    expect([head.status, head.headers.get("Upload-Offset")]).toEqual([200, "6"]);
    expect(await statusOf(vault, made)).toBe("open");
    const last = await append(place, 6, "world");
    expect(last.status).toBe(204);
    const record = await (await vault.get(idOf(last))).json<AssetRecord>();
    expect(record).toMatchObject({ ...PATH, filename: "a.txt", metadata: '{"a":1}', tags: '["t"]', size: 11 });
    expect((await ask("HEAD", place)).headers.get("Location")).toBe(`${vault.assets}/${record.id}`);
    expect(await statusOf(vault, made)).toBe("used");
    expect((await sendRaw(made.url, "hello world", {})).status).toBe(200);
    await expectAssets(vault, 1);
  });

  it("is refused before its bytes for what the ticket says otherwise", async () => {
    const vault = await TestVault.create();
    const made = await ticketOf(vault, { filename: "a.txt", max_file_bytes: 10, allowed_types: ["text/*"], tags: [] });
    const text = { filetype: "text/plain" };
    await refusal(await begin(made, 11, text), 413, "PAYLOAD_TOO_LARGE");
    await refusal(await begin(made, 5, { filetype: "image/png" }), 415, "UNSUPPORTED_MEDIA_TYPE");
    for (const [name, value] of [
      ["partition", "sales"],
      ["filename", "b.txt"],
      ["tags", '["t"]'],
    ] as const) {
      const message = await refusal(await begin(made, 5, { ...text, [name]: value }), 403, "FORBIDDEN");
      expect(message).toContain(`${name}: the ticket says`);
    }
    await refusal(await begin(await ticketOf(vault), 5, {}), 400, "INVALID_PARAMS");
    expect((await begin(made, 10, { ...text, ...PATH, filename: "a.txt", tags: "[]" })).status).toBe(201);
  });

  it("is its ticket's alone, and its key's", async () => {
    const vault = await TestVault.create();
    const [made, other] = [await ticketOf(vault), await ticketOf(vault)];
    const place = await placeOf(await begin(made, 5));
    const bare = withoutTicket(place);
    const byKey = await new TusClient(vault).begin(5);
    for (const wrong of [bare + ticketIn(other.url), byKey + ticketIn(made.url)]) {
      await refusal(await append(wrong, 0, "hello"), 404, "NOT_FOUND");
      expect((await ask("HEAD", wrong)).status).toBe(404);
      await refusal(await ask("DELETE", wrong), 404, "NOT_FOUND");
    }
    await refusal(await append(bare, 0, "hello"), 401, "UNAUTHORIZED");
    await refusal(await append(`${bare}?ticket=x`, 0, "hello"), 403, "FORBIDDEN");
    expect((await ask("HEAD", place, bearer(vault.secretKey))).status).toBe(400);
    // Whoever made the ticket may look, and end it.
    expect((await ask("HEAD", bare, bearer(vault.secretKey))).status).toBe(200);
    expect((await ask("DELETE", bare, bearer(vault.secretKey))).status).toBe(204);
    await refusal(await append(place, 0, "hello"), 410, "UPLOAD_EXPIRED");
    const again = await placeOf(await begin(made, 5));
    expect((await ask("DELETE", again)).status).toBe(204);
    expect(await statusOf(vault, made)).toBe("open");
  });

  it("is finished after its ticket's end, but not after its key's", async () => {
    const vault = await TestVault.create();
    const response = await vault.request("POST", `${vault.path}/keys`, {});
    const { id, token } = await response.json<{ id: string; token: string }>();
    const [made, second] = [await ticketOf(vault, { expires_in: 60 }, token), await ticketOf(vault, {}, token)];
    const place = await placeOf(await begin(made, 5));
    const left = await placeOf(await begin(second, 5));
    vi.useFakeTimers({ now: Date.now() + HOUR_MS / 2, toFake: ["Date"] });
    await refusal(await begin(made, 5), 403, "FORBIDDEN");
    expect((await append(place, 0, "hello")).status).toBe(204);
    vi.useRealTimers();
    expect((await vault.request("DELETE", `${vault.path}/keys/${id}`)).status).toBe(204);
    for (const request of [append(left, 0, "hello"), ask("DELETE", left), begin(second, 5), append(left, 0, "")]) {
      expect(await refusal(await request, 403, "FORBIDDEN")).toBe("this ticket is no longer valid");
    }
    await expectAssets(vault, 1);
  });

  it("ends the one before it, and counts once against quotas and the key's uploads", async () => {
    const vault = await TestVault.create();
    const admin = await send(vault.path, {
      method: "PATCH",
      headers: { ...bearer(env.ADMIN_TOKEN), "Content-Type": "application/json" },
      body: JSON.stringify({ quota_bytes: 12 * MIB }),
    });
    expect(admin.status).toBe(200);
    const made = await ticketOf(vault);
    const file = fileOf(10 * MIB);
    const first = await placeOf(await begin(made, file.length));
    expect((await append(first, 0, file.slice(0, 9 * MIB))).status).toBe(204);
    // What is refused ends nothing.
    await refusal(await begin(made, 13 * MIB), 403, "QUOTA_EXCEEDED");
    expect((await ask("HEAD", first)).status).toBe(200);
    const second = await placeOf(await begin(made, file.length));
    await refusal(await append(first, 9 * MIB, file.slice(9 * MIB)), 410, "UPLOAD_EXPIRED");
    expect((await ask("HEAD", first)).status).toBe(410);
    expect((await append(second, 0, file)).status).toBe(204);
    await expectAssets(vault, 1);
    for (let i = 0; i < 5; i++) expect((await begin(await ticketOf(vault), 1)).status).toBe(i < 3 ? 201 : 409);
  });

  it.each([
    ["small", 5],
    ["large", 9 * MIB],
  ])("comes to the first asset with the same bytes, and ends with others: %s", async (_, size) => {
    const vault = await TestVault.create();
    const made = await ticketOf(vault, { filename: "a.bin" });
    const [file, other] = [fileOf(size), fileOf(size, 2)];
    const rivals = [await placeOf(await begin(made, size, {}))];
    const stored = await sendRaw(made.url, file, {});
    const { id } = await stored.json<AssetRecord>();
    const last = await append(rivals[0] ?? "", 0, file);
    expect([last.status, idOf(last)]).toEqual([204, id]);
    expect(idOf(await ask("HEAD", rivals[0] ?? ""))).toBe(id);
    const repeated = await append(rivals[0] ?? "", 0, file);
    expect([repeated.status, idOf(repeated)]).toEqual([204, id]);
    const again = await placeOf(await begin(made, size, {}));
    expect((await append(again, 0, file)).status).toBe(204);
    const wrong = await placeOf(await begin(made, size, {}));
    expect(await refusal(await append(wrong, 0, other), 409, "CONFLICT")).toBe("ticket: was used, for another file");
    expect((await ask("HEAD", wrong)).status).toBe(410);
    await refusal(await begin(made, size + 1, {}), 409, "CONFLICT");
    const whole = await begin(made, size, {}, { "Content-Type": OFFSET_BYTES }, file);
    expect([whole.status, whole.headers.get("Content-Location")]).toEqual([201, `${vault.assets}/${id}`]);
    await expectAssets(vault, 1);
    expect((await vault.delete(id)).status).toBe(204);
    expect(await refusal(await begin(made, size, {}), 409, "CONFLICT")).toMatch(/is no longer there$/);
    await expectAssets(vault, 0);
  });

  it("ends when its ticket is used and the asset deleted meanwhile", async () => {
    const vault = await TestVault.create();
    const made = await ticketOf(vault);
    const place = await placeOf(await begin(made, 9 * MIB));
    const file = fileOf(9 * MIB);
    expect((await append(place, 0, file.slice(0, 8 * MIB))).status).toBe(204);
    const { id } = await (await sendRaw(made.url, file)).json<AssetRecord>();
    expect((await vault.delete(id)).status).toBe(204);
    await refusal(await append(place, 8 * MIB, file.slice(8 * MIB)), 409, "CONFLICT");
    await expectAssets(vault, 0);
  });

  it("counts although the key itself finishes it", async () => {
    const vault = await TestVault.create();
    const made = await ticketOf(vault);
    const place = withoutTicket(await placeOf(await begin(made, 5)));
    expect((await new TusClient(vault).append(place, 0, "hello")).status).toBe(204);
    expect(await statusOf(vault, made)).toBe("used");
    await refusal(await sendRaw(made.url, "other"), 409, "CONFLICT");
    await expectAssets(vault, 1);
  });

  it("ends with the vault's storage, and its ticket too", async () => {
    const vault = await TestVault.create();
    const made = await ticketOf(vault);
    const place = await placeOf(await begin(made, 5));
    await lose(vault.stub);
    expect((await append(place, 0, "hello")).status).toBe(404);
    await refusal(await begin(made, 5), 403, "FORBIDDEN");
  });
});
