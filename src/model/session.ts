/** Sessions: resumable uploads under way, as router and vault tell each other of them. */

import type { AssetPath, NewAsset, StoredRecord } from "./asset.ts";
import type { Refusal } from "./refusal.ts";
import type { Acknowledged } from "./safe-retry.ts";

/**
 * Where a session stands:
 *
 *     open       ── its bytes come, request by request
 *     completing ── all of them are safe, and R2 is to make one body of its parts
 *     done       ── there is an asset
 *     ended      ── it was given up, has expired or was refused; what R2 has of it is removed
 */
export type SessionState = "open" | "completing" | "done" | "ended";

/** What a session is told of its file when it begins. */
export type SessionFile = AssetPath & Pick<NewAsset, "mime_type" | "metadata" | "tags">;

/** A session that is to begin. */
export interface NewSession {
  readonly id: string;
  readonly file: SessionFile;
  /** Upload-Metadata, as it came. Empty when there was none. */
  readonly sent: string;
  /** The bytes that the whole file has. */
  readonly length: number;
  /** The state of the digest before the first byte. */
  readonly digest: string;
  /** Whether the same request goes on with its bytes. */
  readonly isHeld: boolean;
}

/** How a session stands. */
export interface SessionStatus {
  readonly id: string;
  readonly state: Exclude<SessionState, "ended">;
  /** Upload-Metadata, as it came. */
  readonly sent: string;
  /** The bytes that are safe. The next request begins with the byte behind them. */
  readonly offset: number;
  readonly length: number;
  /** When it ends unless bytes come, in epoch milliseconds. When it is done: when it is forgotten. */
  readonly ends: number;
  /** The asset that came of it, with the entity tag of its record. The tag is null when the asset has been deleted. */
  readonly asset: { readonly id: string; readonly etag: string | null } | null;
}

/** An R2 multipart upload. */
export interface Multipart {
  readonly upload_id: string;
  /** The id that the asset will have, and the key of its body. */
  readonly asset_id: string;
  readonly r2_key: string;
}

export interface SessionPart {
  readonly number: number;
  readonly etag: string;
}

/** The size that an image is shown with. Null when the file is no image. Undefined while that is not known. */
export type KnownDimensions = { readonly width: number; readonly height: number } | null | undefined;

/** A session as the one request has it that may go on with it. */
export interface HeldSession extends SessionStatus {
  /** The number of the request. What comes with an older number is refused. */
  readonly fence: number;
  readonly file: SessionFile;
  readonly multipart: Multipart | null;
  readonly parts: readonly SessionPart[];
  /** The safe bytes that are in no part yet: here when they are few, else in R2 under this key. */
  readonly tail: Uint8Array | null;
  readonly tail_key: string | null;
  /** The state of the digest at the offset. */
  readonly digest: string;
  /** The SHA-256 of the whole in lower-case hex, when all bytes are safe. */
  readonly sha256: string | null;
  readonly dimensions: KnownDimensions;
}

/** What a request has made safe. */
export interface SessionSave extends Pick<
  HeldSession,
  "offset" | "multipart" | "tail" | "tail_key" | "digest" | "sha256" | "dimensions"
> {
  /** The parts that have come since the last save. */
  readonly parts: readonly SessionPart[];
  /** How long ago the last byte came, in milliseconds. */
  readonly idleMs: number;
  /** Whether the request is over. */
  readonly isLast: boolean;
}

/** What becomes of a finished session: its body is in R2. */
export interface SessionBody extends Pick<NewAsset, "id" | "r2_key" | "size" | "width" | "height" | "sha256"> {
  /** Where the request began that brought the last byte. A repeat of that request gets its answer again. */
  readonly from: number;
}

/** What a commit came to: an asset, or a refusal that ends the session. */
export type SessionCommit =
  | { readonly status: SessionStatus; readonly stored: Acknowledged<StoredRecord> | null; readonly refusal?: undefined }
  | { readonly refusal: Refusal };

/** What a request wants to do with a session that it takes. */
export interface Taking {
  /** The offset that the client believes in. Undefined for whoever asks for it. */
  readonly offset: number | undefined;
  /** The bytes that the request declares; undefined when it declares none. */
  readonly length: number | undefined;
}

/** What a request gets that takes a session: the session, or how it stands when there is nothing to do. */
export interface Taken {
  readonly status: SessionStatus;
  readonly held: HeldSession | null;
}
