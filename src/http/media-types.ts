/** Which media types and encodings a method takes, as answers say it. */

import { refuse, type Refusal } from "../model/refusal.ts";

/** The header that belongs to the method (RFC 5789 3.1, Linked Data Platform 7.1). */
export const acceptedTypes = (method: string, types: readonly string[]): Record<string, string> => ({
  [method === "PATCH" ? "Accept-Patch" : "Accept-Post"]: types.join(", "),
});

/** The 415 of a body whose type is not taken. It names the types that would be (RFC 9110 15.5.16 and 12.5.1). */
export const unsupportedType = (
  { method }: { readonly method: string },
  types: readonly string[],
  message = `Content-Type: must be ${types.join(" or ")}`,
): Refusal => refuse("UNSUPPORTED_MEDIA_TYPE", message, acceptedTypes(method, types));

/** The 415 of a file that is sent in another form than it has. Undefined when there is no Content-Encoding that changes it. */
export function unsupportedEncoding(contentEncoding: string | null): Refusal | undefined {
  if ((contentEncoding?.trim().toLowerCase() ?? "identity") === "identity") return undefined;
  // RFC 9110 15.5.16: the refusal says what would be accepted.
  const message = "Content-Encoding: must be identity; send the file as it is";
  return refuse("UNSUPPORTED_MEDIA_TYPE", message, { "Accept-Encoding": "identity" });
}
