import { env } from "cloudflare:workers";
import { shards } from "../../src/d1/shards.ts";

/**
 * How a call to a binding goes wrong: it is never made; it is made and its answer lost; it never answers; or what it answers
 * with, or was given, ends too early.
 */
export type Fault = "before" | "after" | "hang" | "truncate";
export const FAULTS: readonly Fault[] = ["before", "after", "hang", "truncate"];

type Method = (...args: unknown[]) => unknown;

/**
 * Makes the N-th call to any binding (R2, D1, the vault's stub) fail, after SQLite's manner of testing: a test runs again
 * and again with a later N until it passes without a fault, so new calls are found by themselves.
 */
export class Faults {
  readonly #fault: Fault;
  readonly #nth: number;
  #calls = 0;
  /** The call that failed, for the test's name; undefined when none did. */
  hit: string | undefined;
  readonly #undo: (() => void)[] = [];

  constructor(fault: Fault, nth: number) {
    this.#fault = fault;
    this.#nth = nth;
    for (const name of ["put", "get", "delete", "head", "list", "createMultipartUpload"])
      this.#lay(env.BUCKET, name, `R2.${name}`);
    for (const db of shards(env)) this.#lay(db, "batch", "D1.batch");
    this.#lay(env.VAULT, "getByName", undefined);
  }

  restore(): void {
    for (const undo of this.#undo) undo();
  }

  #lay(target: object, name: string, label: string | undefined): void {
    const original = (Reflect.get(target, name) as Method).bind(target);
    const own = Object.getOwnPropertyDescriptor(target, name);
    const replacement: Method = label
      ? (...args) => this.#call(label, args, original)
      : (...args) => this.#wrap(original(...args) as object, "DO");
    Object.defineProperty(target, name, { configurable: true, writable: true, value: replacement });
    this.#undo.push(() => {
      if (own) Object.defineProperty(target, name, own);
      else Reflect.deleteProperty(target, name);
    });
  }

  /** An object whose methods are calls to a binding, too: a stub, a multipart upload. */
  #wrap(object: object, label: string): object {
    return new Proxy(object, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function" || typeof name !== "string") return value;
        // Not by `apply`: of a stub's method that would be one more remote call.
        const method: Method = (...args) => (target as Record<string, Method>)[name]?.(...args);
        return (...args: unknown[]) => this.#call(`${label}.${name}`, args, method);
      },
    });
  }

  async #call(label: string, args: unknown[], original: Method): Promise<unknown> {
    const isHit = ++this.#calls === this.#nth;
    if (isHit) this.hit = label;
    const result = async (): Promise<unknown> => {
      const value = await original(...args);
      return label === "R2.createMultipartUpload" && value ? this.#wrap(value, "R2.multipart") : value;
    };
    if (!isHit) return result();
    switch (this.#fault) {
      case "before":
        throw retryable(label);
      case "after":
        await result();
        throw retryable(label);
      case "hang":
        return new Promise(() => {});
      case "truncate":
        return truncated(await result());
    }
    throw new Error("no such fault");
  }
}

/** As the platform reports what may be tried again. */
const retryable = (label: string): Error =>
  Object.assign(new Error(`fault: ${label}`), { retryable: label.startsWith("DO.") });

/** A body that breaks off half way; anything else stays as it is. */
function truncated(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("body" in value) || !(value.body instanceof ReadableStream))
    return value;
  const reader = (value.body as ReadableStream<Uint8Array>).getReader();
  let reads = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value: chunk } = await reader.read();
      if (++reads > 1 || !chunk) controller.error(new Error("fault: the stream broke off"));
      else controller.enqueue(chunk);
    },
  });
  return new Proxy(value, { get: (target, name) => (name === "body" ? body : (Reflect.get(target, name) as unknown)) });
}
