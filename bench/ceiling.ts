import { join } from "node:path";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { workerConfig } from "../src/local/config.ts";
import type { Shot } from "./shot.ts";

const get = (path: string): (() => Shot) => {
  const shot: Shot = { method: "GET", path, expect: 200 };
  return () => shot;
};

/**
 * The probe Worker (probe.ts): what can be asked of it shows the best that the platform can do. Its data stand beside
 * those of the server that it is compared with.
 */
export class Ceiling {
  readonly url: string;
  readonly #stored = new Set<string>();

  private constructor(url: string) {
    this.url = url;
  }

  /** Starts the probe, which runs until this process exits. */
  static async start(directory: string): Promise<Ceiling> {
    const { outputFiles } = await build({
      entryPoints: [join(import.meta.dirname, "probe.ts")],
      bundle: true,
      format: "esm",
      external: ["cloudflare:*"],
      write: false,
    });
    // It has the compatibility date of the server that it is compared with.
    const { compatibilityDate } = await workerConfig();
    const miniflare = new Miniflare({
      workers: [
        {
          config: {
            name: "probe",
            compatibilityDate,
            manifest: {
              mainModule: "probe.js",
              modulesRoot: directory,
              modules: { "probe.js": { type: "esm", contents: outputFiles[0]?.text ?? "" } },
            },
            env: {
              PROBE: { type: "durable-object", worker: "probe", exportName: "Probe" },
              DB: { type: "d1", id: "probe" },
              BUCKET: { type: "r2", name: "probe" },
            },
            exports: { Probe: { type: "durable-object", storage: "sqlite" } },
          },
          dev: { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }], unsafeRegisterWorker: false },
        },
      ],
      resourcePersistencePath: directory,
      enableDevRegistry: false,
      cf: false, // It would be fetched from the network.
    });
    const ceiling = new Ceiling((await miniflare.unsafeGetDirectURL("probe")).origin);
    await ceiling.#ask("GET", "setup");
    return ceiling;
  }

  readonly call: () => Shot = get("/do");
  readonly page: () => Shot = get("/page");
  readonly insert: () => Shot = get("/insert");
  readonly d1: () => Shot = get("/d1");

  /** Puts a body into R2, each time under another key. */
  put(body: Buffer): () => Shot {
    const shot: Shot = { method: "PUT", path: "/put", body, expect: 201 };
    return () => shot;
  }

  /** Reads what {@link store} has put into R2. */
  get(key: string, range?: { from: number; to: number }): () => Shot {
    return get(range ? `/range/${key}/${range.from}/${range.to - range.from + 1}` : `/get/${key}`);
  }

  /** Reads what {@link keep} has put into the cache. */
  readonly cached: () => Shot = get("/cached");

  /** Puts a body into the cache. */
  async keep(body: Buffer): Promise<void> {
    await this.#ask("PUT", "keep", body);
  }

  /** Puts a body into R2 under a key, once. */
  async store(key: string, body: Buffer): Promise<void> {
    if (!this.#stored.has(key)) await this.#ask("PUT", `store/${key}`, body);
    this.#stored.add(key);
  }

  /** Deletes what {@link put} has put into R2, so that large bodies do not fill the disk. */
  async forget(): Promise<void> {
    await this.#ask("GET", "forget");
  }

  async #ask(method: string, path: string, body?: Buffer): Promise<void> {
    const response = await fetch(`${this.url}/${path}`, { method, body: body ?? null });
    if (!response.ok) throw new Error(`the probe answered ${path} with ${response.status}`);
  }
}
