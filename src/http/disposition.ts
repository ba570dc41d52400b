import { essence } from "../model/mime.ts";

/**
 * Types that a browser may show in place. Everything else is sent as an attachment: HTML, SVG, XML and PDF can run script, and
 * what is not known might.
 */
const SHOWN =
  /^(?:image\/(?:png|jpeg|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon)|(?:audio|video)\/[\w.+-]+|text\/plain)$/;

export type Disposition = "inline" | "attachment";

/** How a body of this type is sent: as asked, but never in place when it could run script. */
export const safeDisposition = (mimeType: string, asked: Disposition): Disposition =>
  asked === "inline" && SHOWN.test(essence(mimeType)) ? "inline" : "attachment";

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
