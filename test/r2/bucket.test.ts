import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { Bucket, type Waits } from "../../src/r2/bucket.ts";
import { CALL_TIMEOUT_MS, R2_TIMEOUT_MS } from "../../src/runtime/timeouts.ts";
import { TimeoutError, within } from "../../src/runtime/wait.ts";

/** The bucket with some of its methods replaced. */
const r2With = (methods: Partial<Record<keyof R2Bucket, () => Promise<unknown>>>): R2Bucket =>
  new Proxy(env.BUCKET, {
    get(bucket, name) {
      const method: unknown = Reflect.get(methods, name) ?? Reflect.get(bucket, name);
      return typeof method === "function" ? method.bind(bucket) : method;
    },
  });

const silent = (): Promise<never> => new Promise(() => {});

/** Waits a thousandth of the time that it is asked for, and notes that time. */
class Hasty implements Waits {
  readonly asked: number[] = [];

  within<T>(ms: number, promise: Promise<T>): Promise<T> {
    this.asked.push(ms);
    return within(ms / 1000, promise);
  }
}

describe("bucket: a call that R2 does not answer", () => {
  const calls: [string, number, (bucket: Bucket) => Promise<unknown>][] = [
    ["list", CALL_TIMEOUT_MS, (bucket) => bucket.list("a/")],
    ["head", CALL_TIMEOUT_MS, (bucket) => bucket.head("a/b")],
    ["get", R2_TIMEOUT_MS, (bucket) => bucket.get("a/b", {})],
    ["delete", CALL_TIMEOUT_MS, (bucket) => bucket.delete(["a/b"])],
    ["delete, in a given time", 3_000, (bucket) => bucket.delete("a/b", 3_000)],
    ["a copy that does not begin", 5_000, (bucket) => bucket.copy("a/b", "a/c", "text/plain", 5_000)],
  ];

  it.each(calls)("ends by itself: %s", async (_, ms, call) => {
    const waits = new Hasty();
    const bucket = new Bucket(r2With({ list: silent, head: silent, get: silent, delete: silent }), waits);
    await expect(call(bucket)).rejects.toThrow(TimeoutError);
    expect(waits.asked).toEqual([ms]);
  });

  it("ends by itself: a copy that is not written", async () => {
    await env.BUCKET.put("copy/from", "x");
    const waits = new Hasty();
    const copy = new Bucket(r2With({ put: silent }), waits).copy("copy/from", "copy/to", "text/plain", 50_000);
    await expect(copy).rejects.toThrow(TimeoutError);
    expect(waits.asked).toEqual([50_000]);
  });
});

describe("bucket: a copy", () => {
  beforeEach(() => env.BUCKET.delete(["copy/a", "copy/b"]));

  const copy = (bucket: R2Bucket, ms = 5_000): Promise<boolean> =>
    new Bucket(bucket, { within }).copy("copy/a", "copy/b", "text/plain", ms);

  it("has the bytes and the media type at both keys", async () => {
    await env.BUCKET.put("copy/a", "the body", { httpMetadata: { contentType: "text/html" } });
    expect(await copy(env.BUCKET)).toBe(true);
    expect(await (await env.BUCKET.get("copy/a"))?.text()).toBe("the body");
    const copied = await env.BUCKET.get("copy/b");
    expect([await copied?.text(), copied?.httpMetadata?.contentType]).toEqual(["the body", "text/plain"]);
  });

  it("says that there is nothing to copy", async () => {
    expect(await copy(env.BUCKET)).toBe(false);
    expect(await env.BUCKET.head("copy/b")).toBeNull();
  });

  it("leaves nothing at the second key when writing it fails", async () => {
    await env.BUCKET.put("copy/a", "the body");
    const torn = async (): Promise<never> => {
      await env.BUCKET.put("copy/b", "the bo");
      throw new Error("R2 is down");
    };
    await expect(copy(r2With({ put: torn }))).rejects.toThrow("R2 is down");
    expect(await env.BUCKET.head("copy/b")).toBeNull();
  });

  it("does not write when it was given up before", async () => {
    await env.BUCKET.put("copy/a", "the body");
    let answer = (): void => {};
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const late = async (): Promise<unknown> => {
      await asked;
      return env.BUCKET.get("copy/a");
    };
    await expect(copy(r2With({ get: late }), 5)).rejects.toThrow(TimeoutError);
    answer();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await env.BUCKET.head("copy/b")).toBeNull();
  });
});
