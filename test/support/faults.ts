/** Makes single calls to the stores and to vaults go wrong. */

import { env } from "cloudflare:workers";
import { shards } from "../../src/d1/shards.ts";
import { VAULT_READS } from "./vault-reads.ts";

/**
 * How a call to a binding goes wrong. "before": it is never made. "after": it is made, and its answer is lost. "hang":
 * it never answers. "truncate": what it answers with ends too early.
 */
export type Fault = "before" | "after" | "hang" | "truncate";
export const FAULTS: readonly Fault[] = ["before", "after", "hang", "truncate"];

/** Chooses which of its faults a call meets. A call for which it is undefined passes, and is not counted. */
export type Choice = (kinds: readonly Fault[]) => Fault | undefined;

type Method = (...args: unknown[]) => unknown;

/** The methods that make a call: those of each binding, and of what its methods return. */
const CALLS = {
  R2: ["put", "get", "head", "list", "delete", "createMultipartUpload"],
  "R2.multipart": ["uploadPart", "complete", "abort"],
  D1: ["batch", "exec", "dump"],
  "D1.session": ["batch"],
  "D1.statement": ["first", "run", "all", "raw"],
} as const;

/** The methods that make no call, but return something whose methods do. */
const MAKERS = { R2: ["resumeMultipartUpload"], D1: ["prepare", "withSession"], DO: ["get", "getByName"] } as const;

/** The faults that a call can meet. */
function kindsOf(label: string): readonly Fault[] {
  if (label === "R2.get" || label === "R2.list") return FAULTS;
  return VAULT_READS.some((name) => label === `DO.${name}`) ? ["before", "after"] : ["before", "after", "hang"];
}

/**
 * Makes the N-th call to any binding (R2, D1, the vault's stub) go wrong, as SQLite's tests do. A test runs again and
 * again with a later N, until it passes without a fault: so new calls are found by themselves. Background work shares
 * the bindings with the test, so its calls are hit like those of a request.
 */
export class Faults {
  readonly #nth: number;
  readonly #choose: Choice;
  #calls = 0;
  #laid = false;
  /** The call that went wrong, and how; undefined when none did. */
  hit: string | undefined;
  readonly #undo: (() => void)[] = [];

  constructor(nth: number, choose: Choice) {
    this.#nth = nth;
    this.#choose = choose;
  }

  /** Does some work while the fault lies over all bindings. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#laid = true;
    this.#calling(env.BUCKET, "R2");
    this.#making(env.BUCKET, MAKERS.R2, (made) => this.#wrap(made, "R2.multipart"));
    for (const db of shards(env)) {
      this.#calling(db, "D1");
      this.#making(db, ["prepare"], (made) => this.#statement(made));
      this.#making(db, ["withSession"], (made) => this.#session(made));
    }
    this.#making(env.VAULT, MAKERS.DO, (made) => this.#wrap(made, "DO"));
    try {
      return await work();
    } finally {
      this.#laid = false;
      for (const undo of this.#undo) undo();
    }
  }

  /**
   * The methods of the bindings that are not covered here. If there is one, the platform has learnt a new way to be
   * called.
   */
  static uncovered(): string[] {
    const statement = env.DB.prepare("SELECT 1");
    const known: [object, string, readonly string[]][] = [
      [env.BUCKET, "R2", [...CALLS.R2, ...MAKERS.R2]],
      [env.BUCKET.resumeMultipartUpload("key", "id"), "R2.multipart", CALLS["R2.multipart"]],
      // `query` is an older name that no type declares.
      [env.DB, "D1", [...CALLS.D1, ...MAKERS.D1, "query"]],
      [statement, "D1.statement", [...CALLS["D1.statement"], "bind"]],
      [env.VAULT, "DO", [...MAKERS.DO, "newUniqueId", "idFromName", "idFromString", "jurisdiction"]],
    ];
    return known.flatMap(([object, label, covered]) =>
      methodsOf(object)
        .filter((name) => !covered.includes(name))
        .map((name) => `${label}.${name}`),
    );
  }

  #calling(target: object, label: keyof typeof CALLS): void {
    for (const name of CALLS[label])
      this.#lay(target, name, (original, args) => this.#call(`${label}.${name}`, args, original));
  }

  #making(target: object, names: readonly string[], wrap: (made: object) => object): void {
    for (const name of names) this.#lay(target, name, (original, args) => wrap(original(...args) as object));
  }

  /** Changes the very object and does not wrap it, since a batch looks inside its statements. */
  #statement(statement: object): object {
    this.#calling(statement, "D1.statement");
    this.#making(statement, ["bind"], (bound) => this.#statement(bound));
    return statement;
  }

  #session(session: object): object {
    this.#calling(session, "D1.session");
    this.#making(session, ["prepare"], (made) => this.#statement(made));
    return session;
  }

  #lay(target: object, name: string, spy: (original: Method, args: unknown[]) => unknown): void {
    const original = (Reflect.get(target, name) as Method).bind(target);
    const own = Object.getOwnPropertyDescriptor(target, name);
    const value: Method = (...args) => (this.#laid ? spy(original, args) : original(...args));
    Object.defineProperty(target, name, { configurable: true, writable: true, value });
    this.#undo.push(() => {
      if (own) Object.defineProperty(target, name, own);
      else Reflect.deleteProperty(target, name);
    });
  }

  /** Wraps an object whose methods are calls to a binding too: a stub, or a multipart upload. */
  #wrap(object: object, label: string): object {
    return new Proxy(object, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function" || typeof name !== "string") return value;
        // This does not use `apply`, which on a stub's method would be one more remote call.
        const method: Method = (...args) => (target as Record<string, Method>)[name]?.(...args);
        return (...args: unknown[]) => (this.#laid ? this.#call(`${label}.${name}`, args, method) : method(...args));
      },
    });
  }

  async #call(label: string, args: unknown[], original: Method): Promise<unknown> {
    const fault = this.#choose(kindsOf(label));
    const isHit = fault !== undefined && ++this.#calls === this.#nth;
    if (isHit) this.hit = `${label} ${fault}`;
    const result = async (): Promise<unknown> => {
      const value = await original(...args);
      return label === "R2.createMultipartUpload" && value ? this.#wrap(value, "R2.multipart") : value;
    };
    if (!isHit) return result();
    switch (fault) {
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

function methodsOf(object: object): string[] {
  const names: string[] = [];
  for (let at: unknown = Object.getPrototypeOf(object); at && at !== Object.prototype; at = Object.getPrototypeOf(at))
    names.push(...Object.getOwnPropertyNames(at));
  return names.filter((name) => name !== "constructor");
}

/** An error like those with which the platform reports a call that may be tried again. */
const retryable = (label: string): Error =>
  Object.assign(new Error(`fault: ${label}`), { retryable: label.startsWith("DO.") });

/** Makes a body break off half way, or a list stop there and say so. Anything else stays as it is. */
function truncated(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("objects" in value && Array.isArray(value.objects) && value.objects.length > 1) {
    return { ...value, objects: value.objects.slice(0, value.objects.length / 2), truncated: true };
  }
  if (!("body" in value) || !(value.body instanceof ReadableStream)) return value;
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
