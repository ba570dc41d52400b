/** What may be repeated, and when. Tests replace how long one waits (vi.mock). */

import type { StrongroomError } from "./error.ts";
import { KEY_HEADER } from "./values.ts";

/**
 * How often a call is repeated because an attempt before is still running. With the server's Retry-After of 2 seconds, and
 * pauses that grow, these are more than a minute.
 */
export const MOST_WAITS = 15;

/** The first pause, which doubles, and the longest one. Milliseconds. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;

/** The longest Retry-After that is waited for: whoever is told more has a person to ask. Seconds. */
const LONGEST_RETRY_AFTER_S = 30;

/**
 * What a connection fails with before it is one: no byte of the request can have arrived. Node gives the system's code in the
 * cause of what `fetch` throws; undici and Bun have one of their own. Nothing else counts: a browser's "Failed to fetch" may
 * be a lost answer as well as a name that does not resolve.
 */
const NEVER_CONNECTED: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
  "ConnectionRefused",
]);

/** Whether a failed call has certainly changed nothing: it was put off (429), or it never left. */
export function didNothing(error: StrongroomError): boolean {
  if (error.status === 429) return true;
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    if (NEVER_CONNECTED.has((cause as { code?: unknown }).code)) return true;
  }
  return false;
}

/** Of a call, what tells whether it may be made once more. */
interface Repeatable {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isHarmless?: boolean;
}

const isKeyed = ({ headers }: Repeatable): boolean => headers?.[KEY_HEADER] !== undefined;

/** Whether the server still works on an attempt before, which it takes for alive up to a minute after it died. */
export const isRunning = (call: Repeatable, { status, retryAfter }: StrongroomError): boolean =>
  status === 409 && retryAfter !== undefined && isKeyed(call);

/**
 * Whether a failed call may be made once more. A read and a DELETE come to the same when they are done twice, and so does a
 * write that has a key or does no harm: they are repeated after any failure that may pass. Other writes are repeated only when they did
 * nothing.
 */
export function mayRepeat(call: Repeatable, error: StrongroomError): boolean {
  if (didNothing(error)) return true;
  if (call.method !== "GET" && call.method !== "DELETE" && !isKeyed(call) && !call.isHarmless) return false;
  const { code, status } = error;
  return code === "NETWORK_ERROR" || code === "TIMEOUT" || status === 408 || status >= 500 || isRunning(call, error);
}

/**
 * Milliseconds until a call is repeated; undefined when the server wants more than is waited for. Random, so that clients
 * that failed together do not come back together.
 */
export function pauseBefore(repeat: number, { retryAfter = 0 }: StrongroomError): number | undefined {
  if (retryAfter > LONGEST_RETRY_AFTER_S) return undefined;
  const most = Math.min(FIRST_PAUSE_MS * 2 ** (repeat - 1), LONGEST_PAUSE_MS);
  return retryAfter * 1000 + most * (0.5 + Math.random() / 2);
}

/** Resolves after a time; rejects with the signal's reason as soon as it is aborted. */
export async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  let wake = (): void => {};
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
    signal?.addEventListener("abort", wake);
  });
  signal?.removeEventListener("abort", wake);
  signal?.throwIfAborted();
}
