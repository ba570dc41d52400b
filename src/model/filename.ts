/** What a filename may be. It becomes a part of a key, of a header, and of a path on someone's disk. */

import { hasControl } from "./control.ts";
import { MAX_FILENAME_BYTES } from "./limits.ts";
import { invalid, type Result } from "./refusal.ts";

/** The name that a client's path ends in: some clients send the whole path, with either separator. */
export const lastSegment = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);

/** Checks a filename. It is stored as it was sent, so it must be safe wherever it goes. */
export function checkFilename(filename: string): Result<{ filename: string }> {
  if (filename === "") return invalid("filename: must not be empty");
  if (filename === "." || filename === "..") return invalid('filename: must not be "." or ".."');
  if (/[/\\]/.test(filename)) return invalid("filename: must not contain / or \\");
  if (hasControl(filename)) return invalid("filename: must not contain control characters");
  if (!filename.isWellFormed()) return invalid("filename: must be valid Unicode");
  // The console asks here too, and browsers have no Buffer. What is longer in characters is not counted.
  if (filename.length > MAX_FILENAME_BYTES || new TextEncoder().encode(filename).length > MAX_FILENAME_BYTES) {
    return invalid(`filename: must be at most ${MAX_FILENAME_BYTES} bytes of UTF-8`);
  }
  return { ok: true, filename };
}
