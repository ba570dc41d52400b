/** A page of the feed of changes, as JSON text. */

import { encodeCursor, type FeedPosition } from "../../model/cursor.ts";
import type { KeyScope } from "../../model/key-scope.ts";
import { MAX_LOOKED_AT } from "../../model/limits.ts";
import type { VaultDatabase } from "./database.ts";
import type { FeedPlace } from "./feed.ts";

/** The most places that are looked at beyond those that the page has room for. */
const MAX_BEYOND = 1_000;

/** What a record has beside its metadata and tags, as JSON text. Characters, roughly. */
const REST = 500;

/**
 * How much is rendered by one statement, or one record that is larger. As text it may be twice as long, since quotes are
 * escaped, so a page that ends within has rendered a quarter of a megabyte for nothing. A page of usual records takes
 * five statements. Bytes of metadata and tags, and {@link REST} for each record.
 */
const RUN_SIZE = 128 * 1024;

export interface FeedPage {
  /** The page as JSON text. */
  readonly body: string;
  /** The place behind it. */
  readonly position: FeedPosition;
  /** Whether the reader has everything, and has had it before. */
  readonly isIdle: boolean;
}

/** What a page may hold. */
export interface PageBounds {
  /** Changes. */
  readonly limit: number;
  /** Characters. A change that would make the page longer is left to the next. */
  readonly length: number;
  /** Whether an asset comes with its seq and its digest, which its record leaves out. */
  readonly full?: boolean;
}

/**
 * The page of the changes behind a place of the feed, within bounds. It may hold fewer although there are more: what it
 * looks at is bounded too.
 *
 * @param vault its id, its revision, and which start of its object wrote last
 * @param scope the folder that the reader is narrowed to
 */
export function feedPage(
  database: VaultDatabase,
  vault: { readonly id: string; readonly rev: number; readonly writer: string },
  { after: from, ...reader }: FeedPosition,
  { limit, length, full = false }: PageBounds,
  scope: KeyScope | undefined,
): FeedPage {
  const { began = 0, ...named } = reader;
  let text = '{"data":[';
  let taken = 0;
  let after = from;
  let looked = 0;
  let isFull = false;
  let hasMore = after < vault.rev;
  // An asset may have left a reader's folder more than once.
  const gone = new Set<string>();
  while (hasMore && !isFull && taken < limit && looked < MAX_LOOKED_AT) {
    // Where the places have little for the reader, more of them are asked for at a time.
    const room = Math.max(limit - taken, Math.min(looked, MAX_BEYOND));
    const asked = Math.min(room, MAX_LOOKED_AT - looked);
    const places = database.feed.places(after, asked, scope);
    for (let next = 0; next < places.length && !isFull && taken < limit;) {
      const run = runFrom(places.slice(next), began, { limit: limit - taken, length: length - text.length });
      const records = database.feed.records(vault.id, run, scope === undefined);
      const digests = full ? database.feed.digests([...records.keys()]) : undefined;
      isFull = run.length === 0;
      for (const place of run) {
        const [at, , seq, deleted, , size] = place;
        const more = digests && `,"seq":${seq},"sha256":${JSON.stringify(digests.get(seq))}`;
        const isTold = deleted !== null && gone.has(deleted);
        const change = isTold ? undefined : describe(place, began, size === null ? undefined : records.get(seq), more);
        isFull = change !== undefined && text.length + change.length >= length;
        if (isFull) break;
        next++;
        looked++;
        after = at;
        if (change === undefined) continue;
        text += (taken++ > 0 ? "," : "") + change;
        if (deleted !== null) gone.add(deleted);
      }
    }
    hasMore = isFull || taken === limit || looked >= MAX_LOOKED_AT || places.length === asked;
  }
  hasMore &&= database.feed.hasMore(after);
  // Everything up to the vault's revision has been looked at, and what is left of it is no asset's.
  if (!hasMore) after = vault.rev;
  const position = { ...named, writer: vault.writer, after, ...(after < began ? { began } : {}) };
  const body = `${text}],"cursor":"${encodeCursor(position)}","has_more":${hasMore}}`;
  return { body, position, isIdle: taken === 0 && !hasMore };
}

/** Whether a place is a deletion that its reader has to hear of: it needs none from before it began. */
const isDeletion = ([place, , , deleted]: FeedPlace, began: number): boolean => deleted !== null && place > began;

/**
 * The first places of these, so many that their records are rendered together. None when the first of them has a record
 * that is too long for what is left of the page.
 */
function runFrom(places: readonly FeedPlace[], began: number, left: PageBounds): readonly FeedPlace[] {
  let size = 0;
  let changes = 0;
  const end = places.findIndex((place) => {
    if (changes === left.limit) return true;
    if (isDeletion(place, began)) changes++;
    const bytes = place[5];
    if (bytes === null) return false;
    const grown = size + bytes + REST;
    if (grown > left.length || (size > 0 && grown > RUN_SIZE)) return true;
    size = grown;
    changes++;
    return false;
  });
  return end < 0 ? places : places.slice(0, end);
}

/** What a page says of a place, as JSON text. Undefined when it says nothing. `more` is what comes with a record. */
function describe(place: FeedPlace, began: number, record: string | undefined, more = ""): string | undefined {
  const [, rev, , deleted, at] = place;
  if (record !== undefined) return `{"type":"asset","asset":${record},"etag":"\\"${rev}\\""${more}}`;
  if (!isDeletion(place, began)) return undefined;
  return `{"type":"deleted","id":${JSON.stringify(deleted)},"deleted_at":${JSON.stringify(at)}}`;
}
