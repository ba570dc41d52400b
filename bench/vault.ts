/** A vault as its client sees it: which requests it can be sent, and what they have made. */

import { Strongroom } from "../src/client/index.ts";
import { FORM_TYPE, type File, type Files, RAW_TYPE } from "./files.ts";
import { Ledger } from "./ledger.ts";
import type { Shot } from "./shot.ts";

/**
 * How many assets reads and patches are spread over. They are no more than a vault keeps ready, however many assets
 * there are by then.
 */
export const READ_SET = 1_000;

/** A vault of the run. It makes requests, and remembers the assets that they have made. */
export class Vault {
  readonly url: string;
  readonly id: string;
  /** For what is not measured. */
  readonly client: Strongroom;
  readonly ledger: Ledger;
  /** The ids of small assets, the oldest first. The first {@link READ_SET} are read and never deleted. */
  readonly small: string[] = [];
  readonly large: Record<"form" | "raw" | "resumable", string[]> = { form: [], raw: [], resumable: [] };
  readonly #files: Files;
  readonly #assets: string;
  readonly #headers: string[];
  readonly #json: string[];
  readonly #ranges: Record<"small" | "large", string[]>;
  /** The requests of uploads, which are the same few over and over. */
  readonly #uploads: Record<"form" | "raw", Shot[]>;
  #turn = 0;

  /**
   * @param key a secret key, which has the vault's id in it
   * @param samples how many writes of each kind are read back at the end
   */
  constructor(url: string, key: string, files: Files, samples: number) {
    this.url = url;
    this.client = new Strongroom({ url, key });
    this.id = this.client.vaultId;
    this.ledger = new Ledger(samples);
    this.#files = files;
    this.#assets = `/api/v1/vaults/${this.id}/assets`;
    this.#headers = ["authorization", `Bearer ${key}`];
    this.#json = [...this.#headers, "content-type", "application/json"];
    const range = ({ from, to }: { from: number; to: number }) => [...this.#headers, "range", `bytes=${from}-${to}`];
    this.#ranges = { small: range(files.smallRange), large: range(files.largeRange) };
    const small = (way: "form" | "raw") =>
      files.small.map((file) => this.#upload(way, file, (id) => this.#madeSmall(id, file.sha256)));
    this.#uploads = { form: small("form"), raw: small("raw") };
  }

  /** Uploads a small file, another one each time. */
  upload(way: "form" | "raw"): Shot {
    const shots = this.#uploads[way];
    const shot = shots[this.#turn++ % shots.length];
    if (!shot) throw new Error("there are no small files");
    return shot;
  }

  uploadLarge(way: "form" | "raw"): Shot {
    return this.#upload(way, this.#files.large, (id) => this.large[way].push(id));
  }

  /**
   * Makes the requests of one connection that uploads the large file again and again, in requests of so many bytes. Each
   * of them can be sent when the one before has been answered.
   */
  uploadsInRequests(bytes: number): () => Shot {
    const tus = [...this.#headers, "tus-resumable", "1.0.0"];
    const { path, raw } = this.#files.large;
    const encoded = Object.entries({ ...path, filename: "f.bin" }).map(([name, value]) => `${name} ${btoa(value)}`);
    const begin: Shot = {
      method: "POST",
      path: `/api/v1/vaults/${this.id}/uploads`,
      headers: [...tus, "upload-length", String(raw.length), "upload-metadata", encoded.join(",")],
      expect: 201,
      answered: (_body, location) => {
        upload = location;
        offset = 0;
      },
    };
    let upload = "";
    let offset = 0;
    return () => {
      if (upload === "") return begin;
      const body = raw.subarray(offset, offset + bytes);
      return {
        method: "PATCH",
        path: upload,
        headers: [...tus, "upload-offset", String(offset), "content-type", "application/offset+octet-stream"],
        body,
        expect: 204,
        answered: (_body, location) => {
          offset += body.length;
          if (offset < raw.length) return;
          upload = "";
          this.large.resumable.push(location.slice(location.lastIndexOf("/") + 1));
        },
      };
    };
  }

  /** The id of one of the {@link READ_SET}, or of its first few. */
  any(among: number = READ_SET): string {
    return this.small[Math.floor(Math.random() * Math.min(among, this.small.length))] ?? "none";
  }

  get(id: string): Shot {
    return { method: "GET", path: `${this.#assets}/${id}`, headers: this.#headers, expect: 200 };
  }

  /** @param query without its question mark */
  list(query: string): Shot {
    return { method: "GET", path: `${this.#assets}?${query}`, headers: this.#headers, expect: 200 };
  }

  /** @param query without its question mark */
  changes(query: string): Shot {
    const path = `/api/v1/vaults/${this.id}/changes?${query}`;
    return { method: "GET", path, headers: this.#headers, expect: 200 };
  }

  content(id: string, range?: "small" | "large"): Shot {
    const path = `${this.#assets}/${id}/content`;
    return range
      ? { method: "GET", path, headers: this.#ranges[range], expect: 206 }
      : { method: "GET", path, headers: this.#headers, expect: 200 };
  }

  /** Reads what a delivery key opens, by its URL. */
  delivered(id: string, token: string): Shot {
    return { method: "GET", path: `${this.#assets}/${id}/content?token=${token}`, expect: 200 };
  }

  /**
   * Merges a number into an asset's metadata. An asset must be sent one such request at a time, or it is not known
   * which came last.
   */
  patch(id: string, n: number): Shot {
    return {
      method: "PATCH",
      path: `${this.#assets}/${id}`,
      headers: this.#json,
      body: `{"metadata":{"n":${n}}}`,
      expect: 200,
      answered: () => void this.ledger.patched.set(id, n),
    };
  }

  /** Gives an asset a number and a text. As with {@link patch}, one such request for an asset at a time. */
  annotate(id: string, n: number, text: string): Shot {
    return { ...this.patch(id, n), body: JSON.stringify({ metadata: { n, text } }) };
  }

  /** The same for many assets in one request. */
  annotateAll(ids: readonly string[], n: number, text: string): Shot {
    const operations = ids.map((id) => ({ op: "update", id, metadata: { n, text } }));
    return {
      method: "POST",
      path: `${this.#assets}/batch`,
      headers: this.#json,
      body: JSON.stringify({ operations, atomic: true }),
      expect: 200,
      answered: () => {
        for (const id of ids) this.ledger.patched.set(id, n);
      },
    };
  }

  remove(id: string): Shot {
    return {
      method: "DELETE",
      path: `${this.#assets}/${id}`,
      headers: this.#headers,
      expect: 204,
      answered: () => void this.ledger.deleted.offer(id),
    };
  }

  /** Deletes the newest small asset; undefined when only those are left that are read. */
  removeNewest(): Shot | undefined {
    const id = this.small.length > READ_SET ? this.small.pop() : undefined;
    return id === undefined ? undefined : this.remove(id);
  }

  #upload(way: "form" | "raw", file: File, made: (id: string) => void): Shot {
    const answered = (body: Buffer): void => made((JSON.parse(body.toString()) as { id: string }).id);
    const common = { method: "POST", expect: 201, answered } as const;
    if (way === "form") {
      return { ...common, path: this.#assets, headers: [...this.#headers, "content-type", FORM_TYPE], body: file.form };
    }
    const query = new URLSearchParams({ ...file.path, filename: "f.bin" }).toString();
    const headers = [...this.#headers, "content-type", RAW_TYPE];
    return { ...common, path: `${this.#assets}?${query}`, headers, body: file.raw };
  }

  /** Notes a small asset. Those that the sample holds are kept to be read back, so nothing else may touch them. */
  #madeSmall(id: string, sha256: string): void {
    const out = this.ledger.files.offer({ id, sha256 });
    if (out) this.small.push(out.id);
  }
}
