/** What is done with the client in a browser and in workerd, to see that it can be done there. Bundled, and run there. */

import { Strongroom, StrongroomError, type UploadOptions } from "../../src/client/index.ts";

const PATH = { partition: "marketing", collection: "blog", channel: "hero-images" };
const MIB = 1024 * 1024;

export interface Report {
  /** Of an upload with progress: how often it was told, and the last of it. */
  told: number;
  last: unknown;
  isRising: boolean;
  /** Of what was stored in all ways, by name: bytes. */
  sizes: Record<string, number>;
  range: string;
  refusal: unknown;
  aborted: unknown;
  thrown: unknown;
  unreachable: unknown;
}

const reasonOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => "no failure",
    (error: unknown) => {
      if (!(error instanceof StrongroomError)) return String(error);
      const { code, status, requestId } = error;
      return { code, status, requestId: requestId?.slice(0, 4) };
    },
  );

/** Uses a vault. `dead` is a URL at which nothing answers. */
export async function run({ url, key, dead }: { url: string; key: string; dead: string }): Promise<Report> {
  const { assets } = new Strongroom({ url, key });
  const bytes = new Uint8Array(MIB).map((_, n) => 48 + (n % 10));
  const large = new Blob(Array.from({ length: 12 }, () => bytes));
  const seen: { loaded: number; total: number }[] = [];
  const onProgress = (progress: { loaded: number; total: number }): void => void seen.push(progress);
  const { id } = await assets.upload(large, { ...PATH, filename: "progress" }, { onProgress });

  await assets.upload(new File([bytes], "whole"), PATH);
  const size = bytes.length;
  await assets.upload(new Blob([bytes]).stream(), { ...PATH, filename: "stream" }, { size });
  await assets.upload(new Blob([bytes]).stream(), { ...PATH, filename: "told stream" }, { size, onProgress: () => {} });
  const metadata = { long: "ä".repeat(20_000) };
  await assets.upload(bytes, { ...PATH, filename: "form", metadata }, { onProgress: () => {} });
  const resumable = { requestBytes: 5 * MIB };
  await assets.upload(large, { ...PATH, filename: "resumable" }, { resumable, onProgress: () => {} });
  await assets.upload(large, { ...PATH, filename: "resumable, untold" }, { resumable });

  const controller = new AbortController();
  const fail = (): void => {
    throw new Error("of onProgress");
  };
  const { signal } = controller;
  const unreachable = new Strongroom({ url: dead, key, maxRetries: 0 }).assets;
  const failing = (name: string, options: UploadOptions, room = assets): Promise<unknown> =>
    reasonOf(room.upload(large, { ...PATH, filename: name }, options));
  const reasons = {
    aborted: await failing("aborted", { signal, onProgress: () => controller.abort() }),
    thrown: await failing("thrown", { onProgress: fail }),
    unreachable: await failing("unreachable", { onProgress: () => {} }, unreachable),
    refusal: await failing("whole", { ifNoneMatch: "*", onProgress: () => {} }),
  };
  const sizes: Record<string, number> = {};
  for await (const asset of assets.list()) sizes[asset.filename] = asset.size;
  const range = await (await assets.download(id, { range: { offset: MIB - 2, length: 4 } })).text();
  const isRising = seen.every(({ loaded }, n) => loaded > (seen[n - 1]?.loaded ?? -1));
  return { told: seen.length, last: seen.at(-1), isRising, sizes, range, ...reasons };
}

/** As a Worker: what is asked for, as JSON. */
export default {
  async fetch(request: Request): Promise<Response> {
    const { url, key, dead, only } = await request.json<{ url: string; key: string; dead: string; only?: "upload" }>();
    if (only !== "upload") return Response.json(await run({ url, key, dead }));
    const stream = new Blob(["hello"]).stream();
    await new Strongroom({ url, key }).assets.upload(stream, { ...PATH, filename: "a" }, { size: 5 });
    return Response.json({});
  },
};
