/** Media types by a filename's extension, for files whose sender names no type. */

import mime from "mime";

/**
 * Extensions that come before the table of the package. The package lacks them, or has them under a name that is no
 * longer the registered one (RFC 9639), that no browser knows, or that is not what this API has said from its beginning
 * (rtf, xml). Where nothing is registered, the name is the one that is commonly used.
 */
const OURS: ReadonlyMap<string, string> = new Map([
  ["arrow", "application/vnd.apache.arrow.file"],
  ["br", "application/x-brotli"],
  ["cur", "image/x-icon"],
  ["flac", "audio/flac"],
  ["graphql", "application/graphql"],
  ["hsj2", "image/hsj2"],
  ["jfif", "image/jpeg"],
  ["jsonc", "application/json"],
  ["jsonl", "application/jsonl"],
  ["ndjson", "application/x-ndjson"],
  ["parquet", "application/vnd.apache.parquet"],
  ["py", "text/x-python"],
  ["rtf", "text/rtf"],
  ["sqlite", "application/vnd.sqlite3"],
  ["tgz", "application/gzip"],
  ["tsx", "text/tsx"],
  ["xml", "text/xml"],
  ["zst", "application/zstd"],
]);

/** What follows the last dot of a name, in lower case; "" when there is no dot. */
export const extensionOf = (filename: string): string => {
  const dot = filename.lastIndexOf(".");
  return dot < 0 ? "" : filename.slice(dot + 1).toLowerCase();
};

/**
 * The media type of files with this extension; undefined when none is known. Both tables are maps, so no extension
 * finds what an object inherits.
 */
export const typeOfExtension = (extension: string): string | undefined =>
  extension === "" ? undefined : (OURS.get(extension) ?? mime.getType(extension) ?? undefined);
