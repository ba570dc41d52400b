/** The tables of sessions: resumable uploads under way, and those that were over not long ago. */

import { SESSION_IDLE_MS, SESSION_LIFE_MS } from "../../model/limits.ts";
import type { Multipart, NewSession, SessionPart, SessionState } from "../../model/session.ts";
import type { Usage } from "./bounds.ts";
import type { Sql } from "./sql.ts";

/** The row of `sessions`. */
export interface SessionRow {
  id: string;
  key_id: string;
  ticket: string | null;
  state: SessionState;
  length: number;
  received: number;
  fence: number;
  began_at: number;
  ends: number;
  is_swept: 0 | 1;
  last_from: number | null;
  asset_id: string | null;
  r2_key: string | null;
  upload_id: string | null;
  sha256: string | null;
  dimensions: string | null;
  digest: string;
  tail: ArrayBuffer | Uint8Array | null;
  tail_key: string | null;
  file: string;
  sent: string;
}

const COLUMNS = [
  "id",
  "key_id",
  "ticket",
  "state",
  "length",
  "received",
  "fence",
  "began_at",
  "ends",
  "is_swept",
  "last_from",
  "asset_id",
  "r2_key",
  "upload_id",
  "sha256",
  "dimensions",
  "digest",
  "tail",
  "tail_key",
  "file",
  "sent",
] as const satisfies readonly (keyof SessionRow)[];

/** What changes while a session is under way. */
export type SessionProgress = Partial<
  Omit<SessionRow, "id" | "key_id" | "ticket" | "length" | "began_at" | "file" | "sent">
>;

/** What it takes to remove what R2 has of a session. */
export type Remains = Pick<SessionRow, "id"> & { [Field in keyof Multipart]: Multipart[Field] | null };

/**
 * When a session ends unless bytes come, in epoch milliseconds.
 *
 * @param keyEnds when its key expires
 */
export const endOfSession = (beganAt: number, keyEnds: number): number =>
  Math.min(beganAt + SESSION_LIFE_MS, Date.now() + SESSION_IDLE_MS, keyEnds);

/**
 * The row of a session that begins now, and that one request has already.
 *
 * @param keyEnds when its key expires, in epoch milliseconds
 */
export function newSession(
  { id, file, sent, length, digest }: Pick<NewSession, "id" | "file" | "sent" | "length" | "digest">,
  owner: Pick<SessionRow, "key_id" | "ticket">,
  keyEnds: number,
): SessionRow {
  const now = Date.now();
  return {
    id,
    ...owner,
    state: "open",
    length,
    received: 0,
    fence: 1,
    began_at: now,
    ends: endOfSession(now, keyEnds),
    is_swept: 0,
    last_from: null,
    asset_id: null,
    r2_key: null,
    upload_id: null,
    sha256: null,
    dimensions: null,
    digest,
    tail: null,
    tail_key: null,
    file: JSON.stringify(file),
    sent,
  };
}

export class Sessions {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  find(id: string): SessionRow | undefined {
    return this.#sql.first(`SELECT ${COLUMNS.join(", ")} FROM sessions WHERE id = ?`, id);
  }

  add(row: SessionRow): void {
    this.#sql.exec(
      `INSERT INTO sessions (${COLUMNS.join(", ")}) VALUES (?${", ?".repeat(COLUMNS.length - 1)})`,
      ...COLUMNS.map((column) => toSql(row[column])),
    );
  }

  update(id: string, fields: SessionProgress): void {
    const columns = COLUMNS.filter((column) => Object.hasOwn(fields, column));
    const values = columns.map((column) => toSql((fields as Partial<SessionRow>)[column] ?? null));
    this.#sql.exec(
      `UPDATE sessions SET ${columns.map((column) => `${column} = ?`).join(", ")} WHERE id = ?`,
      ...values,
      id,
    );
  }

  /** The parts of a session, in their order. */
  parts(id: string): SessionPart[] {
    return this.#sql.all("SELECT number, etag FROM session_parts WHERE session = ? ORDER BY number", id);
  }

  addPart(id: string, { number, etag }: SessionPart): void {
    this.#sql.exec("INSERT OR REPLACE INTO session_parts (session, number, etag) VALUES (?,?,?)", id, number, etag);
  }

  forgetParts(id: string): void {
    this.#sql.exec("DELETE FROM session_parts WHERE session = ?", id);
  }

  /** How many sessions of a key are under way. */
  openOf(keyId: string): number {
    return this.#sql.one<{ n: number }>(
      "SELECT count(*) AS n FROM sessions WHERE key_id = ? AND state IN ('open', 'completing')",
      keyId,
    ).n;
  }

  /** The session under way that a ticket of a key has begun. There is one at most. */
  openOfTicket(keyId: string, ticket: string): Pick<SessionRow, "id" | "length"> | undefined {
    const query = "SELECT id, length FROM sessions WHERE key_id = ? AND ticket = ? AND state IN ('open', 'completing')";
    return this.#sql.first(query, keyId, ticket);
  }

  /** What the sessions under way keep of the quotas: an asset each, and their length. */
  reserved(): Usage {
    return this.#sql.one("SELECT assets, bytes FROM session_sums");
  }

  /** Whether a session is under way. */
  isUnderWay(id: string): boolean {
    const query = "SELECT 1 FROM sessions WHERE id = ? AND state IN ('open', 'completing')";
    return this.#sql.first(query, id) !== undefined;
  }

  /** Whether a session under way names a body. */
  names(assetId: string, r2Key: string): boolean {
    const query = "SELECT 1 FROM sessions WHERE asset_id = ? AND r2_key = ? AND state IN ('open', 'completing')";
    return this.#sql.first(query, assetId, r2Key) !== undefined;
  }

  /** When there is something to do for a session, in epoch milliseconds. Infinity when there are none. */
  due(): number {
    if (this.unswept(1).length > 0) return 0;
    return this.#sql.one<{ due: number | null }>("SELECT min(ends) AS due FROM sessions").due ?? Infinity;
  }

  /** Up to `limit` sessions that have come to their end, or are to be forgotten, by `now` (epoch milliseconds). */
  over(now: number, limit: number): Pick<SessionRow, "id" | "state" | "is_swept">[] {
    return this.#sql.all("SELECT id, state, is_swept FROM sessions WHERE ends <= ? ORDER BY ends LIMIT ?", now, limit);
  }

  /** Up to `limit` sessions that have ended and of which R2 may still have something. */
  unswept(limit: number): Remains[] {
    return this.#sql.all(
      `SELECT id, upload_id, asset_id, r2_key FROM sessions INDEXED BY sessions_unswept
       WHERE state = 'ended' AND is_swept = 0 LIMIT ?`,
      limit,
    );
  }

  forget(id: string): void {
    this.forgetParts(id);
    this.#sql.exec("DELETE FROM sessions WHERE id = ?", id);
  }

  /** Ends a session, of which R2 may have something. It is forgotten at `forgottenAt`, in epoch milliseconds. */
  end(id: string, forgottenAt: number): void {
    this.update(id, { state: "ended", ends: forgottenAt, tail: null });
    this.forgetParts(id);
  }

  /** Lets no session of a key outlive it. It expires at `end`, in epoch milliseconds. */
  endWithKey(keyId: string, end: number): void {
    this.#sql.exec(
      "UPDATE sessions SET ends = ? WHERE key_id = ? AND state IN ('open', 'completing') AND ends > ?",
      end,
      keyId,
      end,
    );
  }

  /**
   * Ends the sessions that are under way: all, or those of a key. They are forgotten at `forgottenAt`, in epoch
   * milliseconds.
   */
  endAll(forgottenAt: number, keyId?: string): void {
    const own = keyId === undefined ? "" : " AND key_id = ?";
    this.#sql.exec(
      `UPDATE sessions SET state = 'ended', ends = ?, tail = NULL WHERE state IN ('open', 'completing')${own}`,
      forgottenAt,
      ...(keyId === undefined ? [] : [keyId]),
    );
  }

  /** The ids of the sessions that are under way, at most `limit`. */
  underWay(limit: number): string[] {
    const query = `SELECT id FROM sessions INDEXED BY sessions_open WHERE state IN ('open', 'completing') LIMIT ?`;
    return this.#sql.all<{ id: string }>(query, limit).map(({ id }) => id);
  }

  /** Forgets up to `limit` sessions that R2 has nothing of. Returns how many it forgot. */
  purge(limit: number): number {
    const query = "SELECT id FROM sessions WHERE state = 'done' OR (state = 'ended' AND is_swept = 1) LIMIT ?";
    const ids = this.#sql.all<{ id: string }>(query, limit);
    for (const { id } of ids) this.forget(id);
    return ids.length;
  }
}

/** A view of a buffer is stored without the rest of that buffer. */
const toSql = (value: string | number | ArrayBuffer | Uint8Array | null): SqlStorageValue =>
  value instanceof Uint8Array ? value.slice().buffer : value;
