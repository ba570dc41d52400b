/** R2 fails at some step of an upload: the client gets 503, and nothing stays behind. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Env } from "../../src/env.ts";
import { bearer, ORIGIN, PATH, refusal, TestVault, textFile, sendTo } from "../support/api.ts";

const MIB = 1024 * 1024;

/** The Worker's bindings with some of R2's methods replaced. */
const withBucket = (methods: Partial<R2Bucket>): Env => ({
  ...env,
  BUCKET: new Proxy(env.BUCKET, {
    get(bucket, name) {
      const method: unknown = Reflect.get(methods, name) ?? Reflect.get(bucket, name);
      return typeof method === "function" ? method.bind(bucket) : method;
    },
  }),
});

const broken = (): Promise<never> => Promise.reject(new Error("R2 is down"));

function request(vault: TestVault, size: number, fileFirst: boolean): Request {
  const form = new FormData();
  const file = new File([new Uint8Array(size)], "f.bin");
  if (fileFirst) form.append("file", file);
  for (const [name, value] of Object.entries(PATH)) form.append(name, value);
  if (!fileFirst) form.append("file", file);
  return new Request(ORIGIN + vault.assets, { method: "POST", headers: bearer(vault.secretKey), body: form });
}

const raw = (vault: TestVault, size: number): Request =>
  new Request(`${ORIGIN}${vault.assets}?partition=a&collection=b&channel=c&filename=f`, {
    method: "POST",
    headers: { ...bearer(vault.secretKey), "Content-Type": "text/plain" },
    body: new Uint8Array(size),
  });

/** Multipart uploads whose parts fail from the `n`-th on, or whose completion fails. */
const failingParts = (n: number, which: "uploadPart" | "complete"): Partial<R2Bucket> => ({
  createMultipartUpload: async (...args) => {
    const upload = await env.BUCKET.createMultipartUpload(...args);
    let calls = 0;
    return {
      key: upload.key,
      uploadId: upload.uploadId,
      abort: () => upload.abort(),
      uploadPart: (...part) => (which === "uploadPart" && ++calls >= n ? broken() : upload.uploadPart(...part)),
      complete: (...parts) => (which === "complete" ? broken() : upload.complete(...parts)),
    };
  },
});

describe("R2 failing during an upload", () => {
  const cases: [string, Partial<R2Bucket>, (vault: TestVault) => Request][] = [
    ["put of a small file", { put: broken }, (vault) => request(vault, 10, false)],
    ["put of a small raw file", { put: broken }, (vault) => raw(vault, 10)],
    ["put of a large raw file", { put: broken }, (vault) => raw(vault, 5 * MIB)],
    [
      "the beginning of a multipart upload",
      { createMultipartUpload: broken },
      (vault) => request(vault, 20 * MIB, false),
    ],
    ["the first part", failingParts(1, "uploadPart"), (vault) => request(vault, 30 * MIB, false)],
    ["a later part", failingParts(3, "uploadPart"), (vault) => request(vault, 30 * MIB, false)],
    ["the completion", failingParts(1, "complete"), (vault) => request(vault, 20 * MIB, false)],
    ["the reading back of a staged body", { get: broken }, (vault) => request(vault, 20 * MIB, true)],
    ["the move of a staged body", { put: broken }, (vault) => request(vault, 20 * MIB, true)],
  ];

  it.each(cases)("%s: answers 503 with Retry-After and leaves nothing", async (_name, methods, make) => {
    const vault = await TestVault.create();
    const kept = await vault.upload({ file: textFile("kept") });
    const response = await sendTo(make(vault), withBucket(methods));
    expect(response.headers.get("Retry-After")).toBe("1");
    await refusal(response, 503, "UNAVAILABLE");
    expect(await vault.bodies()).toEqual([kept.r2_key]);
    expect((await vault.list()).data).toEqual([kept]);
    expect(await vault.recorded()).toHaveLength(1);
  });

  it("a put that fails after it has stored the body: leaves nothing", async () => {
    const vault = await TestVault.create();
    const put = (async (...args: Parameters<R2Bucket["put"]>) => {
      await env.BUCKET.put(...args);
      throw new Error("the answer was lost");
    }) as unknown as R2Bucket["put"];
    for (const make of [request(vault, 10, false), raw(vault, 5 * MIB)]) {
      await refusal(await sendTo(make, withBucket({ put })), 503, "UNAVAILABLE");
    }
    expect(await vault.bodies()).toEqual([]);
  });

  it("a staged body that cannot be deleted after the move: the upload succeeds all the same", async () => {
    const vault = await TestVault.create();
    const response = await sendTo(request(vault, 20 * MIB, true), withBucket({ delete: broken }));
    expect(response.status).toBe(201);
    expect(await vault.bodies()).toHaveLength(2); // A reconciliation removes the first copy.
  });
});
