import { createHash, randomBytes } from "node:crypto";
import type { Shot } from "./load.ts";
import type { Target } from "./targets.ts";

/** One thing that is measured, beside the best that the platform can do of its kind. */
export interface Scenario {
  readonly name: string;
  /** What of it is compared: requests or megabytes per second. */
  readonly unit: "requests" | "megabytes";
  /** Fewer for large bodies. */
  readonly concurrency?: number;
  readonly next: (client: number) => Shot | undefined;
  /** The same against the probe; undefined when there is no ceiling of this kind. */
  readonly ceiling?: { readonly name: string; readonly next: () => Shot };
  /** Brings the vault into the state that the scenario needs. */
  readonly prepare?: () => Promise<void>;
}

export interface Options {
  /** Bytes of a small file. */
  readonly size: number;
}

const BOUNDARY = "----strongroom-bench";
const PATHS = Array.from({ length: 8 }, (_, i) => ({
  partition: `p${i % 2}`,
  collection: `c${(i >> 1) % 2}`,
  channel: `h${i >> 2}`,
}));

const form = (file: Buffer, i: number): Buffer => {
  const fields = Object.entries(PATHS[i % PATHS.length] ?? {}).map(
    ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const head = `${fields.join("")}--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="f.bin"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), file, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
};

interface Sample {
  id: string;
  sha256: string;
}

/** What the scenarios of one vault share: the assets that they have made, and a sample of them to be read back. */
export class Workload {
  readonly #target: Target;
  readonly #auth: Record<string, string>;
  readonly #assets: string;
  readonly #file: Buffer;
  readonly #large = randomBytes(100 * 1024 * 1024);
  readonly #ids: string[] = [];
  readonly #samples: Sample[] = [];
  #large100: string | undefined;
  #n = 0;

  constructor(target: Target, options: Options) {
    this.#target = target;
    this.#auth = { authorization: `Bearer ${target.key}` };
    this.#assets = `/api/v1/vaults/${target.vaultId}/assets`;
    this.#file = randomBytes(options.size);
  }

  /** Reads a sample of what was written back and compares it, byte for byte. Returns how many were read. */
  async verify(): Promise<number> {
    for (const { id, sha256 } of this.#samples) {
      const response = await fetch(`${this.#target.url}${this.#assets}/${id}/content`, { headers: this.#auth });
      const actual = createHash("sha256")
        .update(Buffer.from(await response.arrayBuffer()))
        .digest("hex");
      if (response.status !== 200 || actual !== sha256)
        throw new Error(`${id}: ${response.status}, sha256 ${actual}, expected ${sha256}`);
    }
    return this.#samples.length;
  }

  scenarios(): Scenario[] {
    const sha = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
    const [smallSha, largeSha] = [sha(this.#file), sha(this.#large)];
    const forms = PATHS.map((_, i) => form(this.#file, i));
    const largeForm = form(this.#large, 0);
    const formHeaders = { ...this.#auth, "content-type": `multipart/form-data; boundary=${BOUNDARY}` };
    const rawHeaders = { ...this.#auth, "content-type": "application/octet-stream" };
    const raw = (i: number): string =>
      `${this.#assets}?${new URLSearchParams({ ...PATHS[i % PATHS.length], filename: "f.bin" }).toString()}`;
    const made = (sha256: string) => (body: Buffer) => {
      const { id } = JSON.parse(body.toString()) as { id: string };
      this.#ids.push(id);
      if (this.#samples.length < 20 || sha256 === largeSha) this.#samples.push({ id, sha256 });
    };
    const any = (): string => this.#ids[Math.floor(Math.random() * this.#ids.length)] ?? "none";
    const get = (path: string, expect = 200, headers: Record<string, string> = {}): Shot => ({
      method: "GET",
      path,
      headers: { ...this.#auth, ...headers },
      expect,
    });
    const put = (body: Buffer): Shot => ({ method: "PUT", path: "/put", body, expect: 201 });
    const upload = (): Shot => ({
      method: "POST",
      path: this.#assets,
      headers: formHeaders,
      body: forms[this.#n++ % forms.length] ?? Buffer.alloc(0),
      expect: 201,
      answered: made(smallSha),
    });
    const doCall = { name: "empty DO call", next: (): Shot => ({ method: "GET", path: "/do", expect: 200 }) };
    const page = {
      name: "DO answering a constant page",
      next: (): Shot => ({ method: "GET", path: "/page", expect: 200 }),
    };
    const barePut = { name: "bare R2.put", next: () => put(this.#file) };
    const largePut = {
      name: "bare streaming R2.put",
      next: (): Shot => ({ ...put(this.#large), path: "/put?key=large" }),
    };
    const insert = { name: "one DO insert", next: (): Shot => ({ method: "GET", path: "/insert", expect: 200 }) };
    const bareGet = (key: string) => ({
      name: "bare R2.get",
      next: (): Shot => ({ method: "GET", path: `/get?key=${key}`, expect: 200 }),
    });
    const list = (filter: string): Scenario => ({
      name: `list 50${filter ? `, ${filter.split("&").length} filter${filter.includes("&") ? "s" : ""}` : ""}`,
      unit: "requests",
      next: () => get(`${this.#assets}?limit=50${filter ? `&${filter}` : ""}`),
      ceiling: page,
    });
    let cursor = "";
    return [
      { name: "upload 20 KB, form", unit: "requests", next: upload, ceiling: barePut },
      {
        name: "upload 20 KB, raw",
        unit: "requests",
        next: () => ({
          method: "POST",
          path: raw(this.#n++),
          headers: rawHeaders,
          body: this.#file,
          expect: 201,
          answered: made(smallSha),
        }),
        ceiling: barePut,
      },
      { name: "get", unit: "requests", next: () => get(`${this.#assets}/${any()}`), ceiling: doCall },
      list(""),
      list("partition=p1"),
      list("partition=p1&collection=c1&channel=h1"),
      {
        name: "page through everything",
        unit: "requests",
        concurrency: 1,
        next: () => ({
          ...get(`${this.#assets}?limit=200${cursor && `&cursor=${cursor}`}`),
          answered: (body) => {
            cursor = (JSON.parse(body.toString()) as { cursor: string | null }).cursor ?? "";
          },
        }),
      },
      {
        name: "patch",
        unit: "requests",
        next: () => ({
          method: "PATCH",
          path: `${this.#assets}/${any()}`,
          headers: { ...this.#auth, "content-type": "application/json" },
          body: JSON.stringify({ metadata: { n: this.#n++ } }),
          expect: 200,
        }),
        ceiling: insert,
      },
      {
        name: "download 20 KB",
        unit: "requests",
        next: () => get(`${this.#assets}/${any()}/content`),
        ceiling: bareGet("small"),
      },
      {
        name: "download 1 KB range",
        unit: "requests",
        next: () => get(`${this.#assets}/${any()}/content`, 206, { range: "bytes=1000-2023" }),
      },
      {
        name: "mixed 80/15/5",
        unit: "requests",
        next: () => {
          const dice = Math.random();
          if (dice < 0.8) return get(`${this.#assets}/${any()}`);
          return dice < 0.95 || this.#ids.length < 200 ? upload() : this.#deletion();
        },
      },
      {
        name: "delete",
        unit: "requests",
        next: () => (this.#ids.length > 50 ? this.#deletion() : undefined),
        ceiling: insert,
      },
      {
        name: "upload 100 MiB, form",
        unit: "megabytes",
        concurrency: 2,
        next: () => ({
          method: "POST",
          path: this.#assets,
          headers: formHeaders,
          body: largeForm,
          expect: 201,
          answered: (body) => this.#madeLarge(body, largeSha),
        }),
        ceiling: largePut,
      },
      {
        name: "upload 100 MiB, raw",
        unit: "megabytes",
        concurrency: 2,
        next: () => ({
          method: "POST",
          path: raw(0),
          headers: rawHeaders,
          body: this.#large,
          expect: 201,
          answered: (body) => this.#madeLarge(body, largeSha),
        }),
        ceiling: largePut,
      },
      {
        name: "download 100 MiB",
        unit: "megabytes",
        concurrency: 2,
        next: () => get(`${this.#assets}/${this.#large100}/content`),
        ceiling: bareGet("large"),
      },
    ];
  }

  /** What the ceilings of the downloads read. */
  ceilingBodies(): Record<string, Buffer> {
    return { small: this.#file, large: this.#large };
  }

  #madeLarge(body: Buffer, sha256: string): void {
    this.#large100 = (JSON.parse(body.toString()) as { id: string }).id;
    if (this.#samples.length < 22) this.#samples.push({ id: this.#large100, sha256 });
  }

  /** Each asset once; the ones that are read back stay. */
  #deletion(): Shot {
    const kept = new Set(this.#samples.map((sample) => sample.id));
    let id = this.#ids.pop() ?? "none";
    while (kept.has(id)) id = this.#ids.shift() ?? "none";
    return { method: "DELETE", path: `${this.#assets}/${id}`, headers: this.#auth, expect: 204 };
  }
}
