/**
 * Types that a browser may show in place. Everything else is sent as an attachment: HTML, SVG, XML and PDF can run script, and
 * what is not known might.
 */
const SHOWN =
  /^(?:image\/(?:a?png|p?jpeg|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon)|(?:audio|video)\/[\w.+-]+|text\/plain)$/;

/**
 * Whatever a body is, it gets no origin to act in and runs no script. What a browser's own players are made of may be
 * loaded and drawn: the media that the page consists of, and the styles that the browser puts into it.
 */
export const CONTENT_POLICY = "sandbox; default-src 'none'; media-src 'self'; style-src 'unsafe-inline'";

export type Disposition = "inline" | "attachment";

/** How a body of this type (its essence) is sent: as asked, but never in place when it could run script. */
export const safeDisposition = (essence: string, asked: Disposition): Disposition =>
  asked === "inline" && SHOWN.test(essence) ? "inline" : "attachment";

/**
 * RFC 6266 4: a quoted name that every client understands and, when that is not the whole truth, the real one in the
 * encoding of RFC 8187.
 */
export function contentDisposition(disposition: Disposition, filename: string): string {
  const plain = filename.replace(/[^\x20-\x7e]|["\\%]/gu, "_");
  if (plain === filename) return `${disposition}; filename="${filename}"`;
  // encodeURIComponent leaves these, which attr-char does not have.
  const encoded = encodeURIComponent(filename).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${disposition}; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
