/** How a request is answered with content: all of it, a range, or nothing but its headers. */

import { refuse, type Refusal } from "../model/refusal.ts";
import { precondition, type Validators } from "./conditional.ts";
import { isRunnable, isToBeRunHere, varied } from "./own-pages.ts";
import { type ByteRange, requestedRange } from "./range.ts";
import type { Reply } from "./reply.ts";
import type { ApiRequest } from "./request.ts";

/** The content of a file as a request may be answered with it, wherever its bytes are. */
export interface Content {
  /** Bytes. */
  readonly size: number;
  readonly validators: Validators;
  /** The headers of a 200, but for its length. */
  readonly headers: Readonly<Record<string, string>>;
  /** Opens the bytes. Undefined when they cannot be read from here. */
  open(part: ByteRange | "all"): Promise<ReadableStream<Uint8Array> | Refusal | undefined>;
  /** Gives up what is at hand, because none of it is wanted. */
  close?(): void;
}

/** RFC 9110 15.4.5: the headers that a cache keeps up to date are in the 304 as in the 200. */
const NOT_MODIFIED = ["ETag", "Last-Modified", "Cache-Control", "Vary", "Content-Location", "Age"];

/** Answers a request with content. Undefined when its bytes cannot be read. */
export async function answerContent(api: ApiRequest, given: Content): Promise<Reply | Refusal | undefined> {
  let content = given;
  if (isRunnable(given.headers["Content-Type"] ?? "")) {
    if (isToBeRunHere(api.request.headers)) {
      given.close?.();
      return refuse("FORBIDDEN", "content must not be run by a page of this server");
    }
    content = { ...given, headers: { ...given.headers, Vary: varied(given.headers["Vary"]) } };
  }
  const asked = judge(api, content);
  if (typeof asked !== "string" && !("offset" in asked)) {
    content.close?.();
    return asked;
  }
  const isAll = asked === "all";
  const reply = {
    status: isAll ? 200 : 206,
    headers: {
      ...content.headers,
      "Content-Length": String(isAll ? content.size : asked.length),
      ...(isAll ? {} : { "Content-Range": `bytes ${asked.offset}-${asked.offset + asked.length - 1}/${content.size}` }),
    },
  };
  if (api.isHead) {
    content.close?.();
    return reply;
  }
  const opened = await content.open(asked);
  return opened instanceof ReadableStream ? { ...reply, body: opened } : opened;
}

/** What a request wants of content: a part of it, or an answer without any. */
function judge(api: ApiRequest, { size, validators, headers }: Content): ByteRange | "all" | Reply | Refusal {
  const sent = api.request.headers;
  const verdict = precondition(sent, validators);
  if (verdict === "failed")
    return refuse("PRECONDITION_FAILED", "the content is not the one that If-Match or If-Unmodified-Since names");
  if (verdict === "not-modified") {
    return {
      status: 304,
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => NOT_MODIFIED.includes(name))),
    };
  }
  // RFC 9110 14.2: a Range on anything but GET is ignored.
  const range = api.isHead ? "all" : requestedRange(sent, { size, etag: validators.etag });
  if (range !== "unsatisfiable") return range;
  return refuse("RANGE_NOT_SATISFIABLE", `Range: the content has ${size} bytes`, {
    "Content-Range": `bytes */${size}`,
  });
}
