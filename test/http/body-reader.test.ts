import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as v from "valibot";
import { readBody } from "../../src/http/json.ts";
import { bodies, smallBodies } from "../../src/http/memory.ts";
import { MemoryBudget } from "../../src/runtime/memory-budget.ts";
import { MIN_RATE, PATIENCE_MS } from "../../src/model/limits.ts";
import { BodyReader } from "../../src/http/body-reader.ts";
import { Refused } from "../../src/model/refusal.ts";
import { Watchdog } from "../../src/runtime/wait.ts";

const KIB = 1024;

/** A request whose bytes the test hands out, with a record of what its reader asked for. */
class Body {
  /** How many bytes each read had room for. */
  readonly rooms: number[] = [];
  readonly watchdog = new Watchdog();
  readonly request: Request;
  readonly reader: BodyReader;
  #next: ((bytes: number | undefined) => void) | undefined;
  #given: (number | undefined)[] = [];

  constructor(headers: Record<string, string> = {}, filler = "x") {
    const body = new ReadableStream({
      type: "bytes",
      pull: async (controller) => {
        const view = controller.byobRequest?.view;
        if (!view) throw new Error("not read into memory of its own");
        this.rooms.push(view.byteLength);
        const bytes = this.#given.length > 0 ? this.#given.shift() : await new Promise((give) => (this.#next = give));
        const taken = Math.min(Number(bytes ?? 0), view.byteLength);
        new Uint8Array(view.buffer, view.byteOffset, taken).fill(filler.charCodeAt(0));
        if (bytes === undefined) controller.close();
        controller.byobRequest?.respond(taken);
      },
    });
    this.request = new Request("https://x.test", { method: "POST", body, headers });
    this.reader = new BodyReader(this.request, this.watchdog, "v");
  }

  /** Makes the client send so many bytes, as far as there is room. Undefined ends the body. */
  give(...sizes: (number | undefined)[]): void {
    for (const size of sizes) {
      if (this.#next) this.#next(size);
      else this.#given.push(size);
      this.#next = undefined;
    }
  }

  async read(...sizes: number[]): Promise<number[]> {
    const read: number[] = [];
    for (const size of sizes) {
      this.give(size);
      read.push((await this.reader.read())?.byteLength ?? 0);
    }
    return read;
  }
}

const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "read",
    (error: unknown) => (error instanceof Refused ? error.refusal : error),
  );

const MIB = 1024 * KIB;

const ANY_JSON = { json: { "application/json": v.object({}) } };

describe("the buffer of a read", () => {
  const budget = new MemoryBudget(10 * MIB, 1_000);

  it("begins small, grows while the client fills it, and shrinks when the client does not, and the lease counts each size", async () => {
    const body = new Body();
    await body.reader.borrow({ budget, claim: MIB });
    expect(budget.held).toBe(16 * KIB);
    const most = 256 * KIB;
    await body.read(most, most, most, most);
    expect(body.rooms).toEqual([16 * KIB, 64 * KIB, most, most]);
    expect(budget.held).toBe(most);
    await body.read(100, 1, 1, 1);
    expect(body.rooms.slice(4)).toEqual([most, most, 4 * KIB, 4 * KIB]);
    expect(budget.held).toBe(4 * KIB);
    body.reader.release();
    expect(budget.held).toBe(0);
  });

  it("does not grow while memory is short", async () => {
    const hog = budget.lease("hog", 8 * MIB);
    await hog.grow(8 * MIB);
    const body = new Body();
    await body.reader.borrow({ budget, claim: MIB });
    await body.read(MIB, MIB, MIB);
    expect(body.rooms).toEqual([16 * KIB, 16 * KIB, 16 * KIB]);
    hog.release();
    body.reader.release();
  });

  it.each([1, 20_500, 32 * KIB])("has the size of a whole body of %i bytes", async (size) => {
    const body = new Body({ "Content-Length": String(size) });
    await body.reader.borrow({ budget, claim: size });
    expect(budget.held).toBe(size);
    expect(await body.read(size)).toEqual([size]);
    expect([body.rooms, body.reader.ended]).toEqual([[size], true]);
    body.reader.release();
  });

  it("is small for a body that is drained, and its memory is given back", async () => {
    const body = new Body();
    body.give(...Array.from({ length: 20 }, () => MIB), 1, 1, 1, undefined);
    const drained = body.reader.drain(100 * MIB, 10_000);
    await drained;
    expect(Math.max(...body.rooms)).toBe(16 * KIB);
    expect([body.rooms[0], body.rooms.at(-1)]).toEqual([4 * KIB, 4 * KIB]);
    expect(bodies.held).toBe(0);
  });
});

describe("a slow body", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Sends `bytes` each second. */
  async function trickle(body: Body, bytes: number, seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      if (bytes > 0) body.give(bytes);
      await vi.advanceTimersByTimeAsync(1_000);
    }
  }

  /** Reads the body to its end. */
  const readAll = async (body: Body): Promise<void> => {
    while (await body.reader.read());
  };

  it("is read while nobody waits for memory, and gets 408 when somebody does", async () => {
    const budget = new MemoryBudget(100 * KIB, 60_000);
    const body = new Body();
    await body.reader.borrow({ budget, claim: 16 * KIB });
    let result: unknown = "reading";
    void outcome(readAll(body)).then((refusal) => (result = refusal));
    await trickle(body, 10, 40);
    expect(result).toBe("reading");
    const other = budget.lease("w", 98 * KIB);
    const wait = other.grow(98 * KIB);
    await trickle(body, 10, 3);
    expect(result).toMatchObject({ code: "REQUEST_TIMEOUT" });
    body.reader.release();
    await wait;
    expect(budget.held).toBe(98 * KIB);
  });

  it("gets 408 by its own timer when it sends nothing more at all", async () => {
    const budget = new MemoryBudget(100 * KIB, 60_000);
    const body = new Body();
    await body.reader.borrow({ budget, claim: 16 * KIB });
    let result: unknown = "reading";
    void outcome(readAll(body)).then((refusal) => (result = refusal));
    void Promise.resolve(budget.lease("w", 98 * KIB).grow(1)).catch(() => {});
    await vi.advanceTimersByTimeAsync(PATIENCE_MS + 3_000);
    expect(result).toMatchObject({ code: "REQUEST_TIMEOUT", message: expect.stringMatching(/while others wait/) });
    body.reader.release();
  });

  it("is read to its end at the minimum rate, whoever waits for memory", async () => {
    const budget = new MemoryBudget(64 * KIB, 600_000);
    const body = new Body();
    await body.reader.borrow({ budget, claim: 64 * KIB });
    const result = outcome(readAll(body));
    void budget.lease("w", 64 * KIB).grow(1);
    await trickle(body, MIN_RATE / 2, 0);
    for (let i = 0; i < 120; i++) {
      body.give(MIN_RATE / 2);
      await vi.advanceTimersByTimeAsync(500);
    }
    body.give(undefined);
    expect(await result).toBe("read");
  });

  it("still shows that its request lives while it sends nothing for as long as it may", async () => {
    const budget = new MemoryBudget(64 * KIB, 60_000);
    const body = new Body();
    await body.reader.borrow({ budget, claim: 64 * KIB });
    const result = outcome(body.reader.read());
    await vi.advanceTimersByTimeAsync(PATIENCE_MS - 2_000);
    void Promise.resolve(budget.lease("w", 64 * KIB).grow(1)).catch(() => {});
    await vi.advanceTimersByTimeAsync(1_900);
    expect(budget.held).toBe(16 * KIB);
    body.give(1);
    expect(await result).toBe("read");
  });

  it.each([
    ["small", 100, 30],
    ["large", 100_000, 60],
  ])("gets 408 when it is %s JSON and does not come in time", async (_name, size, seconds) => {
    const body = new Body({ "Content-Type": "application/json", "Content-Length": String(size) });
    const budget = size > 64 * KIB ? bodies : smallBodies;
    const result = readBody(body, ANY_JSON);
    await trickle(body, 1, seconds - 1);
    expect(budget.held).toBeGreaterThan(0);
    await trickle(body, 0, 3);
    expect(await result).toMatchObject({
      code: "REQUEST_TIMEOUT",
      message: `this body must come within ${seconds} seconds`,
    });
    body.reader.release();
    expect(budget.held).toBe(0);
  });

  it("borrows from the budget for small JSON while it is small, and from the other one when it is not", async () => {
    const body = new Body({ "Content-Type": "application/json" }, " ");
    const result = readBody(body, ANY_JSON);
    const held: [boolean, boolean][] = [];
    for (let i = 0; i < 8; i++) {
      body.give(16 * KIB);
      await vi.advanceTimersByTimeAsync(10);
      held.push([smallBodies.held > 0, bodies.held > 0]);
    }
    expect(held).toEqual([
      ...Array.from({ length: 4 }, () => [true, false]),
      ...Array.from({ length: 4 }, () => [false, true]),
    ]);
    body.give(undefined);
    expect(await result).toMatchObject({ code: "INVALID_PARAMS" });
    expect(bodies.held).toBeLessThan(300 * KIB);
    body.reader.release();
    expect(bodies.held).toBe(0);
  });

  it("is kept in few pieces, in however many the client sends it", async () => {
    const body = new Body({ "Content-Type": "application/json" }, "1");
    const result = readBody(body, ANY_JSON);
    for (let i = 0; i < 5_000; i++) body.give(1);
    body.give(undefined);
    await vi.advanceTimersByTimeAsync(10);
    expect(await result).toMatchObject({ message: "the body must be a JSON object" });
    expect(smallBodies.held).toBeLessThan(16 * KIB + 2 * 8 * KIB);
    body.reader.release();
  });
});
