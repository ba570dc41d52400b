import { DurableObject } from "cloudflare:workers";

/**
 * What the platform does at best, with the same bindings and nothing in between: the ceilings that the scenarios are
 * measured against.
 */
interface ProbeEnv {
  PROBE: DurableObjectNamespace;
  BUCKET: R2Bucket;
  DB: D1Database;
}

const CONSTANT = JSON.stringify({ id: "x".repeat(400) });
const PAGE = JSON.stringify({ data: Array.from({ length: 50 }, () => ({ id: "x".repeat(390) })) });

export class Probe extends DurableObject {
  constructor(ctx: DurableObjectState, env: ProbeEnv) {
    super(ctx, env as never);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)");
  }

  constant(): string {
    return CONSTANT;
  }

  page(): string {
    return PAGE;
  }

  insert(): string {
    this.ctx.storage.sql.exec("INSERT INTO t (text) VALUES (?)", CONSTANT);
    return CONSTANT;
  }
}

type ProbeStub = Record<"constant" | "page" | "insert", () => Promise<string>>;

let n = 0;
const key = (): string => `${Date.now()}-${n++}`;

export default {
  async fetch(request, env): Promise<Response> {
    const url = new URL(request.url);
    const stub = env.PROBE.getByName(url.searchParams.get("vault") ?? "one") as unknown as ProbeStub;
    switch (url.pathname) {
      case "/do":
        return new Response(await stub.constant());
      case "/page":
        return new Response(await stub.page());
      case "/insert":
        return new Response(await stub.insert());
      case "/put":
        await env.BUCKET.put(url.searchParams.get("key") ?? key(), request.body);
        return new Response(CONSTANT, { status: 201 });
      case "/get": {
        const object = await env.BUCKET.get(url.searchParams.get("key") ?? "");
        return object ? new Response(object.body) : new Response(null, { status: 404 });
      }
      case "/d1":
        await env.DB.prepare("INSERT INTO t (text) VALUES (?)").bind(CONSTANT).run();
        return new Response(CONSTANT);
      case "/setup":
        await env.DB.prepare("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)").run();
        return new Response();
      default:
        return new Response(null, { status: 404 });
    }
  },
} satisfies ExportedHandler<ProbeEnv>;
