/**
 * How large an AVIF image is shown. Each list of a file is bounded, because a file may be made to cost as much as it
 * can.
 */

import { firstTrack } from "./avis.ts";
import { type Box, Boxes } from "./boxes.ts";
import { type Property, property, shown } from "./properties.ts";
import {
  type Dimensions,
  type Source,
  type Steps,
  MAX_TAKE_BYTES,
  Unreadable,
  byte,
  text,
  u16,
  u32,
} from "./source.ts";

/**
 * How many properties that bear on the size, of all items together, are kept until it is known which of them are the
 * primary item's. A file has one size for each kind of item, and few turns.
 */
export const MAX_KEPT_PROPERTIES = 256;

/** How many items have their list of properties looked at. Tiles, thumbnails and alpha are items. */
export const MAX_ITEMS = 4_096;

/**
 * How many associations of items and properties are kept while it is not known which item is the primary one. Mostly
 * that is said first. An item's list counts as eight. At 8 bytes each, these are 8 KiB.
 */
export const MAX_KEPT_ASSOCIATIONS = 1_024;

const ESSENTIAL = 0x8000;

/**
 * AVIF (ISO/IEC 23008-12 and AV1-AVIF). A still image is as large as its primary item, as the item's properties show
 * it. A sequence is as large as its first track that is not auxiliary. A file may hold both. The major brand says which
 * one is shown. When it does not, the track is shown if there is one: so libavif decides, and browsers with it.
 */
export function* avif(source: Source): Steps<Dimensions | null> {
  const boxes = new Boxes(source);
  const ftyp = yield* boxes.next(Infinity);
  if (!ftyp || ftyp.end === Infinity) return null;
  const named = text(yield* source.take(Math.min(ftyp.end - source.at, MAX_TAKE_BYTES)));
  yield* boxes.leave(ftyp);
  const major = named.slice(0, 4);
  // Behind the major brand stands its version, which is no brand.
  const brands = [major, ...(named.slice(8).match(/.{4}/gs) ?? [])];
  if (!brands.includes("avif") && !brands.includes("avis")) return null;
  const isSequence = major !== "avif" && brands.includes("avis");
  for (;;) {
    const box = yield* boxes.next(Infinity);
    if (!box) return null;
    if (box.type === "meta" && !isSequence) return yield* primaryItem(boxes, box);
    if (box.type === "moov" && major !== "avif") {
      const size = yield* firstTrack(boxes, box);
      if (size || isSequence) return size;
    }
    yield* boxes.leave(box);
  }
}

/** What is known of the items and their properties, as far as it is needed. */
interface Items {
  primary: number | undefined;
  /** How many properties have come so far; they are numbered from 1. */
  properties: number;
  readonly kept: Map<number, Property>;
  /** The numbers of each item's properties, by the item's id. */
  readonly associations: Map<number, number[]>;
  associated: number;
  entries: number;
}

function* primaryItem(boxes: Boxes, meta: Box): Steps<Dimensions | null> {
  const { source } = boxes;
  const items: Items = {
    primary: undefined,
    properties: 0,
    kept: new Map(),
    associations: new Map(),
    associated: 0,
    entries: 0,
  };
  yield* source.skip(4);
  for (let box = yield* boxes.next(meta.end); box; box = yield* boxes.next(meta.end)) {
    // An iprp holds boxes, which are read in turn with the others.
    if (box.type === "iprp") continue;
    if (box.type === "pitm") {
      const wide = byte(yield* source.take(4), 0) !== 0;
      items.primary = wide ? u32(yield* source.take(4), 0) : u16(yield* source.take(2), 0);
    } else if (box.type === "ipco") {
      yield* propertiesOf(boxes, box, items);
    } else if (box.type === "ipma") {
      yield* associationsOf(source, items);
    }
    yield* boxes.leave(box);
  }
  const list = items.primary === undefined ? undefined : items.associations.get(items.primary);
  if (!list) return null;
  const properties: Property[] = [];
  for (const association of list) {
    const index = association & ~ESSENTIAL;
    const found = items.kept.get(index);
    if (index > items.properties) return null;
    // A property that is not known may be passed over, unless it is essential: an essential one might scale the image.
    if (found && (found.kind !== "unknown" || association !== index)) properties.push(found);
  }
  return shown(properties);
}

function* propertiesOf(boxes: Boxes, ipco: Box, items: Items): Steps<void> {
  for (let box = yield* boxes.next(ipco.end); box; box = yield* boxes.next(ipco.end)) {
    items.properties++;
    const found = yield* property(boxes.source, box.type);
    if (found) items.kept.set(items.properties, found);
    if (items.kept.size > MAX_KEPT_PROPERTIES) throw new Unreadable("too many properties");
    yield* boxes.leave(box);
  }
}

function* associationsOf(source: Source, items: Items): Steps<void> {
  const header = yield* source.take(8);
  const idBytes = byte(header, 0) === 0 ? 2 : 4;
  const wide = (byte(header, 3) & 1) !== 0;
  for (let left = u32(header, 4); left > 0; left--) {
    if (++items.entries > MAX_ITEMS) throw new Unreadable("too many items");
    const entry = yield* source.take(idBytes + 1);
    const id = idBytes === 2 ? u16(entry, 0) : u32(entry, 0);
    const count = byte(entry, idBytes);
    if (items.primary !== undefined && items.primary !== id) {
      yield* source.skip(wide ? count * 2 : count);
      continue;
    }
    items.associated += count + 8;
    if (items.associated > MAX_KEPT_ASSOCIATIONS) throw new Unreadable("too many associations");
    if (items.associations.has(id)) throw new Unreadable("an item that is described twice");
    const bytes = yield* source.take(wide ? count * 2 : count);
    const list = Array.from({ length: count }, (_, at) =>
      wide ? u16(bytes, at * 2) : ((byte(bytes, at) & 0x80) << 8) | (byte(bytes, at) & 0x7f),
    );
    items.associations.set(id, list);
  }
}
