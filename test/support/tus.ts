/** A client of resumable uploads, as far as the tests need one. */

import { createHash } from "node:crypto";
import { bearer, send, type TestVault } from "./api.ts";

export const TUS = { "Tus-Resumable": "1.0.0" };
export const OFFSET_BYTES = "application/offset+octet-stream";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Upload-Metadata of some fields. */
export const metadata = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name} ${base64(value)}`)
    .join(",");

export const FIELDS = { partition: "marketing", collection: "blog", channel: "hero-images", filename: "big.bin" };

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Bytes that do not repeat, so that a part in the wrong place shows. */
export function fileOf(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  const words = new Uint32Array(bytes.buffer, 0, Math.floor(size / 4));
  let x = seed >>> 0 || 1;
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    words[i] = x;
  }
  for (let i = words.length * 4; i < size; i++) bytes[i] = i;
  return bytes;
}

export class TusClient {
  readonly vault: TestVault;
  readonly #token: string;

  constructor(vault: TestVault, token = vault.secretKey) {
    this.vault = vault;
    this.#token = token;
  }

  get uploads(): string {
    return `${this.vault.path}/uploads`;
  }

  request(method: string, path: string, headers: Record<string, string>, body?: BodyInit): Promise<Response> {
    return send(path, {
      method,
      headers: { ...bearer(this.#token), ...TUS, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  }

  create(length: number | string, fields: Record<string, string> = FIELDS, headers = {}): Promise<Response> {
    const all = { "Upload-Length": String(length), "Upload-Metadata": metadata(fields), ...headers };
    return this.request("POST", this.uploads, all);
  }

  /** Begins an upload. Returns its path. */
  async begin(length: number, fields?: Record<string, string>): Promise<string> {
    const response = await this.create(length, fields);
    if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
    return response.headers.get("Location") ?? "";
  }

  append(
    path: string,
    offset: number | string,
    body: BodyInit,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const all = { "Upload-Offset": String(offset), "Content-Type": OFFSET_BYTES, ...headers };
    return this.request("PATCH", path, all, body);
  }

  head(path: string): Promise<Response> {
    return this.request("HEAD", path, {});
  }

  get(path: string): Promise<Response> {
    return this.request("GET", path, {});
  }

  delete(path: string): Promise<Response> {
    return this.request("DELETE", path, {});
  }
}
