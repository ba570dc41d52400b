/**
 * How content reaches a browser: shown in place or saved, under which policy, and under which name. Anybody may have
 * uploaded a file, so it must not run script where it is opened.
 */

/**
 * Types that a browser may show in place. Everything else is sent as an attachment: HTML, SVG, XML and PDF can run
 * script, and a type that is not known might. To a browser every type that ends in `+xml` is XML, `video/x+xml` too.
 */
const SHOWN =
  /^(?:image\/(?:a?png|p?jpeg|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon)|(?:audio|video)\/[\w.-]+|text\/plain)$/;

/**
 * Whatever the content is, it gets no origin to act in and runs no script. It may load and draw what a browser's own
 * players are made of: the media that the page consists of, and the styles that the browser puts into it.
 */
export const CONTENT_POLICY = "sandbox; default-src 'none'; media-src 'self'; style-src 'unsafe-inline'";

export type Disposition = "inline" | "attachment";

/**
 * How a body of this type is sent: as it was asked for, but never in place when it could run script.
 *
 * @param essence type and subtype, in lower case
 */
export const safeDisposition = (essence: string, asked: Disposition): Disposition =>
  asked === "inline" && SHOWN.test(essence) ? "inline" : "attachment";

/**
 * The header's value (RFC 6266 4): a quoted name that every client understands. Where that is not the whole name, the
 * real one follows, in the encoding of RFC 8187.
 */
export function contentDisposition(disposition: Disposition, filename: string): string {
  const plain = filename.replace(/[^\x20-\x7e]|["\\%]/gu, "_");
  if (plain === filename) return `${disposition}; filename="${filename}"`;
  // encodeURIComponent leaves these four as they are, and RFC 8187 wants them encoded (they are no attr-char).
  const encoded = encodeURIComponent(filename).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${disposition}; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
