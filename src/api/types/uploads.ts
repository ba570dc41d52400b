/** Resumable uploads, and tickets for uploads. */

import type { AssetPathFields } from "./assets.ts";

/** How a resumable upload stands. */
export interface UploadInfo {
  id: string;
  /** `completing`: all bytes are safe, and the asset is still to be made. */
  state: "open" | "completing" | "done";
  /** How many bytes are safe: the next ones begin here. */
  offset: number;
  length: number;
  /** When it ends unless bytes come. When it is done: when it is forgotten. */
  expires_at: string;
  /** The asset that came of it. */
  asset_id: string | null;
}

/** What a ticket is to be for: one file, at a path. What else it names cannot be changed by whoever uploads. */
export interface NewTicket extends AssetPathFields {
  filename?: string;
  /** The most bytes of the file. */
  max_file_bytes?: number;
  /** The media types of the file: `image/png`, or `image/*` for all of that kind. */
  allowed_types?: string[];
  metadata?: Record<string, unknown>;
  tags?: string[];
  /** Seconds in which an upload must begin: 1 to 604,800; 3,600 unless said. */
  expires_in?: number;
}

/** A URL by which whoever has it uploads one file. */
export interface Ticket {
  url: string;
  /** What asks what came of it. */
  ticket_id: string;
  expires_at: string;
}
