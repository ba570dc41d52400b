/**
 * Random forms, valid and mutated, cut in random ways: how a form is cut changes nothing, and nothing is stored that is
 * not listed.
 */

import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, inject, it } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { bearer, type ErrorBody, ORIGIN, TestVault, sendTo } from "../support/api.ts";

const BOUNDARY = "bOuNd";

/**
 * A body in pieces that are cut at these places, each a chunk of its own. Empty pieces are left out, because a byte
 * stream has none.
 */
const chunked = (body: Buffer, cuts: readonly number[]): ReadableStream<Uint8Array> => {
  const edges = [...new Set([0, ...cuts.filter((cut) => cut < body.length), body.length])].toSorted((a, b) => a - b);
  let i = 0;
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const piece = body.subarray(edges[i], edges[++i]);
      if (piece.length > 0) controller.enqueue(Uint8Array.from(piece));
      if (i >= edges.length - 1) controller.close();
    },
  });
};

type Outcome = { status: number; message?: string; record?: Partial<AssetRecord>; bytes?: string };

/** Everything that a client can tell of an upload, without what is new in each. */
async function outcome(vault: TestVault, body: BodyInit): Promise<Outcome> {
  const request = new Request(ORIGIN + vault.assets, {
    method: "POST",
    headers: { ...bearer(vault.secretKey), "Content-Type": `multipart/form-data; boundary=${BOUNDARY}` },
    body,
  });
  const response = await sendTo(request, env);
  if (response.status !== 201) {
    const { error } = await response.json<ErrorBody>();
    return { status: response.status, message: error.message };
  }
  const { id: _id, r2_key, created_at: _created, updated_at: _updated, ...record } = await response.json<AssetRecord>();
  return { status: 201, record, bytes: (await (await env.BUCKET.get(r2_key))?.text()) ?? "missing" };
}

const part = (disposition: string, content: string): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`;

const anyForm = fc
  .record({
    optional: fc.subarray(["tags", "metadata", "filename", "zzz"]),
    leftOut: fc.oneof({ weight: 6, arbitrary: fc.constant("none") }, fc.constantFrom("partition", "channel", "file")),
    shuffle: fc.array(fc.nat(1_000), { minLength: 8, maxLength: 8 }),
    odd: fc.oneof(
      { weight: 4, arbitrary: fc.constant("none") },
      fc.constantFrom("partition", "tags", "metadata", "filename"),
    ),
    content: fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.constantFrom("\r\n", `\r\n--${BOUNDARY}x`, "--", `--${BOUNDARY}`),
    ),
    name: fc.constantFrom("f.txt", "a/b", "..", 'q\\"x', "é", ""),
    value: fc.constantFrom("a", "A", "", "a-b", "[]", "{}", '["x"]', '{"a":1}'),
    head: fc.constantFrom("", "\r\n", "preamble\r\n"),
    tail: fc.constantFrom("", "\r\n", "\r\nepilogue"),
  })
  .map(({ optional, leftOut, shuffle, odd, content, name, value, head, tail }) => {
    const defaults: Record<string, string> = { tags: '["x"]', metadata: '{"a":1}', filename: "n.txt" };
    const parts = ["partition", "collection", "channel", "file", ...optional]
      .filter((field) => field !== leftOut)
      .map((field, i) => ({ field, place: shuffle[i] ?? 0 }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ field }) =>
        field === "file"
          ? part(`name="file"; filename="${name}"`, content)
          : part(`name="${field}"`, field === odd ? value : (defaults[field] ?? "a")),
      );
    return Buffer.from(`${head}${parts.join("")}--${BOUNDARY}--${tail}`, "utf8");
  });

interface Mutation {
  at: number;
  length: number;
  insert: Uint8Array;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(1_500),
  length: fc.nat(40),
  insert: fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc
      .constantFrom("\r\n", "--", `\r\n--${BOUNDARY}`, `\r\n--${BOUNDARY}--`, ";", '"', "=", "\0")
      .map((text) => Buffer.from(text)),
  ),
});

const mutate = (body: Buffer, mutations: Mutation[]): Buffer =>
  mutations.reduce(
    (bytes, { at, length, insert }) =>
      Buffer.concat([
        bytes.subarray(0, at % (bytes.length + 1)),
        insert,
        bytes.subarray((at % (bytes.length + 1)) + length),
      ]),
    body,
  );

it(
  "any form, valid or mutated: has one outcome however it is cut, 201 or 4xx, and nothing is stored but what is listed",
  async () => {
    const vault = await TestVault.create();
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(
        anyForm,
        fc.oneof(
          { weight: 2, arbitrary: fc.constant<Mutation[]>([]) },
          { weight: 3, arbitrary: fc.array(mutation, { maxLength: 3 }) },
        ),
        fc.oneof(fc.array(fc.nat(1_000), { maxLength: 8 }), fc.constant(Array.from({ length: 2_000 }, (_, i) => i))),
        async (form, mutations, cuts) => {
          const body = mutate(form, mutations);
          const whole = await outcome(vault, body);
          statuses.set(whole.status, (statuses.get(whole.status) ?? 0) + 1);
          expect(whole.status === 201 || (whole.status >= 400 && whole.status < 500), JSON.stringify(whole)).toBe(true);
          expect(await outcome(vault, chunked(body, cuts))).toEqual(whole);
        },
      ),
      { numRuns: inject("fuzzRuns") },
    );
    let listed = 0;
    for (let query = {}; ;) {
      const page = await vault.list({ limit: 200, ...query });
      listed += page.data.length;
      if (!page.cursor) break;
      query = { cursor: page.cursor };
    }
    let stored = 0;
    for (let cursor: string | undefined; ;) {
      const page = await env.BUCKET.list({ prefix: `${vault.id}/`, ...(cursor ? { cursor } : {}) });
      stored += page.objects.length;
      if (!page.truncated) break;
      ({ cursor } = page);
    }
    expect(stored).toBe(listed);
    console.log(`fuzz: ${[...statuses].map(([status, count]) => `${count} × ${status}`).join(", ")}`);
  },
  60 * 60 * 1000,
);
