/** Tickets: what lets somebody without a key upload one file. */

import type { FolderPath, AssetRecord, NewAsset } from "./asset.ts";
import { idTime } from "./id.ts";
import { SESSION_LIFE_MS, UPLOAD_DEADLINE_MS } from "./limits.ts";

/** What a ticket fixes of its file. */
export type FixedFields = FolderPath & Partial<Pick<NewAsset, "filename" | "metadata" | "tags">>;

/** What a ticket says, which is signed. */
export interface TicketTerms extends FixedFields {
  readonly id: string;
  /** The key that made it. */
  readonly key: string;
  /** The vault's generation at that time. */
  readonly generation: string;
  /** The most bytes of the file. */
  readonly max_file_bytes?: number;
  /** The media types that the file may have: `image/png`, or `image/*` for all of that kind. */
  readonly allowed_types?: readonly string[];
}

/** What a vault is told of the ticket by which a caller comes. */
export type TicketUse = Pick<TicketTerms, "id" | "generation">;

/** What is known of the bytes of an upload. */
export interface KnownBytes {
  readonly size?: number | undefined;
  /** The SHA-256, in lower-case hex. */
  readonly sha256?: string | undefined;
}

/**
 * Where a ticket stands: `open` while an upload with it may begin, `used` when an asset came of it, and else `expired`. An
 * upload that began in time may still bring an asset after that.
 */
export type TicketStatus = "open" | "used" | "expired";

/** A ticket as the API shows it to whoever made it. */
export interface TicketInfo {
  ticket_id: string;
  status: TicketStatus;
  expires_at: string;
  /** The asset that came of it. Null while there is none, and when it is gone. */
  asset: AssetRecord | null;
}

/** When a ticket ends, in epoch milliseconds. Its id begins with that time. */
export const ticketEnds = (id: string): number => idTime(id);

/**
 * How long after its end a ticket is still known: as long as an upload may take that began in time, and an hour for clocks
 * that differ. Milliseconds.
 */
export const TICKET_KEPT_MS: number = SESSION_LIFE_MS + UPLOAD_DEADLINE_MS;
