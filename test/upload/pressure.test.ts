/** Many slow clients at once, and memory that is used up: whoever else comes is still served. */

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { bodies, smallBodies } from "../../src/http/memory.ts";
import { admin, bearer, ORIGIN, PATH, post, refusal, TestVault, textFile, sendTo } from "../support/api.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const FORM = "multipart/form-data; boundary=b";
const part = (disposition: string, value: string): string =>
  `--b\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}`;

let vaults: TestVault[];
let victim: TestVault;
beforeAll(async () => {
  vaults = await Promise.all([1, 2].map(() => TestVault.create("slow")));
  victim = await TestVault.create("victim");
});

/** The requests of the test. Their clients send something and then nothing, until the test is over. */
const open: { controller: ReadableStreamDefaultController; answer: Promise<Response> }[] = [];
afterEach(async () => {
  for (const { controller } of open) controller.error(new Error("the client is gone"));
  await Promise.all(open.map(({ answer }) => answer));
  open.length = 0;
  expect([bodies.held, smallBodies.held]).toEqual([0, 0]);
});

interface Slow {
  method?: string;
  path?: string;
  type: string;
  declared?: number;
  sent: string;
}

function begin(vault: TestVault, { method = "POST", path = vault.assets, type, declared, sent }: Slow): void {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from(sent));
      const headers: Record<string, string> = { ...bearer(vault.secretKey), "Content-Type": type };
      if (declared !== undefined) headers["Content-Length"] = String(declared);
      const answer = Promise.resolve().then(() => sendTo(new Request(ORIGIN + path, { method, headers, body }), env));
      open.push({ controller, answer });
    },
  }).pipeThrough(new IdentityTransformStream());
}

const query = new URLSearchParams({ ...PATH, filename: "f" }).toString();

const KINDS: [string, number, (vault: TestVault) => Slow][] = [
  ["forms in a field", 100, () => ({ type: FORM, declared: 2 * MIB, sent: part('name="partition"', "aaa") })],
  ["forms in a field, of unknown length", 100, () => ({ type: FORM, sent: part('name="partition"', "aaa") })],
  ["forms in a header", 100, () => ({ type: FORM, declared: 100 * MIB, sent: `--b\r\nX: ${"x".repeat(10_000)}` })],
  [
    "forms in a file",
    100,
    () => ({ type: FORM, declared: 8 * MIB, sent: part('name="file"; filename="f"', "x".repeat(1_000)) }),
  ],
  ["files", 100, (vault) => ({ type: "a/b", path: `${vault.assets}?${query}`, declared: MIB, sent: "xxx" })],
  ["files of unknown length", 100, (vault) => ({ type: "a/b", path: `${vault.assets}?${query}`, sent: "xxx" })],
  [
    "large JSON",
    100,
    (vault) => ({ type: "application/json", path: `${vault.path}/keys`, declared: MIB, sent: '{"label":"' }),
  ],
  [
    "small JSON",
    200,
    (vault) => ({ type: "application/json", path: `${vault.path}/keys`, declared: 64 * KIB, sent: '{"label":"' }),
  ],
  ["JSON of unknown length", 200, (vault) => ({ type: "application/json", path: `${vault.path}/keys`, sent: '{"la' })],
];

describe("many slow clients with the keys of two vaults", () => {
  it.each(KINDS)("%s: hold little memory, and nobody else waits for it", async (_name, count, kind) => {
    for (let i = 0; i < count; i++) {
      const vault = vaults[i % 2];
      if (vault) begin(vault, kind(vault));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    const held = bodies.held + smallBodies.held;
    expect(held).toBeGreaterThan(count * 1_000);
    expect(held).toBeLessThan(count * 48 * KIB);
    const { id } = await victim.upload({ file: textFile("x".repeat(500_000)) });
    expect((await victim.patch(id, { tags: ["a"] })).status).toBe(200);
    expect((await post("/api/v1/vaults", admin, { name: "new" })).status).toBe(201);
    expect(bodies.wanted || smallBodies.wanted).toBe(false);
  });
});

describe("memory that a cancelled request never gave back", () => {
  it("makes an upload wait until it is taken back, and small JSON not at all", async () => {
    const { id } = await victim.upload();
    const gone = bodies.lease("gone", bodies.limit);
    await gone.grow(bodies.limit);
    const upload = victim.upload();
    expect((await victim.patch(id, { tags: ["b"] })).status).toBe(200);
    expect(bodies.wanted).toBe(true);
    await upload;
    expect(gone.ending).toBe("gone");
  });
});

describe("an upload that waits for memory", () => {
  it("gets 503 with Retry-After when its turn does not come in time", async () => {
    const hog = bodies.lease("hog", bodies.limit);
    await hog.grow(bodies.limit);
    const alive = setInterval(() => hog.alive(), 500);
    // The clock jumps by more than the minute that an upload waits.
    const real = Date.now;
    const answer = victim.send({ ...PATH, file: textFile() });
    await new Promise((resolve) => setTimeout(resolve, 200));
    Date.now = () => real() + 61_000;
    try {
      const response = await answer;
      expect(response.headers.get("Retry-After")).toBe("5");
      await refusal(response, 503, "UNAVAILABLE");
    } finally {
      Date.now = real;
      clearInterval(alive);
      hog.release();
    }
  });
});
