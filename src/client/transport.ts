/** How a call becomes requests: where it goes, how long it may take, and how often it is tried. */

import { refusalOf, StrongroomError, unexpected } from "./error.ts";
import { didNothing, isRunning, mayRepeat, MOST_WAITS, pauseBefore, sleep } from "./retry.ts";
import type { CallOptions, ConnectionOptions, ErrorCode, Fetch } from "./types.ts";

const DEFAULT_RETRIES = 3;

/** The longest that the server lets a request wait, which is for memory: then it answers 503. Milliseconds. */
const DEFAULT_TIMEOUT_MS = 60_000;

/** A longer timer goes off at once, everywhere. Milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** One call of the API. */
export interface Call extends CallOptions {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Segments behind `/api/v1`, as they are meant: they are encoded here. */
  readonly path: readonly string[];
  /** Encoded. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Sends the request in another way than with `body`. */
  readonly transmit?: (exchange: Exchange) => Promise<Response>;
  /** Milliseconds that it may take beyond the client's time-out, because nothing tells how it goes. */
  readonly extraTime?: number;
  /** The body can be sent once only. */
  readonly isOnce?: boolean;
  /** What is done twice by it does no harm, though it is a POST. */
  readonly isHarmless?: boolean;
  /** The body of a good answer is the caller's to read. */
  readonly isUnread?: boolean;
  /** The refusal that a repeated DELETE meets when the first one, whose answer was lost, has done it. */
  readonly goneCode?: ErrorCode;
}

/** One attempt at a call, as whoever sends its body sees it. */
export interface Exchange {
  readonly method: Call["method"];
  readonly url: string;
  readonly headers: Headers;
  readonly fetch: Fetch;
  /** Aborted when the caller aborts, when the time is over, and by {@link stop}. */
  readonly signal: AbortSignal;
  /** Something went on: the time begins anew. */
  readonly alive: () => void;
  /** Ends the call, which then rejects with this reason as it is. */
  readonly stop: (reason: unknown) => void;
}

interface Answer {
  readonly response: Response;
  /** Empty when the body is left to the caller. */
  readonly text: string;
}

/** What makes a call send a value as JSON. */
export const jsonBody = (value: unknown, type = "application/json") => ({
  headers: { "Content-Type": type },
  body: JSON.stringify(value),
});

/** A path behind `/api/v1/vaults/{vaultId}`. */
export const inVault = (vaultId: string, ...rest: string[]): string[] => ["vaults", vaultId, ...rest];

/** Parameters of a query. One that has a list stands there once for each of its values. */
export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** A query of the parameters that have a value, with its question mark. Throws URIError for text that is not Unicode. */
export function queryOf(parameters: Query): string {
  const pairs = Object.entries(parameters)
    .flatMap(([name, value]) => [value ?? []].flat().map((each) => [name, String(each)] as const))
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

/** `/a/b`. Dots and nothing would name something else than what is meant, such as a whole vault where one key was. */
function pathOf(segments: readonly string[]): string {
  return segments
    .map((segment) => {
      if (typeof segment !== "string" || /^\.{0,2}$/.test(segment))
        throw new TypeError(`${segment}: is no id and no name`);
      return `/${encodeURIComponent(segment)}`;
    })
    .join("");
}

export class Transport {
  readonly token: string;
  readonly #isInHeader: boolean;
  readonly #base: string;
  readonly #timeout: number;
  /** How often a call is repeated that failed. */
  readonly maxRetries: number;
  readonly onRetry: ConnectionOptions["onRetry"];
  readonly #fetch: Fetch;
  /** Whether requests go through a function of the caller's. */
  readonly isOwnFetch: boolean;

  /** @param sentIn where the token goes. One that goes into the URL is for each call to put there */
  constructor(
    token: string,
    { url, fetch, timeout = DEFAULT_TIMEOUT_MS, maxRetries = DEFAULT_RETRIES, onRetry }: ConnectionOptions,
    sentIn: "header" | "url" = "header",
  ) {
    // The message of a header that cannot be sent would show it.
    if (typeof token !== "string" || !/^[!-~]+$/.test(token))
      throw new TypeError("the key or token must be one word of ASCII");
    const { origin, pathname, protocol } = new URL(url);
    if (!/^https?:$/.test(protocol)) throw new TypeError("url: must begin with http:// or https://");
    if (!(timeout > 0)) throw new TypeError("timeout: must be more than 0");
    this.token = token;
    this.#isInHeader = sentIn === "header";
    this.#base = `${origin}${pathname.replace(/\/+$/, "")}/api/v1`;
    this.#timeout = timeout;
    this.maxRetries = maxRetries;
    this.onRetry = onRetry;
    // Called as a function of its own: a browser's `fetch` refuses to be a method of anything else.
    this.#fetch = fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.isOwnFetch = fetch !== undefined;
  }

  /** A call whose answer is JSON, read by `read`. */
  async json<T>(call: Call, read: (value: object, response: Response) => T): Promise<T> {
    const { response, text } = await this.#send(call);
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === "object" && value !== null) return read(value, response);
    } catch {
      // Neither JSON nor what was asked for.
    }
    throw unexpected(response, this.#shown(text));
  }

  /** A call that is answered by 204. */
  async done(call: Call): Promise<void> {
    const { response, text } = await this.#send(call);
    if (response.ok && response.status !== 204) throw unexpected(response, this.#shown(text));
  }

  /** A call whose answer is for the caller to read. */
  async open(call: Call): Promise<Response> {
    return (await this.#send({ ...call, isUnread: true })).response;
  }

  /** Where a call goes. */
  url({ path, query = "" }: Pick<Call, "path" | "query">): string {
    return this.#base + pathOf(path) + query;
  }

  async #send(call: Call): Promise<Answer> {
    const url = this.url(call);
    /** Whether an attempt before may have done what is asked. */
    let mayBeDone = false;
    let failures = 0;
    let waits = 0;
    for (;;) {
      let failure: StrongroomError;
      try {
        const answer = await this.#attempt(call, url);
        if (answer.response.ok) return answer;
        failure = refusalOf(answer.response, this.#shown(answer.text));
        if (mayBeDone && failure.code === call.goneCode) return answer;
      } catch (error) {
        if (!(error instanceof StrongroomError)) throw error;
        failure = error;
      }
      const isEnough = isRunning(call, failure)
        ? ++waits > (this.maxRetries > 0 ? MOST_WAITS : 0)
        : ++failures > this.maxRetries;
      const isLast = isEnough || call.isOnce === true || !mayRepeat(call, failure);
      const pause = isLast ? undefined : pauseBefore(failures + waits, failure);
      if (pause === undefined) throw failure;
      mayBeDone ||= !didNothing(failure);
      this.onRetry?.(failure, pause);
      await sleep(pause, call.signal);
    }
  }

  /** One request. Throws StrongroomError when no answer came, and reasons of aborts as they are. */
  async #attempt(call: Call, url: string): Promise<Answer> {
    const { signal: outer } = call;
    outer?.throwIfAborted();
    const headers = new Headers(call.headers);
    if (this.#isInHeader) headers.set("Authorization", `Bearer ${this.token}`);
    const controller = new AbortController();
    // Stays bound to the caller's signal while a body is read that is the caller's.
    const signal = outer ? AbortSignal.any([outer, controller.signal]) : controller.signal;
    const time = this.#timeout + (call.extraTime ?? 0);
    let isLeft = false;
    let stopTimer = (): void => {};
    const alive = (): void => {
      stopTimer();
      if (time > LONGEST_TIMER_MS || signal.aborted) return;
      const timer = setTimeout(() => controller.abort(this.#silence(call, "TIMEOUT", time)), time);
      stopTimer = () => clearTimeout(timer);
    };
    alive();
    try {
      const exchange: Exchange = {
        method: call.method,
        url,
        headers,
        fetch: this.#fetch,
        signal,
        alive,
        stop: (reason) => controller.abort(reason),
      };
      const response = await (call.transmit ?? transmit)(exchange, call);
      isLeft = call.isUnread === true && response.ok;
      return { response, text: isLeft ? "" : await response.text() };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw this.#silence(call, "NETWORK_ERROR", error);
    } finally {
      stopTimer();
      // It is over: whatever else heeds the signal lets go of what it holds.
      if (!isLeft) controller.abort();
    }
  }

  /** There was no answer: within a time in milliseconds, or because of an error. */
  #silence({ method, path }: Call, code: "TIMEOUT" | "NETWORK_ERROR", why: unknown): StrongroomError {
    const reason = typeof why === "number" ? `within ${why} ms` : `(${reasonOf(why)})`;
    const message = this.#shown(`no answer ${reason} to ${method} ${this.#base}${pathOf(path)}`);
    return new StrongroomError(message, { code, status: 0, cause: typeof why === "number" ? undefined : why });
  }

  /** Whatever answers may repeat what it was sent. */
  #shown(text: string): string {
    return text.replaceAll(this.token, "…");
  }
}

/** What failed in the end: `fetch` itself only says that it did. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error
    ? reasonOf(error.cause)
    : error.message || String((error as { code?: unknown }).code);
}

/**
 * The API redirects nowhere. To follow a redirect would make a GET of a POST: of an upload, a list. Workers know no `error`
 * here, and all others say with `manual` as well that it was one.
 */
export const REDIRECT = "manual";

function transmit({ url, headers, fetch, signal }: Exchange, { method, body }: Call): Promise<Response> {
  return fetch(url, { method, headers, signal, redirect: REDIRECT, ...(body === undefined ? {} : { body }) });
}
