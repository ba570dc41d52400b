import type { ErrorCode, StrongroomErrorCode } from "./types.ts";

/**
 * The one error of calls that failed.
 *
 * What is wrong before anything is sent (an id that is no text, a file without a name) is a `TypeError`, and a call that was
 * aborted rejects with its signal's reason.
 *
 * @example
 * try {
 *   await vault.assets.get(id);
 * } catch (error) {
 *   if (error instanceof StrongroomError && error.code === "ASSET_NOT_FOUND") return undefined;
 *   throw error;
 * }
 */
export class StrongroomError extends Error {
  override readonly name = "StrongroomError";
  /** What to act on. A code that you do not know: go by {@link status}. */
  readonly code: StrongroomErrorCode;
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Names the request in the server's log; undefined when no answer of the server's came. */
  readonly requestId: string | undefined;
  /** Seconds after which it is worth to try again; undefined when the server did not say. */
  readonly retryAfter: number | undefined;

  constructor(
    message: string,
    about: {
      code: StrongroomErrorCode;
      status: number;
      requestId?: string | undefined;
      retryAfter?: number | undefined;
      cause?: unknown;
    },
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = about.code;
    this.status = about.status;
    this.requestId = about.requestId;
    this.retryAfter = about.retryAfter;
  }
}

/** The code that stands for a status in an answer that has no code: one of a proxy on the way, or of Cloudflare's edge. */
export const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: "INVALID_PARAMS",
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  405: "METHOD_NOT_ALLOWED",
  408: "REQUEST_TIMEOUT",
  409: "CONFLICT",
  412: "PRECONDITION_FAILED",
  413: "PAYLOAD_TOO_LARGE",
  415: "UNSUPPORTED_MEDIA_TYPE",
  416: "RANGE_NOT_SATISFIABLE",
  429: "RATE_LIMITED",
  500: "INTERNAL_ERROR",
};

/** What is looked at, and what is shown, of an answer that is not ours. Characters. */
const LOOKED_AT = 4_096;
const SHOWN = 200;

/** What is most often wrong when an answer with this status is not ours. */
const HINTS: Readonly<Record<number, string>> = {
  404: "; is the url right?",
  413: "; the file may be larger than a proxy or the Cloudflare plan lets through",
};

/** What a refusal says. `text` is its body, without what must not be shown. */
export function refusalOf(response: Response, text: string): StrongroomError {
  const { status, headers } = response;
  const about = {
    status,
    requestId: headers.get("X-Request-Id") ?? undefined,
    retryAfter: secondsUntil(headers.get("Retry-After")),
  };
  const ours = errorIn(text);
  if (ours) return new StrongroomError(ours.message, { ...about, code: ours.code });
  const isRedirect = (response.type as string) === "opaqueredirect" || (status >= 300 && status < 400);
  const code = CODE_OF_STATUS[status] ?? (status > 500 ? "UNAVAILABLE" : "UNEXPECTED_ANSWER");
  return new StrongroomError(
    isRedirect
      ? "the url leads somewhere else: give the one that it redirects to"
      : `HTTP ${status}, not from Strongroom but from something before it${HINTS[status] ?? ""}${excerpt(text)}`,
    { ...about, code },
  );
}

/** An answer that says that all went well, and cannot be read. */
export const unexpected = ({ status }: Response, text: string): StrongroomError =>
  new StrongroomError(`HTTP ${status}, but the answer is not one of Strongroom's; is the url right?${excerpt(text)}`, {
    code: "UNEXPECTED_ANSWER",
    status,
  });

function errorIn(text: string): { code: string; message: string } | undefined {
  try {
    const { code, message } = (JSON.parse(text) as { error: { code: unknown; message: unknown } }).error;
    return typeof code === "string" && typeof message === "string" ? { code, message } : undefined;
  } catch {
    return undefined;
  }
}

/** The beginning of what a person would read of a page. */
function excerpt(text: string): string {
  const words = text
    .slice(0, LOOKED_AT)
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  return words && `: ${words.slice(0, SHOWN)}`;
}

/** RFC 9110 10.2.3: seconds, or a date. */
function secondsUntil(retryAfter: string | null): number | undefined {
  if (retryAfter === null) return undefined;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, Math.ceil(seconds));
}
