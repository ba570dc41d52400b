import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { absent } from "./absent.ts";

/** SHA-256 of a file, in lower-case hex. */
export async function fileDigest(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { signal })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** Whether there is a file of this size. Bytes. */
export async function hasSize(file: string, size: number): Promise<boolean> {
  const found = await stat(file).catch(absent);
  return found?.isFile() === true && found.size === size;
}

/** Whether there is a file with this SHA-256. */
export async function hasContent(file: string, sha256: string, signal: AbortSignal): Promise<boolean> {
  const found = await stat(file).catch(absent);
  return found?.isFile() === true && (await fileDigest(file, signal)) === sha256;
}

/**
 * The SHA-256 that an answer with content names, in lower-case hex: in Repr-Digest (RFC 9530), else as the entity tag.
 *
 * @throws Error when it names none: what came could not be told from what should have come
 */
export function namedDigest({ headers }: Response): string {
  const named = /(?:^|,)\s*sha-256=:([\w+/]{43}=):/.exec(headers.get("Repr-Digest") ?? "")?.[1];
  if (named !== undefined) return Buffer.from(named, "base64").toString("hex");
  const tag = /^"([0-9a-f]{64})"$/.exec(headers.get("ETag") ?? "")?.[1];
  if (tag === undefined) throw new Error("the answer does not say what its SHA-256 should be");
  return tag;
}
