/**
 * The Worker's own cache, and every call to it. It holds answers to delivery keys: each the whole content of a file, with
 * its headers, as one key got it from one place. Why it is the Cache API, and where that works, stands in
 * docs/decisions/024-own-cache-for-delivery.md.
 */

import type { AssetPath } from "../model/asset.ts";
import { logError } from "../runtime/log.ts";
import { CACHE_TIMEOUT_MS } from "../runtime/timeouts.ts";
import type { Disposition } from "./disposition.ts";
import type { ByteRange } from "./range.ts";

/** A cache of its own: nothing that the runtime fetches comes from here, and nothing of that gets in. */
export const CACHE = "strongroom-delivery";

/** The Cache API does nothing there. */
const WITHOUT_CACHE = ".workers.dev";

/** The header in which an entry says what it is of, since when, for how long, and of how many bytes. */
const ENTRY = "Strongroom-Entry";

/** The headers that an entry has of the answer. The rest is that of the present request. */
const CARRIED = [
  "Content-Type",
  "Content-Disposition",
  "Content-Security-Policy",
  "Cross-Origin-Resource-Policy",
  "Content-Location",
  "ETag",
  "Last-Modified",
  "Repr-Digest",
  "Accept-Ranges",
].map((name) => [name, name.toLowerCase()] as const);

/** All that an answer to a delivery key depends on. */
export interface Delivery {
  readonly vaultId: string;
  readonly keyId: string;
  /** An asset's id, or the path and name at which the newest asset is wanted. */
  readonly what: string | AssetPath;
  /** As it is asked for. */
  readonly disposition: Disposition;
}

/** The whole content of a file, as it may be kept: everything but its bytes. */
export interface Keepable {
  /** The headers of a 200. Those of {@link CARRIED} are kept. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes. */
  readonly size: number;
  /** When the vault was asked, in epoch milliseconds. Nothing that it knew by then is too old. */
  readonly since: number;
  /** For how many seconds from then on it may be used. */
  readonly seconds: number;
}

/** What was found. The body must be read or cancelled. */
export interface Entry extends Keepable {
  readonly body: ReadableStream<Uint8Array> | null;
}

/** Where one answer is in the cache, or would be. */
export class CachePlace {
  readonly #waits: { within<T>(ms: number, promise: Promise<T>): Promise<T> };
  readonly #request: string;
  readonly #url: string;
  /** Names the answer, and no other. It is made of what is asked for, and of nothing else that a client can choose. */
  readonly name: string;

  private constructor(request: Asking, host: string, delivery: Delivery) {
    this.#waits = request.watchdog;
    this.#request = request.id;
    this.name = nameOf(delivery);
    this.#url = `https://${host}/delivery/${this.name}`;
  }

  /**
   * The place of an answer; undefined where there is no cache. Its URL has the host that the request has come to, because
   * Cloudflare looks other ones up in the DNS, and leads only those of its Worker to it. Where any host leads to it, the
   * host is set. No client gets anything by that URL: the Worker has no such path, and `fetch` does not look into a cache
   * of this kind.
   */
  static of(request: Asking, delivery: Delivery): CachePlace | undefined {
    const host = request.env.CACHE_HOST ?? hostOf(request.url);
    return host === undefined ? undefined : new CachePlace(request, host, delivery);
  }

  /**
   * Looks for the answer, or for a part of its bytes; undefined when it is not there or is too old, and when the cache
   * fails or gives no answer in time.
   */
  async find(range?: ByteRange): Promise<Entry | undefined> {
    const wanted = range && new Request(this.#url, { headers: { Range: `bytes=${range.offset}-${lastOf(range)}` } });
    try {
      const found = this.#waits.within(CACHE_TIMEOUT_MS, this.#match(wanted ?? this.#url));
      const response = await found;
      if (!response) return undefined;
      const entry = this.#read(response, range);
      if (!entry) await response.body?.cancel();
      return entry;
    } catch (error) {
      logError("cache: a lookup failed", error, { request: this.#request });
      return undefined;
    }
  }

  /** Keeps an answer. Rejects when the cache does not take it; an answer that is too old by now is not kept. */
  async put(answer: Keepable, body: ReadableStream<Uint8Array> | Uint8Array): Promise<void> {
    const left = answer.seconds - Math.floor((Date.now() - answer.since) / 1000);
    if (left < 1) return void (body instanceof ReadableStream && (await body.cancel()));
    const headers = new Headers();
    for (const [name] of CARRIED) {
      const value = answer.headers[name];
      if (value !== undefined) headers.set(name, value);
    }
    // Without no-transform, Cloudflare may compress what it keeps, and weaken its tag.
    headers.set("Cache-Control", `public, max-age=${left}, no-transform`);
    headers.set("Content-Length", String(answer.size));
    headers.set(ENTRY, [this.name, answer.since, answer.seconds, answer.size].join(" "));
    const cache = await caches.open(CACHE);
    await cache.put(this.#url, new Response(body, { headers }));
  }

  async #match(request: Request | string): Promise<Response | undefined> {
    const cache = await caches.open(CACHE);
    return cache.match(request);
  }

  /**
   * What a cache has answered with; undefined when that is not what was asked for, whatever the reason: another place's
   * answer, one that is too old, or another part of the bytes.
   */
  #read({ status, headers, body }: Response, range: ByteRange | undefined): Entry | undefined {
    // All at once: each look at a header crosses into the runtime.
    const given = new Map(headers);
    const [name, since, seconds, size] = (given.get(ENTRY.toLowerCase()) ?? "").split(" ");
    const entry = { since: Number(since), seconds: Number(seconds), size: Number(size) };
    if (name !== this.name || !(Date.now() < entry.since + entry.seconds * 1000)) return undefined;
    const part = range && `bytes ${range.offset}-${lastOf(range)}/${entry.size}`;
    if (status !== (range ? 206 : 200) || given.get("content-range") !== part) return undefined;
    const carried: Record<string, string> = {};
    for (const [header, lower] of CARRIED) {
      const value = given.get(lower);
      if (value !== undefined) carried[header] = value;
    }
    return { ...entry, headers: carried, body };
  }
}

/** The request that asks. */
interface Asking {
  readonly id: string;
  readonly url: string;
  readonly env: { readonly CACHE_HOST?: string };
  readonly watchdog: { within<T>(ms: number, promise: Promise<T>): Promise<T> };
}

/** The host of a request, if it has a cache. A client may send any Host, one that makes no URL included. */
function hostOf(request: string): string | undefined {
  const url = URL.parse(request);
  return !url || url.hostname.endsWith(WITHOUT_CACHE) ? undefined : url.host;
}

const lastOf = ({ offset, length }: ByteRange): number => offset + length - 1;

/**
 * The key is among what names an answer, so that none outlives its key by another one. A filename is encoded whole: on its
 * way no part of it can be taken for a dot segment, or for another spelling of the same path.
 */
function nameOf({ vaultId, keyId, what, disposition }: Delivery): string {
  const place =
    typeof what === "string"
      ? `assets/${what}`
      : `files/${what.partition}/${what.collection}/${what.channel}/${Buffer.from(what.filename).toString("base64url")}`;
  return `v1/${vaultId}/${keyId}/${disposition}/${place}`;
}
