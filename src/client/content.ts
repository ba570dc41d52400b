import { unexpected } from "./error.ts";
import type { Transport } from "./transport.ts";
import type { DownloadOptions } from "./types.ts";
import { rangeOf } from "./values.ts";

/** Opens the content at a path. The body is the caller's to read. */
export async function openContent(
  transport: Transport,
  path: string[],
  { range, signal }: DownloadOptions,
): Promise<Response> {
  const headers: Record<string, string> = range ? { Range: rangeOf(range) } : {};
  const response = await transport.open({ method: "GET", path, headers, signal });
  if (!range || response.status === 206) return response;
  // Something on the way does not know ranges: these bytes are not those that were asked for.
  await response.body?.cancel();
  throw unexpected(response, "");
}
