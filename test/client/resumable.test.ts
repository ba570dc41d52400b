import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Progress, Strongroom, StrongroomAdmin, type UploadOptions } from "../../src/client/index.ts";
import { failure, PATH, useServer } from "./server.ts";

const MIB = 1024 * 1024;
const NAMED = { ...PATH, filename: "large ä.bin", metadata: { alt: "ä" }, tags: ["t"] };
const content = randomBytes(20 * MIB + 5);
const file = new File([content], "x", { type: "video/mp4" });
const sha256 = createHash("sha256").update(content).digest("hex");

const server = useServer();

const connection = (options: Partial<ConstructorParameters<typeof Strongroom>[0]> = {}) =>
  new Strongroom({ url: server.credentials.url, key: server.credentials.secret_key, ...options });

const admin = () => new StrongroomAdmin({ url: server.credentials.url, token: server.credentials.admin_token });

/** A vault whose requests are noted, and perhaps spoilt: `spoil` gets their numbers, from 0 on. */
function observed(spoil: (n: number, init: RequestInit) => Promise<void> | void = () => {}) {
  const sent: string[] = [];
  const retried: number[] = [];
  const vault = connection({
    onRetry: (_, pause) => retried.push(pause),
    fetch: async (url, init) => {
      const n = sent.length;
      const name = new URL(url).pathname.split("/").slice(5, 6).join("");
      sent.push(`${init.method} ${name}${offsetOf(init)}`);
      await spoil(n, init);
      return fetch(url, init);
    },
  });
  return { vault, sent, retried };
}

const offsetOf = ({ headers }: RequestInit): string => {
  const offset = (headers as Headers).get("Upload-Offset");
  return offset === null ? "" : ` ${Number(offset) / MIB}`;
};

const broken = new TypeError("fetch failed");

/** What an upload leaves behind it when it is broken off after its first request. */
async function brokenOff(options: Partial<UploadOptions> = {}): Promise<string> {
  const controller = new AbortController();
  let url = "";
  const onProgress = ({ loaded }: Progress): void => {
    if (loaded >= 10 * MIB) controller.abort();
  };
  const resumable = { requestBytes: 8 * MIB, onUrl: (now: string) => void (url = now) };
  const upload = connection().assets.upload(file, NAMED, {
    ...options,
    resumable,
    onProgress,
    signal: controller.signal,
  });
  await expect(upload).rejects.toThrow("abort");
  return url;
}

describe("an upload in several requests", () => {
  it("comes to the same as one in a single request, and tells how it goes", async () => {
    const seen: Progress[] = [];
    const { vault, sent } = observed();
    const resumable = { requestBytes: 8 * MIB };
    const made = await vault.assets.upload(file, NAMED, { resumable, onProgress: (now) => void seen.push(now) });
    expect(sent).toEqual(["POST uploads", "PATCH uploads 0", "PATCH uploads 8", "PATCH uploads 16", "GET assets"]);
    const single = await vault.assets.upload(file, NAMED);
    const { id, r2_key, created_at, updated_at, etag, ...same } = single;
    expect(made).toMatchObject(same);
    expect(made).toMatchObject({ size: content.length, mime_type: "video/mp4", filename: "large ä.bin" });
    expect((await vault.assets.download(made.id)).headers.get("ETag")).toBe(`"${sha256}"`);
    expect([id, r2_key, etag]).not.toContain(made.id);
    expect(created_at <= updated_at).toBe(true);
    expect(seen[0]).toEqual({ loaded: 0, total: content.length });
    expect(seen.at(-1)).toEqual({ loaded: content.length, total: content.length });
    expect(seen.length).toBeGreaterThan(20);
    expect(seen.every(({ loaded }, n) => loaded >= (seen[n - 1]?.loaded ?? 0))).toBe(true);
  });

  it("of nothing, and of a byte, makes an asset", async () => {
    for (const size of [0, 1]) {
      const { assets } = connection();
      const made = await assets.upload(new Uint8Array(size), { ...PATH, filename: "s" }, { resumable: true });
      expect(made).toMatchObject({ size, durability: "recorded" });
    }
  });

  it("is chosen by itself for what fits into no other", async () => {
    const { vault, sent } = observed();
    const large = new Blob([new Uint8Array(100 * MIB + 1)]);
    const made = await vault.assets.upload(large, { ...PATH, filename: "l" });
    expect(made.size).toBe(large.size);
    expect(sent.slice(0, 3)).toEqual(["POST uploads", "PATCH uploads 0", "PATCH uploads 32"]);
    const refused = await failure(vault.assets.upload(large, { ...PATH, filename: "l" }, { resumable: false }));
    expect(refused).toMatchObject({ status: 413 });
  });

  it("goes on where a connection broke", async () => {
    // The second request breaks in its middle: some of it has arrived.
    const { vault, sent, retried } = observed(async (n, init) => {
      if (n !== 2) return;
      const whole = new Uint8Array(await new Response(init.body as Blob).arrayBuffer());
      const half = whole.subarray(0, 5 * MIB);
      let isSent = false;
      init.body = new ReadableStream({
        async pull(controller) {
          if (isSent) {
            await new Promise((resolve) => setTimeout(resolve, 300));
            return controller.error(broken);
          }
          isSent = true;
          controller.enqueue(half);
        },
      });
      (init as { duplex?: string }).duplex = "half";
      (init.headers as Headers).set("Content-Length", String(whole.length));
    });
    const made = await vault.assets.upload(file, NAMED, { resumable: { requestBytes: 8 * MIB } });
    expect(made.size).toBe(content.length);
    expect((await vault.assets.download(made.id)).headers.get("ETag")).toBe(`"${sha256}"`);
    const offsets = sent.flatMap((request) => /^PATCH uploads (.+)$/.exec(request)?.[1] ?? []).map(Number);
    expect(offsets.slice(0, 2)).toEqual([0, 8]);
    expect(retried).toEqual([expect.any(Number)]);
    // Less than the 8 MiB that the request was to bring, and more than nothing.
    expect(offsets[2]).toBeGreaterThan(8);
    expect(offsets[2]).toBeLessThanOrEqual(13);
  });

  it("goes on after a kill of the server", async () => {
    let restarted: Promise<void> | undefined;
    const { vault, sent } = observed(async (n) => {
      if (n !== 3) return;
      await server.kill();
      restarted = server.restart();
    });
    const made = await vault.assets.upload(file, NAMED, { resumable: { requestBytes: 8 * MIB } });
    await restarted;
    expect((await vault.assets.download(made.id)).headers.get("ETag")).toBe(`"${sha256}"`);
    expect(sent.filter((request) => request === "POST uploads")).toHaveLength(1);
    expect(sent.filter((request) => request === "PATCH uploads 0")).toHaveLength(1);
  });

  it("goes on from a URL that was kept, and tells from where", async () => {
    const url = await brokenOff();
    expect(url).toMatch(/^http.*\/api\/v1\/vaults\/vault_\w+\/uploads\/\w+$/);
    const seen: number[] = [];
    const { vault, sent } = observed();
    const onUrl = (): void => expect.unreachable();
    const onProgress = ({ loaded }: Progress): void => void seen.push(loaded);
    const made = await vault.assets.upload(file, NAMED, { resumable: { url, onUrl }, onProgress });
    // It may have to ask again: the request that was broken off is still being ended.
    expect(sent[0]).toBe("GET uploads");
    const others = sent.filter((request) => request !== "GET uploads");
    expect(others[0]).toMatch(/^PATCH uploads ([89]|1\d)/);
    expect(seen[0]).toBeGreaterThanOrEqual(8 * MIB);
    expect((await vault.assets.download(made.id)).headers.get("ETag")).toBe(`"${sha256}"`);
    // It is over by now, and says what has come of it.
    expect(await vault.assets.upload(file, NAMED, { resumable: { url } })).toEqual(made);
  });

  it("begins anew when the one that was kept has ended", async () => {
    const { url: origin, secret_key } = server.credentials;
    const url = await brokenOff();
    const headers = { Authorization: `Bearer ${secret_key}`, "Tus-Resumable": "1.0.0" };
    expect((await fetch(url, { method: "DELETE", headers })).status).toBe(204);
    const missing = `${origin}${new URL(url).pathname.replace(/[^_/]+$/, "0".repeat(26))}`;
    for (const gone of [url, missing]) {
      const urls: string[] = [];
      const { vault, sent } = observed();
      const resumable = { url: gone, onUrl: (now: string) => void urls.push(now) };
      const made = await vault.assets.upload(file, NAMED, { resumable });
      expect(sent).toEqual(["GET uploads", "POST uploads", "PATCH uploads 0", "GET assets"]);
      expect(made.size).toBe(content.length);
      expect(urls).toHaveLength(1);
    }
  });

  it("is given up, and what is not left any more is no failure", async () => {
    const vault = connection();
    const { usage } = await admin().vaults.get(vault.vaultId);
    const url = await brokenOff();
    expect(await vault.uploads.cancel(url)).toEqual({ asset_id: null });
    expect(await vault.uploads.cancel(url)).toEqual({ asset_id: null });
    expect((await admin().vaults.get(vault.vaultId)).usage).toEqual(usage);
    expect(await vault.uploads.cancel(url.replace(/[^_/]+$/, "0".repeat(26)))).toEqual({ asset_id: null });
    await expect(vault.uploads.cancel("https://x")).rejects.toThrow("url: must be that of an upload to this vault");
  });

  it("that has become an asset is not given up, and says which it is", async () => {
    let url = "";
    const resumable = { onUrl: (now: string) => void (url = now) };
    const { id } = await connection().assets.upload(file, NAMED, { resumable });
    expect(await connection().uploads.cancel(url)).toEqual({ asset_id: id });
    expect((await connection().assets.get(id)).size).toBe(content.length);
  });

  it("finds what has come of it when the last answer was lost", async () => {
    const { vault, sent } = observed();
    const resumable = { requestBytes: 64 * MIB };
    let isLost = false;
    const losing = connection({
      fetch: async (url, init) => {
        sent.push(init.method ?? "");
        const response = await fetch(url, init);
        if (init.method !== "PATCH" || isLost) return response;
        isLost = true;
        throw broken;
      },
    });
    const made = await losing.assets.upload(file, NAMED, { resumable });
    expect(sent).toEqual(["POST", "PATCH", "GET", "GET"]);
    expect((await vault.assets.download(made.id)).headers.get("ETag")).toBe(`"${sha256}"`);
  });

  it("gives up when nobody answers any more, and fails at once on what does not pass", async () => {
    let requests = 0;
    const fetchOnce = async (url: string, init: RequestInit): Promise<Response> => {
      if (requests++ > 0) throw broken;
      return fetch(url, init);
    };
    const vault = connection({ fetch: fetchOnce, maxRetries: 0 });
    expect(await failure(vault.assets.upload(file, NAMED, { resumable: true }))).toMatchObject({
      code: "NETWORK_ERROR",
    });
    expect(requests).toBe(2);

    const { vault: other, sent } = observed();
    const refused = other.assets.upload(file, { ...NAMED, partition: "no / name" }, { resumable: true });
    expect(await failure(refused)).toMatchObject({ code: "INVALID_PARAMS" });
    expect(sent).toEqual(["POST uploads"]);
  });

  it("refuses what it cannot do before anything is sent", async () => {
    const url = await brokenOff();
    const { vault, sent } = observed();
    const { keys } = connection();
    const { token } = await keys.create({ type: "upload" });
    const { secret_key } = await admin().vaults.create({ name: "other" });
    const whole = { ...NAMED, filename: "x" };
    const stream = file.stream() as ReadableStream<Uint8Array>;
    const size = content.length;
    const bad: [Promise<unknown>, string][] = [
      [vault.assets.upload(stream, whole, { size, resumable: true }), "a stream can be read once only"],
      [connection({ key: token }).assets.upload(file, whole, { resumable: true }), "an upload key may not read"],
      [vault.assets.upload(file, whole, { resumable: true, ifNoneMatch: "*" }), "neither ifNoneMatch nor"],
      [vault.assets.upload(file, whole, { resumable: { requestBytes: 0 } }), "requestBytes"],
      [vault.assets.upload(file, whole, { resumable: { url: "https://x" } }), "must be that of an upload"],
      [connection({ key: secret_key }).assets.upload(file, whole, { resumable: { url } }), "to this vault"],
    ];
    for (const [call, message] of bad) {
      await expect(call).rejects.toThrow(TypeError);
      await expect(call).rejects.toThrow(message);
    }
    expect(sent).toEqual([]);
    const shorter = vault.assets.upload(file.slice(1), whole, { resumable: { url } });
    await expect(shorter).rejects.toThrow(`is of a file that has ${content.length} bytes`);
  });
});
