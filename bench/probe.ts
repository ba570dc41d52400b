/**
 * A Worker that does what the platform does at best, with the same bindings as Strongroom and nothing in between. These
 * are the ceilings that the scenarios are measured against. Where a thing can be done in several ways, the fastest
 * measured one is here: RPC for an answer of nothing, an object's `fetch` for a page, streams into and out of R2, and
 * no parsed URL.
 */

import { DurableObject } from "cloudflare:workers";

interface ProbeEnv {
  PROBE: DurableObjectNamespace;
  BUCKET: R2Bucket;
  DB: D1Database;
}

/** An answer as long as a record. */
const ANSWER = JSON.stringify({ id: "x".repeat(400) });
/** An answer as long as a page of 50. */
const PAGE = JSON.stringify({ data: Array.from({ length: 50 }, () => ({ id: "x".repeat(410) })) });

/** Where the cache has what is read from it, and for how long: longer than a run. */
const CACHED = "https://probe.test/cached";
const KEPT = { "Cache-Control": "public, max-age=86400" };

export class Probe extends DurableObject<ProbeEnv> {
  constructor(ctx: DurableObjectState, env: ProbeEnv) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)");
  }

  nothing(): void {}

  insert(): void {
    this.ctx.storage.sql.exec("INSERT INTO t (text) VALUES (?)", ANSWER);
  }

  override fetch(): Response {
    return new Response(PAGE);
  }
}

type ProbeStub = Record<"nothing" | "insert", () => Promise<void>> & { fetch(request: Request): Promise<Response> };

/** The number of the next put, which names it. There is one isolate for the whole run. */
let puts = 0;

export default {
  async fetch(request, env): Promise<Response> {
    const { url } = request;
    const [, path = "", key = "", offset, length] = url.slice(url.indexOf("/", 8)).split("/");
    const stub = env.PROBE.getByName("one") as unknown as ProbeStub;
    switch (path) {
      case "do":
        await stub.nothing();
        return new Response(ANSWER);
      case "page":
        return stub.fetch(request);
      case "insert":
        await stub.insert();
        return new Response(ANSWER);
      case "d1":
        await env.DB.prepare("INSERT INTO t (text) VALUES (?)").bind(ANSWER).run();
        return new Response(ANSWER);
      case "put":
        await env.BUCKET.put(`put/${puts++}`, request.body);
        return new Response(ANSWER, { status: 201 });
      case "get":
        return content(await env.BUCKET.get(key));
      case "range":
        return content(await env.BUCKET.get(key, { range: { offset: Number(offset), length: Number(length) } }));
      case "cached":
        return (await (await caches.open("probe")).match(CACHED)) ?? new Response(null, { status: 404 });

      // What follows is not measured.
      case "keep":
        await (await caches.open("probe")).put(CACHED, new Response(request.body, { headers: KEPT }));
        return new Response(null, { status: 201 });
      case "store":
        await env.BUCKET.put(key, request.body);
        return new Response(null, { status: 201 });
      case "forget": {
        const { objects } = await env.BUCKET.list({ prefix: "put/" });
        await env.BUCKET.delete(objects.map((object) => object.key));
        return new Response(null, { status: 204 });
      }
      case "setup":
        await env.DB.prepare("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)").run();
        return new Response(null, { status: 204 });
      default:
        return new Response(null, { status: 404 });
    }
  },
} satisfies ExportedHandler<ProbeEnv>;

const content = (object: R2ObjectBody | null): Response =>
  object ? new Response(object.body) : new Response(null, { status: 404 });
