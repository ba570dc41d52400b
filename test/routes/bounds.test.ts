/** The bounds that an operator sets for a vault: how they are set, and how quotas, sizes and types are held. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { MAX_SESSION_BYTES } from "../../src/model/limits.ts";
import { NO_SETTINGS, SETTINGS } from "../../src/model/settings.ts";
import type { VaultInfo, VaultReport } from "../../src/model/vault.ts";
import { Vault } from "../../src/vault/vault.ts";
import { admin, bearer, type Page, PATH, refusal, send, TestVault, textFile } from "../support/api.ts";
import { sendRaw, ticketOf, uploadsOf } from "../support/tickets.ts";
import { withBucket } from "../support/outage.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const patch = (vault: TestVault, change: unknown, headers: Record<string, string> = admin): Promise<Response> =>
  vault.request("PATCH", vault.path, change, headers);

/** Sets bounds, which must succeed. */
async function set(vault: TestVault, change: object): Promise<VaultReport> {
  const response = await patch(vault, change);
  expect(response.status, await response.clone().text()).toBe(200);
  return response.json();
}

const get = async (vault: TestVault): Promise<VaultReport> => (await send(vault.path, { headers: admin })).json();

const raw = (vault: TestVault, body: BodyInit, query: Record<string, string> = {}, type = "text/plain") =>
  send(`${vault.assets}?${new URLSearchParams({ ...PATH, filename: "f.txt", ...query }).toString()}`, {
    method: "POST",
    headers: { ...bearer(vault.secretKey), "Content-Type": type },
    body,
  });

describe("vaults: update", () => {
  it("changes what it names, answers with the vault, and null takes a bound away", async () => {
    const vault = await TestVault.create("before");
    const before = await get(vault);
    expect(before).toMatchObject({ usage: { assets: 0, bytes: 0 }, settings: NO_SETTINGS });
    expect(Object.keys(before.settings)).toEqual(SETTINGS);

    const bounds = {
      quota_assets: 5,
      quota_bytes: 1_000,
      max_file_bytes: 100,
      allowed_types: ["Image/*", "text/plain", "TEXT/PLAIN"],
      requests_per_second: 1_000,
      cache_seconds: 60,
    };
    const kept = { ...bounds, allowed_types: ["image/*", "text/plain"] };
    expect(await set(vault, bounds)).toMatchObject({ name: "before", settings: kept });
    expect(await set(vault, { name: "after", quota_assets: null })).toMatchObject({
      name: "after",
      settings: { ...kept, quota_assets: null },
    });
    await vault.upload();
    expect(await get(vault)).toMatchObject({ name: "after", usage: { assets: 1, bytes: 5 }, assets: 1, bytes: 5 });
    const listed = await (await send("/api/v1/vaults?limit=200", { headers: admin })).json<Page<VaultInfo>>();
    expect(listed.data.find(({ id }) => id === vault.id)?.name).toBe("after");

    const none = Object.fromEntries(SETTINGS.map((name) => [name, null]));
    expect((await set(vault, none)).settings).toEqual(NO_SETTINGS);
  });

  it("loses none of several changes that share a group", async () => {
    const vault = await TestVault.create();
    await vault.upload();
    await Promise.all([
      set(vault, { quota_assets: 7 }),
      set(vault, { max_file_bytes: 9 }),
      set(vault, { requests_per_second: 11 }),
    ]);
    expect((await get(vault)).settings).toMatchObject({ quota_assets: 7, max_file_bytes: 9, requests_per_second: 11 });
  });

  it("is for the operator alone, and 404 for a vault that is not there", async () => {
    const vault = await TestVault.create();
    await refusal(await patch(vault, { name: "x" }, bearer(vault.secretKey)), 403, "FORBIDDEN");
    const other = { method: "PATCH", headers: { ...admin, "Content-Type": "application/json" }, body: '{"name":"x"}' };
    for (const id of ["vault_01arz3ndektsv4rrffq69g5fa0", "nonsense"]) {
      await refusal(await send(`/api/v1/vaults/${id}`, other), 404, "NOT_FOUND");
    }
    await refusal(await patch(vault, {}, { ...admin, "Content-Type": "text/plain" }), 415, "UNSUPPORTED_MEDIA_TYPE");
  });

  const whole = (least: number, most: number): string => `must be a whole number from ${least} to ${most}, or null`;
  const types = "must be a list of 1 to 50 media types, or null";
  const type = "must be a media type such as image/png, or a kind of them such as image/*, without parameters";
  it.each([
    [
      {},
      "at least one of name, quota_assets, quota_bytes, max_file_bytes, allowed_types, requests_per_second, cache_seconds",
    ],
    [{ name: null }, "name: must be a string"],
    [{ quota: 1 }, "quota: unknown"],
    [{ quota_assets: -1 }, `quota_assets: ${whole(0, 1_000_000_000)}`],
    [{ quota_assets: 1.5 }, `quota_assets: ${whole(0, 1_000_000_000)}`],
    [{ quota_assets: "1" }, `quota_assets: ${whole(0, 1_000_000_000)}`],
    [{ quota_bytes: 2 ** 50 + 1 }, `quota_bytes: ${whole(0, 2 ** 50)}`],
    [{ max_file_bytes: 0 }, `max_file_bytes: ${whole(1, MAX_SESSION_BYTES)}`],
    [{ max_file_bytes: MAX_SESSION_BYTES + 1 }, `max_file_bytes: ${whole(1, MAX_SESSION_BYTES)}`],
    [{ requests_per_second: 0 }, `requests_per_second: ${whole(1, 10_000)}`],
    [{ requests_per_second: 0.5 }, `requests_per_second: ${whole(1, 10_000)}`],
    [{ requests_per_second: 10_001 }, `requests_per_second: ${whole(1, 10_000)}`],
    [{ cache_seconds: -1 }, `cache_seconds: ${whole(0, 86_400)}`],
    [{ cache_seconds: 86_401 }, `cache_seconds: ${whole(0, 86_400)}`],
    [{ cache_seconds: "60" }, `cache_seconds: ${whole(0, 86_400)}`],
    [{ allowed_types: [] }, `allowed_types: ${types}`],
    [{ allowed_types: "image/*" }, `allowed_types: ${types}`],
    [{ allowed_types: Array.from({ length: 51 }, (_, i) => `a/${i}`) }, `allowed_types: ${types}`],
    [{ allowed_types: ["*/*"] }, `allowed_types.0: ${type}`],
    [{ allowed_types: ["image/p*"] }, `allowed_types.0: ${type}`],
    [{ allowed_types: ["image/png", "text/plain; charset=utf-8"] }, `allowed_types.1: ${type}`],
    [{ allowed_types: [`a/${"b".repeat(254)}`] }, `allowed_types.0: ${type}`],
  ])("refuses %j", async (change, message) => {
    const vault = await TestVault.create();
    expect(await refusal(await patch(vault, change), 400, "INVALID_PARAMS")).toContain(message);
  });

  it("takes the largest and the smallest of everything", async () => {
    const vault = await TestVault.create();
    await set(vault, {
      quota_assets: 1_000_000_000,
      quota_bytes: 2 ** 50,
      max_file_bytes: MAX_SESSION_BYTES,
      requests_per_second: 10_000,
      cache_seconds: 86_400,
      allowed_types: Array.from({ length: 50 }, (_, i) => `a/${"b".repeat(251)}${i + 10}`),
    });
    await set(vault, { quota_assets: 0, quota_bytes: 0, max_file_bytes: 1, requests_per_second: 1, cache_seconds: 0 });
  });
});

describe("quotas", () => {
  /** Uploads many files at once and returns the statuses. */
  const many = async (vault: TestVault, count: number, size: number): Promise<number[]> => {
    const responses = await Promise.all(
      Array.from({ length: count }, async (_, i) =>
        vault.send({ ...PATH, file: textFile("x".repeat(size), `${i}.txt`) }),
      ),
    );
    for (const response of responses) if (response.status !== 201) await refusal(response, 403, "QUOTA_EXCEEDED");
    return responses.map(({ status }) => status);
  };
  const accepted = (statuses: number[]): number => statuses.filter((status) => status === 201).length;

  it.each([
    ["assets", { quota_assets: 37 }, 37],
    ["bytes", { quota_bytes: 37 * 11 + 10 }, 37],
  ])(
    "%s: of 100 uploads at once exactly as many as fit succeed, and the others leave nothing",
    async (_, quota, fit) => {
      const vault = await TestVault.create();
      await set(vault, quota);
      expect(accepted(await many(vault, 100, 11))).toBe(fit);
      expect(await get(vault)).toMatchObject({ usage: { assets: fit, bytes: fit * 11 } });
      expect((await vault.bodies()).length).toBe(fit);
      // On a busy machine D1 may hear of the last of them later.
      await vi.waitFor(async () => expect((await vault.recorded()).length).toBe(fit), 10_000);
    },
  );

  it("bytes: files of many sizes fill a quota to the last byte, in several groups", async () => {
    const vault = await TestVault.create();
    await set(vault, { quota_bytes: 1_000 });
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, i) => (await raw(vault, "x".repeat(1 + i * 7))).arrayBuffer()),
      );
    }
    const { usage } = await get(vault);
    // A single byte still fits in as long as there is one.
    for (let left = 1_000 - usage.bytes; left > 0; left--) expect((await raw(vault, "x")).status).toBe(201);
    const message = await refusal(await raw(vault, "x"), 403, "QUOTA_EXCEEDED");
    expect(message).toBe("quota_bytes: 0 of 1000 are left in this vault");
    expect((await raw(vault, "")).status).toBe(201);
    expect((await get(vault)).usage.bytes).toBe(1_000);
  });

  it("whoever reaches a folder alone, or has a ticket, is not told how much the vault holds", async () => {
    const vault = await TestVault.create();
    const narrowed = await vault.request("POST", `${vault.path}/keys`, { scope: { partition: PATH.partition } });
    const { token } = await narrowed.json<{ token: string }>();
    const { url } = await ticketOf(vault);
    const size = 200 * 1024;
    const text = "x".repeat(size);
    const head = { "Tus-Resumable": "1.0.0", "Upload-Length": String(size) };
    const fields = Object.entries({ ...PATH, filename: "f" }).map(([name, value]) => `${name} ${btoa(value)}`);
    const own = { ...bearer(token), ...head, "Upload-Metadata": fields.join(",") };
    const ticketed = { ...head, "Upload-Metadata": `filename ${btoa("f")}` };
    const query = new URLSearchParams({ ...PATH, filename: "f" }).toString();
    for (const [bounds, expected] of [
      [{ quota_bytes: 100 }, "quota_bytes: less than the file takes is left in this vault"],
      [{ quota_assets: 0 }, "quota_assets: none is left in this vault"],
    ] as const) {
      await set(vault, { quota_bytes: null, quota_assets: null, ...bounds });
      const answers = [
        await send(`${vault.assets}?${query}`, { method: "POST", headers: bearer(token), body: text }),
        await send(`${vault.assets}?${query}`, { method: "POST", headers: bearer(token), body: text.slice(0, 101) }),
        await sendRaw(url, text),
        await sendRaw(url, text.slice(0, 101)),
        await send(`${vault.path}/uploads`, { method: "POST", headers: own }),
        await send(uploadsOf({ url }), { method: "POST", headers: ticketed }),
      ];
      for (const answer of answers) expect(await refusal(answer, 403, "QUOTA_EXCEEDED")).toBe(expected);
    }
  });

  it("deleting makes room, a lower quota deletes nothing, and everything but an upload goes on", async () => {
    const vault = await TestVault.create();
    const assets = [await vault.upload(), await vault.upload(), await vault.upload()];
    await set(vault, { quota_assets: 1, quota_bytes: 0, max_file_bytes: 1, allowed_types: ["image/png"] });
    expect((await vault.list()).data).toHaveLength(3);
    const id = assets[0]?.id ?? "";
    expect((await vault.patch(id, { tags: ["still"] })).status).toBe(200);
    await set(vault, { quota_bytes: null, max_file_bytes: null, allowed_types: null });
    const message = await refusal(await vault.send({ ...PATH, file: textFile() }), 403, "QUOTA_EXCEEDED");
    expect(message).toBe("quota_assets: 0 of 1 are left in this vault");
    for (const asset of assets) expect((await vault.delete(asset.id)).status).toBe(204);
    await vault.upload();
  });

  it("a repeated commit of an asset is answered with it, whatever the bounds are", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const [asset] = await vault.recorded();
    await set(vault, { quota_assets: 0, quota_bytes: 0, max_file_bytes: 1, allowed_types: ["image/png"] });
    const { seq: _, rev: _rev, vault_id: _vault, created_at: _created, updated_at: _updated, ...upload } = asset ?? {};
    const caller = { actor: { kind: "vault" }, request: "req_test" } as const;
    const outcome = await vault.rpc.commitUpload(caller, upload as never);
    expect(outcome.ok && (JSON.parse(outcome.body) as AssetRecord).id).toBe(id);
  });

  it("a condition comes before a quota", async () => {
    const vault = await TestVault.create();
    await vault.upload();
    await set(vault, { quota_assets: 0 });
    const form = new FormData();
    for (const [name, value] of Object.entries(PATH)) form.append(name, value);
    form.append("file", textFile());
    const headers = { ...bearer(vault.secretKey), "If-None-Match": "*" };
    await refusal(await send(vault.assets, { method: "POST", headers, body: form }), 412, "PRECONDITION_FAILED");
  });
});

describe("max_file_bytes and allowed_types", () => {
  it("a file at the limit is taken, and one byte more is 413", async () => {
    const vault = await TestVault.create();
    await set(vault, { max_file_bytes: 100 });
    expect((await raw(vault, "x".repeat(100))).status).toBe(201);
    for (const send101 of [
      () => raw(vault, "x".repeat(101)),
      () => vault.send({ ...PATH, file: textFile("x".repeat(101)) }),
    ]) {
      const message = await refusal(await send101(), 413, "PAYLOAD_TOO_LARGE");
      expect(message).toBe("file: must be at most 100 bytes in this vault");
    }
    expect(await vault.bodies()).toHaveLength(1);
  });

  it.each([
    ["text/plain", "a.bin", 201],
    ["Text/Plain; charset=utf-8", "a.bin", 201],
    ["image/png", "a.bin", 201],
    ["image/svg+xml", "a.bin", 201],
    ["application/pdf", "a.png", 415],
    ["imagery/png", "a.png", 415],
    // A declaration that says nothing: the filename decides, as for what is stored.
    ["application/octet-stream", "a.png", 201],
    ["application/octet-stream", "a.zip", 415],
  ])("%s of %s is judged as the type that is stored: %i", async (declared, filename, status) => {
    const vault = await TestVault.create();
    await set(vault, { allowed_types: ["image/*", "text/plain"] });
    for (const response of [
      await raw(vault, "x", { filename }, declared),
      await vault.send({ ...PATH, file: textFile("x", filename, declared) }),
    ]) {
      if (status === 201) expect(response.status).toBe(201);
      else {
        const message = await refusal(response, 415, "UNSUPPORTED_MEDIA_TYPE");
        expect(message).toMatch(/^file: is [\w-]+\/[\w-]+, and this vault takes only image\/\*, text\/plain$/);
      }
    }
    expect(await vault.bodies()).toHaveLength(status === 201 ? 2 : 0);
  });
});

describe("a large upload", () => {
  const MIB = 1024 * 1024;
  const SIZE = 20 * MIB;

  /** A body of SIZE bytes that counts what is taken of it. */
  function counted(size: number): { stream: ReadableStream<Uint8Array>; taken: () => number } {
    let taken = 0;
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (taken >= size) return controller.close();
          const length = Math.min(64 * 1024, size - taken);
          taken += length;
          controller.enqueue(new Uint8Array(length));
        },
      },
      { highWaterMark: 0 },
    );
    return { stream, taken: () => taken };
  }

  /** Sends a body, and says how much of it had been taken when the vault was asked, and what R2 was asked for. */
  async function refusedEarly(
    vault: TestVault,
    body: { stream: ReadableStream<Uint8Array>; taken: () => number },
    init: { query?: string; headers: Record<string, string> },
  ): Promise<{ response: Response; asked: number[]; stored: number }> {
    const asked: number[] = [];
    const check = Object.getOwnPropertyDescriptor(Vault.prototype, "checkUpload")?.value as Vault["checkUpload"];
    vi.spyOn(Vault.prototype, "checkUpload").mockImplementation(function (this: Vault, ...given) {
      asked.push(body.taken());
      return check.apply(this, given);
    });
    let stored = 0;
    const count = (): Promise<never> => {
      stored++;
      return Promise.reject(new Error("nothing may be stored"));
    };
    const request = { method: "POST", headers: { ...bearer(vault.secretKey), ...init.headers }, body: body.stream };
    const response = await withBucket("put", count, () =>
      withBucket("createMultipartUpload", count, () =>
        send(`${vault.assets}${init.query ?? ""}`, { ...request, duplex: "half" } as RequestInit),
      ),
    );
    return { response, asked, stored };
  }

  const query = `?${new URLSearchParams({ ...PATH, filename: "large.bin" }).toString()}`;
  const declared = { "Content-Length": String(SIZE), "Content-Type": "application/zip" };

  it.each([
    [{ quota_assets: 0 }, 403, "QUOTA_EXCEEDED"],
    [{ quota_bytes: SIZE - 1 }, 403, "QUOTA_EXCEEDED"],
    [{ max_file_bytes: SIZE - 1 }, 413, "PAYLOAD_TOO_LARGE"],
    [{ allowed_types: ["image/*"] }, 415, "UNSUPPORTED_MEDIA_TYPE"],
  ] as const)("of declared length is refused before its bytes come: %j", async (bounds, status, code) => {
    const vault = await TestVault.create();
    await set(vault, bounds);
    const { response, asked, stored } = await refusedEarly(vault, counted(SIZE), { query, headers: declared });
    await refusal(response, status, code);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toBeLessThanOrEqual(MIB);
    expect(stored).toBe(0);
  });

  it("as a form is refused before its bytes come, by what the length of the form tells", async () => {
    const vault = await TestVault.create();
    await set(vault, { max_file_bytes: SIZE - MIB });
    const head =
      Object.entries(PATH)
        .map(([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
        .join("") + '--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n';
    const file = counted(SIZE);
    const reader = file.stream.getReader();
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(head)),
      async pull(controller) {
        const { value } = await reader.read();
        if (value) return controller.enqueue(value);
        controller.enqueue(new TextEncoder().encode("\r\n--b--\r\n"));
        controller.close();
      },
    });
    const headers = {
      "Content-Type": "multipart/form-data; boundary=b",
      "Content-Length": String(head.length + SIZE + 9),
    };
    const { response, asked, stored } = await refusedEarly(vault, { stream, taken: file.taken }, { headers });
    expect(await refusal(response, 413, "PAYLOAD_TOO_LARGE")).toContain("in this vault");
    expect(asked[0]).toBeLessThanOrEqual(MIB);
    expect(stored).toBe(0);
  });

  it("of unknown length is refused as soon as it is larger than it may be", async () => {
    const vault = await TestVault.create();
    await set(vault, { max_file_bytes: 2 * MIB });
    const headers = { "Content-Type": "application/zip", "Transfer-Encoding": "chunked" };
    const { response, asked, stored } = await refusedEarly(vault, counted(SIZE), { query, headers });
    await refusal(response, 413, "PAYLOAD_TOO_LARGE");
    expect(asked).toHaveLength(2);
    expect(asked[1]).toBeLessThanOrEqual(4 * MIB);
    expect(stored).toBe(0);
  });

  it("of a form whose filename comes last is not refused for the type of the name that it was sent with", async () => {
    const vault = await TestVault.create();
    await set(vault, { allowed_types: ["image/*"] });
    const form = new FormData();
    for (const [name, value] of Object.entries(PATH)) form.append(name, value);
    form.append("file", new File([new Uint8Array(MIB)], "a.zip", { type: "application/octet-stream" }));
    form.append("filename", "a.png");
    const response = await send(vault.assets, { method: "POST", headers: bearer(vault.secretKey), body: form });
    expect((await response.json<AssetRecord>()).mime_type).toBe("image/png");
    expect(await env.BUCKET.list({ prefix: `${vault.id}/` }).then(({ objects }) => objects.length)).toBe(1);
  });
});
