/**
 * Delivery: how content that a delivery key opens is taken from the Worker's own cache, and how it gets into it. A hit asks
 * neither the vault nor R2.
 */

import type { Content } from "../http/content.ts";
import { parseHttpDate } from "../http/date.ts";
import type { Disposition } from "../http/disposition.ts";
import { CachePlace, type Entry, type Keepable } from "../http/edge-cache.ts";
import type { ApiRequest } from "../http/request.ts";
import { REVALIDATED } from "../http/reply.ts";
import type { AssetPath } from "../model/asset.ts";
import { MAX_CACHED_BYTES } from "../model/limits.ts";
import { Bucket } from "../r2/bucket.ts";
import { InFlight } from "../runtime/in-flight.ts";
import { logError } from "../runtime/log.ts";
import { CACHE_FILL_TIMEOUT_MS, R2_TIMEOUT_MS } from "../runtime/timeouts.ts";
import { within } from "../runtime/wait.ts";

/** A file of up to this size is read into memory, and goes to the client and into the cache from there. Bytes. */
const BUFFERED_BYTES = 1024 * 1024;

/**
 * What one isolate holds of such files at once: eight of the largest, or hundreds of pictures as pages show them. A file
 * that does not fit flows from R2 to its client alone, and a later request may keep it.
 */
const ALL_BUFFERED_BYTES = 8 * BUFFERED_BYTES;

/**
 * How many larger files one isolate takes into the cache at once. Each of them flows from R2 a second time, with what the
 * runtime buffers of a stream.
 */
const MOST_STREAMED = 2;

/** How long a fill counts that never ends: a little longer than it can take. Milliseconds. */
const COUNTED_MS = CACHE_FILL_TIMEOUT_MS + 5_000;

const buffered = new InFlight(ALL_BUFFERED_BYTES, COUNTED_MS);
const streamed = new InFlight(MOST_STREAMED, COUNTED_MS);

/** Where the answer to a request is kept. Undefined unless a delivery key asks, and where there is no cache. */
export function placeOf(api: ApiRequest, what: string | AssetPath, disposition: Disposition): CachePlace | undefined {
  const { principal, vaultId } = api;
  if (principal.kind !== "key" || principal.type !== "delivery") return undefined;
  return CachePlace.of(api, { vaultId, keyId: principal.keyId, what, disposition });
}

/** What an answer says to caches when it may be used for so many seconds. */
export function cacheHeaders({ isByUrl }: ApiRequest, seconds: number): Record<string, string> {
  if (seconds < 1) return { "Cache-Control": REVALIDATED };
  const rest = `max-age=${seconds}, must-revalidate, no-transform`;
  if (isByUrl) return { "Cache-Control": `public, ${rest}` };
  // The key is in a header, so this URL is good for nobody else: a cache that others use must not answer it (RFC 9111 3.5).
  return { "Cache-Control": `private, ${rest}`, Vary: "Authorization" };
}

/** What was found in the cache, as it is answered now. */
export function contentOf(api: ApiRequest, place: CachePlace, entry: Entry): Content {
  const { headers, size, since, seconds, body } = entry;
  const modified = headers["Last-Modified"];
  return {
    size,
    validators: {
      etag: headers["ETag"] ?? "",
      lastModified: modified === undefined ? undefined : parseHttpDate(modified),
    },
    headers: {
      ...headers,
      ...cacheHeaders(api, seconds),
      Age: String(Math.max(0, Math.floor((Date.now() - since) / 1000))),
    },
    async open(part) {
      if (part === "all") return body ?? new Blob([]).stream();
      // A range of the stream at hand could only be had by reading all that comes before it.
      cancel(body);
      const found = await place.find(part);
      if (found?.headers["ETag"] === headers["ETag"]) return found?.body ?? undefined;
      cancel(found?.body);
      return undefined;
    },
    close: () => cancel(body),
  };
}

const cancel = (body: ReadableStream | null | undefined): void => void body?.cancel().catch(() => {});

/**
 * The whole of a file, on its way from R2 to its client, and into the cache as far as there is room. Undefined when R2
 * fails. A large body is not split in two: if its client were slow, all that the cache is ahead would be in memory.
 */
export async function keeping(
  api: ApiRequest,
  place: CachePlace,
  answer: Keepable,
  object: R2ObjectBody,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const { size, seconds } = answer;
  if (seconds < 1 || size > MAX_CACHED_BYTES || object.size !== size) return object.body;
  if (size <= BUFFERED_BYTES) {
    const end = buffered.begin(place.name, size);
    return end ? keepBuffered(api, place, answer, object, end) : object.body;
  }
  const end = streamed.begin(place.name, 1);
  if (end) {
    fill(api, end, async () => {
      const again = await new Bucket(api.env.BUCKET, { within }).get(object.key, {});
      // A body that breaks off fails the put: what is kept is whole.
      if (again?.size === size) await place.put(answer, again.body.pipeThrough(new FixedLengthStream(size)));
    });
  }
  return object.body;
}

async function keepBuffered(
  api: ApiRequest,
  place: CachePlace,
  answer: Keepable,
  object: R2ObjectBody,
  end: () => void,
): Promise<ReadableStream<Uint8Array> | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await api.watchdog.within(R2_TIMEOUT_MS, new Response(object.body).arrayBuffer()));
    if (bytes.length !== answer.size) throw new Error(`R2 gave ${bytes.length} bytes of ${answer.size}`);
  } catch (error) {
    end();
    logError("content: R2 failed", error, { request: api.id, vault: api.vaultId });
    return undefined;
  }
  const { readable, writable } = new FixedLengthStream(answer.size);
  // The bytes are held until both have them. A client that goes away is none of the cache's business.
  fill(api, end, () => Promise.all([place.put(answer, bytes), send(bytes, writable).catch(() => {})]));
  return readable;
}

async function send(bytes: Uint8Array, writable: WritableStream<Uint8Array>): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(bytes);
  await writer.close();
}

/** Goes on with a fill after the answer, within its time. That it fails concerns no client. */
function fill(api: ApiRequest, end: () => void, work: () => Promise<unknown>): void {
  const done = within(CACHE_FILL_TIMEOUT_MS, Promise.resolve().then(work));
  const failed = (error: unknown): void => {
    end();
    logError("cache: a file was not kept", error, { request: api.id });
  };
  api.after(done.then(end, failed));
}
