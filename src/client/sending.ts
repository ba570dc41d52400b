/** The ways in which the body of an upload is sent: which there are, differs from runtime to runtime. */

import { type Call, type Exchange, REDIRECT } from "./transport.ts";
import type { Progress } from "./types.ts";

/** Read of a file at once, and so between two reports of progress. Bytes. */
const CHUNK_BYTES = 256 * 1024;

/**
 * The slowest that the server lets a body be while others wait. Where nothing tells how an upload goes, it may take as long
 * as it does at this rate, beyond the time-out. Bytes a second.
 */
const SLOWEST_RATE = 32 * 1024;

/** Of the runtime, what not all have. */
const runtime = globalThis as unknown as {
  readonly XMLHttpRequest?: new () => Xhr;
  readonly FixedLengthStream?: new (length: number) => ReadableWritablePair<Uint8Array, Uint8Array>;
  readonly process?: { readonly versions?: { readonly node?: string } };
};

/** The part of an XMLHttpRequest that is used: the client's types need no DOM. */
interface Xhr {
  readonly upload: { addEventListener(type: "progress", listener: (event: { readonly loaded: number }) => void): void };
  addEventListener(type: "load" | "error", listener: () => void): void;
  readonly status: number;
  readonly responseText: string;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  getAllResponseHeaders(): string;
  send(body: Blob): void;
  abort(): void;
}

/** The body of an upload's request. */
export interface UploadBody {
  /** The file, and perhaps what stands around it. */
  readonly pieces: readonly (Blob | ReadableStream<Uint8Array>)[];
  /** Of the whole, before the file, and of the file. Bytes. */
  readonly length: number;
  readonly before: number;
  readonly size: number;
}

/**
 * - `whole`: by fetch, which takes a blob and tells nothing until it is answered.
 * - `stream`: by fetch, in chunks that are counted as they are taken. No browser does that over HTTP/1.
 * - `xhr`: what browsers have for it. Service workers have none.
 */
type Way = "whole" | "stream" | "xhr";

/**
 * @param inChunks whether somebody wants to hear how it goes, or the file is a stream
 * @param isOwnFetch whether requests go through a function of the caller's
 */
export function wayToSend(inChunks: boolean, isOwnFetch: boolean): Way {
  if (!inChunks) return "whole";
  if (runtime.XMLHttpRequest) return isOwnFetch ? "whole" : "xhr";
  return runtime.FixedLengthStream || runtime.process?.versions?.node ? "stream" : "whole";
}

/**
 * What makes a call send this body in this way.
 *
 * @param answered is shown each good answer
 */
export function sentOver(
  way: Way,
  body: UploadBody,
  onProgress: ((progress: Progress) => void) | undefined,
  answered?: (response: Response) => void,
): Pick<Call, "transmit" | "extraTime"> {
  const send = { whole: sendWhole, stream: sendStream, xhr: sendByXhr }[way];
  return {
    extraTime: way === "whole" ? (body.length / SLOWEST_RATE) * 1000 : 0,
    transmit: async (exchange) => {
      let reported = -1;
      const sent = (bytes: number): void => {
        exchange.alive();
        const loaded = Math.min(Math.max(bytes - body.before, 0), body.size);
        if (loaded <= reported) return;
        reported = loaded;
        try {
          onProgress?.({ loaded, total: body.size });
        } catch (error) {
          exchange.stop(error);
        }
      };
      const response = await send(exchange, body, sent);
      if (response.ok) {
        sent(body.length);
        answered?.(response);
      }
      return response;
    },
  };
}

type Send = (exchange: Exchange, body: UploadBody, sent: (bytes: number) => void) => Promise<Response>;

const sendWhole: Send = async (exchange, body) => {
  const { method, url, headers, fetch, signal } = exchange;
  return fetch(url, { method, headers, signal, redirect: REDIRECT, body: await blobOf(exchange, body) });
};

const sendStream: Send = async (exchange, body, sent) => {
  const { method, url, headers, fetch, signal } = exchange;
  let stream = streamOf(exchange, body, sent);
  // With its length known the server needs no buffer. Workers ignore the header, Node takes the length from it.
  if (runtime.FixedLengthStream) stream = stream.pipeThrough(new runtime.FixedLengthStream(body.length));
  else headers.set("Content-Length", String(body.length));
  const init = { method, headers, signal, redirect: REDIRECT, body: stream, duplex: "half" } as const;
  return fetch(url, init);
};

const sendByXhr: Send = async (exchange, body, sent) => {
  const { method, url, headers, signal } = exchange;
  const blob = await blobOf(exchange, body);
  return new Promise((resolve, reject) => {
    if (!runtime.XMLHttpRequest) return;
    const xhr = new runtime.XMLHttpRequest();
    xhr.open(method, url);
    headers.forEach((value, name) => xhr.setRequestHeader(name, value));
    xhr.upload.addEventListener("progress", ({ loaded }) => sent(loaded));
    xhr.addEventListener("load", () => {
      const lines = xhr.getAllResponseHeaders().matchAll(/^([^:\r\n]+): *(.*?)\r?$/gm);
      const pairs = Array.from(lines, ([, name = "", value = ""]) => [name, value] as [string, string]);
      resolve(new Response(xhr.responseText || null, { status: xhr.status, headers: pairs }));
    });
    xhr.addEventListener("error", () => reject(new TypeError("the browser could not send it")));
    signal.addEventListener("abort", () => {
      xhr.abort();
      reject(signal.reason as Error);
    });
    xhr.send(blob);
  });
};

/** All of a body at once. A stream is read into memory: this runtime cannot send one. */
async function blobOf(exchange: Exchange, body: UploadBody): Promise<Blob> {
  const { pieces } = body;
  const blobs = pieces.filter((piece) => piece instanceof Blob);
  if (blobs.length < pieces.length) return new Response(streamOf(exchange, body, exchange.alive)).blob();
  return pieces.length === 1 && blobs[0] ? blobs[0] : new Blob(blobs);
}

/** A body as a stream that is read as fast as it is sent. What fails in it is what the call fails with. */
function streamOf(
  { signal, stop }: Exchange,
  { pieces, size }: UploadBody,
  sent: (bytes: number) => void,
): ReadableStream<Uint8Array> {
  // Streams are taken hold of now: they are to be cancelled even if nothing is ever read.
  const sources = pieces.map((piece) => (piece instanceof Blob ? slices(piece) : exactly(piece, size, signal)));
  const chunks = joined(sources);
  let bytes = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await chunks.next();
          if (done) {
            controller.close();
            return;
          }
          bytes += value.byteLength;
          controller.enqueue(value);
          sent(bytes);
        } catch (error) {
          stop(error);
          controller.error(error);
        }
      },
    },
    { highWaterMark: 0 },
  );
}

type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

async function* joined(sources: readonly Chunks[]): Chunks {
  for (const source of sources) yield* source;
}

async function* slices(blob: Blob): Chunks {
  for (let at = 0; at < blob.size; at += CHUNK_BYTES) {
    yield new Uint8Array(await blob.slice(at, at + CHUNK_BYTES).arrayBuffer());
  }
}

/** The chunks of a stream that must have so many bytes. The signal, which every exchange ends with, cancels it. */
function exactly(stream: ReadableStream<Uint8Array>, size: number, signal: AbortSignal): Chunks {
  const reader = stream.getReader();
  signal.addEventListener("abort", () => {
    reader.cancel(signal.reason).catch(() => {});
  });
  return (async function* read() {
    let left = size;
    for (;;) {
      const { value, done } = await reader.read();
      left -= done ? 0 : value.byteLength;
      // A chunk that is no bytes makes it NaN.
      if (done ? left !== 0 : !(left >= 0)) {
        throw new TypeError(
          `size: the stream has ${done ? "less" : "more"} than the ${size} bytes that it is said to have`,
        );
      }
      if (done) return;
      yield value;
    }
  })();
}
