/**
 * What somebody writes who uses the client, and what their compiler says of it: under the types of a browser, of Node and of
 * Workers, and without exactOptionalPropertyTypes, which few have. Compiled by types.test.ts, never run.
 */

import {
  type Asset,
  type AssetListParameters,
  Strongroom,
  StrongroomAdmin,
  StrongroomError,
  type StoredAsset,
} from "../../../src/client/index.ts";

const url = "https://assets.example.com";
const path = { partition: "marketing", collection: "blog", channel: "hero-images" };
const named = { ...path, filename: "a.bin" };
declare const signal: AbortSignal | undefined;
declare const file: File;
declare const blob: Blob;
declare const bytes: Uint8Array;
declare const stream: ReadableStream<Uint8Array>;

export async function compiles(key: string): Promise<void> {
  const vault = new Strongroom({ url, key, fetch: (input, init) => fetch(input, init), timeout: 1_000, maxRetries: 0 });
  const asset: StoredAsset = await vault.assets.upload(
    file,
    { ...path, metadata: { alt: "A cat" }, tags: ["hero"] },
    { onProgress: ({ loaded, total }) => void (loaded / total), signal },
  );
  await vault.assets.upload(blob, named, { contentType: "text/plain", ifNoneMatch: "*" });
  await vault.assets.upload(bytes, named);
  const found: string | undefined = asset.tags[0];
  const onUrl = (upload: string): void => void upload.length;
  await vault.assets.upload(blob, named, { resumable: { url: found, onUrl, requestBytes: 1 } });
  await vault.assets.upload(blob, named, { resumable: true });
  await vault.assets.upload(bytes.buffer as ArrayBuffer, named);
  await vault.assets.upload(stream, named, { size: 1 });
  for await (const each of vault.assets.list({ partition: "marketing" }, { signal })) {
    const kept: Asset = each;
    void kept.metadata["alt"];
  }
  const page = await vault.assets.list({ limit: 200 } satisfies AssetListParameters);
  const cursor: string | null = page.cursor;
  void [page.has_more, page.data[0]?.tags.join(), cursor];
  const { etag, durability } = await vault.assets.get(asset.id, { signal });
  const known: "recorded" | "queued" = durability;
  void known;
  await vault.assets.update(asset.id, { tags: ["hero"] }, { ifMatch: etag });
  await vault.assets.update(asset.id, { tags: ["hero"] }, { ifMatch: etag, signal });
  await vault.assets.update(asset.id, { tags: null }, { mergePatch: true, ifMatch: etag });
  await vault.assets.delete(asset.id);
  await vault.assets.delete(asset.id, { ifMatch: etag });
  const response: Response = await vault.assets.download(asset.id, { range: { offset: 0, length: 1024 } });
  await response.arrayBuffer();
  await vault.assets.downloadAt(named);
  const link = await vault.assets.createLink(asset.id, { expires_in: 60 });
  void [link.url, link.expires_at];
  for await (const outcome of vault.assets.uploadMany([file], path, { onProgress: (now) => void now.file.name })) {
    if (outcome.asset) void outcome.asset.etag;
    else void [outcome.error.message, outcome.file.name];
  }
  const changes = await vault.changes.list({ cursor: "now", limit: 1_000, wait: 30 }, { signal });
  const place: string = changes.cursor;
  for await (const change of vault.changes.list()) if (change.type === "deleted") void change.deleted_at;
  for await (const { data } of vault.changes.watch({ cursor: place, signal, onRetry: (error) => void error.message })) {
    for (const change of data) if (change.type === "asset") void [change.asset.metadata["alt"], change.etag];
  }
  const { token } = await vault.keys.create({ type: "public", label: "site" });
  void token;
  const admin = new StrongroomAdmin({ url, token });
  const { secret_key } = await admin.vaults.create({ name: "shop" });
  void secret_key;
  try {
    await admin.vaults.get("vault_1");
  } catch (error) {
    if (error instanceof StrongroomError && error.code === "NOT_FOUND") void (error.retryAfter ?? 1) satisfies void;
    if (error instanceof StrongroomError && error.code === "A_LATER_ONE") void [error.status, error.requestId];
  }
}

export async function doesNotCompile(vault: Strongroom, id: string): Promise<void> {
  const etag = (await vault.assets.list()).data[0]?.filename;
  // @ts-expect-error -- an unconditional change is not what was meant
  await vault.assets.update(id, { tags: [] }, { ifMatch: undefined });
  // @ts-expect-error -- perhaps undefined
  await vault.assets.update(id, { tags: [] }, { ifMatch: etag });
  // @ts-expect-error -- perhaps undefined
  await vault.assets.update(id, { tags: null }, { ifMatch: etag, mergePatch: true });
  // @ts-expect-error -- perhaps undefined
  await vault.assets.delete(id, { ifMatch: etag, signal });
  // @ts-expect-error -- null is for a merge patch
  await vault.assets.update(id, { tags: null });
  // @ts-expect-error -- bytes have no name
  await vault.assets.upload(bytes, path);
  // @ts-expect-error -- a blob has no name
  await vault.assets.upload(blob, path);
  // @ts-expect-error -- a stream has no size
  await vault.assets.upload(stream, named);
  // @ts-expect-error -- a path is not a file
  await vault.assets.upload("photo.jpg", named);
  // @ts-expect-error -- metadata is an object
  await vault.assets.upload(file, { ...path, metadata: "{}" });
  // @ts-expect-error -- no such filter
  await vault.assets.list({ partitoin: "x" });
  // @ts-expect-error -- an asset of a list has no etag
  void (await vault.assets.list()).data[0]?.etag;
}
