/**
 * A connection to a server, made so that little of the machine goes to the load itself. Why the load generator is our
 * own stands in docs/decisions/019-own-load-generator.md.
 */

import type { IncomingHttpHeaders } from "node:http";
import { Client, type Dispatcher } from "undici";
import type { Shot } from "./shot.ts";

/** A server that is silent for this long is taken for dead. Milliseconds. */
const SILENCE_MS = 120_000;

/**
 * One connection with one request on it at a time. It is its own handler of undici's lowest interface, so that a
 * request makes no streams and no closures.
 */
export class Connection implements Dispatcher.DispatchHandler {
  readonly #client: Client;
  readonly #chunks: Buffer[] = [];
  #keeps = false;
  #resolve: (answer: Connection) => void = () => {};
  #reject: (error: Error) => void = () => {};
  /** The status of the latest answer. */
  status = 0;
  /** The headers of the latest answer. */
  headers: IncomingHttpHeaders = {};
  /** How many bytes the body of the latest answer has. */
  bytes = 0;
  /** The Location of the latest answer; empty when it has none. */
  location = "";

  constructor(url: string) {
    this.#client = new Client(url, { pipelining: 1, headersTimeout: SILENCE_MS, bodyTimeout: SILENCE_MS });
  }

  /**
   * Connects, TLS included, by a request that is not counted. A server that is not there shows with the first request
   * that is counted.
   */
  async open(): Promise<void> {
    await this.send({ method: "GET", path: "/healthz", expect: 200 }).catch(() => undefined);
  }

  /** Sends a request and returns this connection, which then has the answer. Rejects when the connection fails. */
  send(shot: Shot): Promise<Connection> {
    this.status = this.bytes = this.#chunks.length = 0;
    this.#keeps = shot.answered !== undefined;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      const { method, path, headers = null, body = null } = shot;
      this.#client.dispatch({ method, path, headers, body }, this);
    });
  }

  /** The body of the latest answer. It is kept only if the request has use for it. */
  body(): Buffer {
    const [first] = this.#chunks;
    return first && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.status = status;
    this.location = headers.location ?? "";
    this.headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.#keeps) this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#resolve(this);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
  }
}

/** Makes one request and returns the body of its answer. Throws when the answer has another status than expected. */
export async function ask(url: string, shot: Shot): Promise<Buffer> {
  const connection = new Connection(url);
  try {
    const answer = await connection.send({ ...shot, answered: () => {} });
    if (answer.status !== shot.expect)
      throw new Error(`${shot.method} ${shot.path}: ${answer.status} ${answer.body().toString()}`);
    return answer.body();
  } finally {
    await connection.close();
  }
}
