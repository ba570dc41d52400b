/** What a body sink is told of its upload, and what it tells of the body in the end. */

import type { Env } from "../env.ts";
import type { AssetPath, KnownFile } from "../model/asset.ts";
import type { TicketTerms } from "../model/ticket.ts";
import type { Watchdog } from "../runtime/wait.ts";
import type { Dimensions } from "./image/image.ts";

/** What an upload needs of its surroundings. */
export interface UploadContext {
  readonly env: Env;
  readonly vaultId: string;
  /** The id of the request, for the log. */
  readonly request: string;
  readonly watchdog: Watchdog;
  /** What the ticket says by which the upload comes. */
  readonly terms?: TicketTerms | undefined;
  /**
   * Asks the vault whether the upload is still welcome, before a large file is streamed. `path` is undefined while it
   * is not known. Returns the most bytes that the file may have, as far as the vault is concerned. Throws Refused when
   * the upload is doomed.
   */
  readonly checkUpload: (path: AssetPath | undefined, file: KnownFile) => Promise<number>;
}

/** What a body sink needs to know of the upload that feeds it. */
export interface BodySource {
  /** The key to stream to. It is asked for once, when the body has grown too large to wait for the upload's end. */
  key(): string;
  mimeType(): string;
  /**
   * The exact size of the file, when it is known from the start. A file larger than SMALL_FILE_BYTES is then streamed
   * into one put, without any buffer.
   */
  readonly size?: number | undefined;
  /**
   * Called once before the upload takes much memory or streams its first byte, and again when the file turns out to be
   * larger than this returned. Throws Refused when the upload is doomed.
   *
   * @param least the least bytes that the file can have
   * @returns the most bytes that it may have
   */
  checkUpload(least: number): Promise<number>;
}

/** What the bytes turned out to be. */
export interface BodyFacts {
  readonly size: number;
  /** The SHA-256 of the bytes, in lower-case hex. */
  readonly sha256: string;
  readonly dimensions: Dimensions | null;
}
