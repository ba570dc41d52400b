import { invalid, type Result } from "../model/refusal.ts";

/** A dictionary member of a digest field (RFC 9530 2, RFC 8941 3.2): an algorithm and its value in base64. */
const MEMBER = /^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):$/;
const SHA256_BYTES = 32;

/**
 * The SHA-256 (lower-case hex) that a Content-Digest promises; undefined when it promises none. Other algorithms are
 * ignored, as the RFC wants it.
 */
export function promisedDigest(header: string | null | undefined): Result<{ sha256: string | undefined }> {
  if (!header) return { ok: true, sha256: undefined };
  let sha256: string | undefined;
  for (const part of header.split(",")) {
    const member = MEMBER.exec(part.trim());
    if (!member) return invalid("Content-Digest: must be of the form sha-256=:base64: (RFC 9530)");
    if (member[1] !== "sha-256") continue;
    const digest = Buffer.from(member[2] ?? "", "base64");
    if (digest.length !== SHA256_BYTES) return invalid("Content-Digest: sha-256 must be 32 bytes in base64");
    sha256 = digest.toString("hex");
  }
  return { ok: true, sha256 };
}
