/**
 * What keeps content from being run by pages of this server's own origin, where the console keeps keys. Why it is done so
 * stands in docs/decisions/029-content-and-the-console.md.
 */

/**
 * Types that a page runs or is styled by. A browser takes no other type for a script or a stylesheet, because all that is
 * sent says `nosniff`.
 */
const RUNNABLE =
  /^(?:(?:text|application)\/(?:x-)?(?:java|ecma)script|text\/(?:javascript1\.[0-5]|jscript|livescript|css))(?:;|$)/;

/** What a page wants of a file that it does not run: to open it in a place of its own, or to read or show its bytes. */
const HARMLESS = new Set(
  ["document", "iframe", "frame", "object", "embed"].concat("empty", "image", "audio", "video", "track", "font"),
);

/** Whether a browser could run content of this type, as it is sent. */
export const isRunnable = (contentType: string): boolean => RUNNABLE.test(contentType);

/**
 * Whether a page of this origin asks for content in order to run it. Browsers say so in headers that no script can set
 * (https://www.w3.org/TR/fetch-metadata/). Whoever sends none is not such a page, or was not come to in a secure way.
 */
export const isToBeRunHere = (headers: Headers): boolean =>
  headers.get("Sec-Fetch-Site") === "same-origin" && !HARMLESS.has(headers.get("Sec-Fetch-Dest") ?? "");

/** A cache that has what one request got by its headers must not give it to another one, which has others. */
export const varied = (vary: string | undefined): string =>
  [...(vary === undefined ? [] : [vary]), "Sec-Fetch-Site", "Sec-Fetch-Dest"].join(", ");
