import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { TestVault } from "../support/api.ts";
import { fileOf, sha256, TusClient } from "../support/tus.ts";

const MIB = 1024 * 1024;

describe("a file in several requests", () => {
  it.each([
    ["of one part", 1_000_000, 400_000],
    ["of three parts", 20 * MIB + 5, 7 * MIB],
    ["of whole parts", 16 * MIB, 10 * MIB],
  ])("%s: is the asset that any upload makes", async (_name, size, step) => {
    const client = new TusClient(await TestVault.create());
    const file = fileOf(size);
    const path = await client.begin(size);
    let last: Response | undefined;
    for (let at = 0; at < size; at += step) {
      last = await client.append(path, at, file.subarray(at, at + step));
      expect(last.status, await last.text()).toBe(204);
      expect(last.headers.get("Upload-Offset")).toBe(String(Math.min(size, at + step)));
      const head = await client.head(path);
      expect(head.headers.get("Upload-Offset")).toBe(String(Math.min(size, at + step)));
    }
    const asset = last?.headers.get("Location") ?? "";
    const record = await (await client.vault.request("GET", asset)).json<AssetRecord>();
    expect(record).toMatchObject({ size, filename: "big.bin", mime_type: "application/octet-stream" });
    const body = await env.BUCKET.get(record.r2_key);
    const stored = new Uint8Array((await body?.arrayBuffer()) ?? new ArrayBuffer(0));
    expect(sha256(stored)).toBe(sha256(file));
    const content = await client.vault.request("HEAD", `${asset}/content`);
    expect(content.headers.get("Repr-Digest")).toBe(`sha-256=:${Buffer.from(sha256(file), "hex").toString("base64")}:`);
  });
});
