import type { Box, Boxes } from "./boxes.ts";
import { type Property, property, shown } from "./properties.ts";
import { type Dimensions, type Steps, byte, u16, u32 } from "./source.ts";

/**
 * The four numbers of a track's matrix that could turn or scale it: where they stand, and what they are in the unity
 * matrix.
 */
const UNITY = [
  [0, 0x10000],
  [4, 0],
  [12, 0],
  [16, 0x10000],
] as const;

/**
 * How large an image sequence (AVIF's `avis`) is shown: as its first track of AV1 pictures; null when there is none.
 */
export function* firstTrack(boxes: Boxes, moov: Box): Steps<Dimensions | null> {
  for (let box = yield* boxes.next(moov.end); box; box = yield* boxes.next(moov.end)) {
    if (box.type === "trak") {
      const size = yield* trackSize(boxes, box);
      if (size !== undefined) return size;
    }
    yield* boxes.leave(box);
  }
  return null;
}

/**
 * The size of a track of AV1 pictures. Undefined when the track is none, or belongs to another one (alpha, depth). Null
 * when there is nothing certain to tell.
 */
function* trackSize(boxes: Boxes, trak: Box): Steps<Dimensions | null | undefined> {
  const { source } = boxes;
  let header: Dimensions | undefined;
  let upright = true;
  let entry: Property[] | undefined;
  for (let box = yield* boxes.next(trak.end); box; box = yield* boxes.next(trak.end)) {
    if (["mdia", "minf", "stbl", "tref"].includes(box.type)) continue;
    if (box.type === "auxl") return undefined;
    if (box.type === "stsd") {
      yield* source.skip(8);
      continue;
    }
    if (box.type === "tkhd") {
      // Passed over: times, id and duration; volume, layer and the like. Taken: the matrix, and the size in 16.16 bits.
      const long = byte(yield* source.take(4), 0) === 1;
      yield* source.skip((long ? 32 : 20) + 16);
      const bytes = yield* source.take(44);
      upright = UNITY.every(([at, value]) => u32(bytes, at) === value);
      header = { width: u16(bytes, 36), height: u16(bytes, 40) };
    } else if (box.type === "av01" && !entry) {
      const bytes = yield* source.take(78);
      entry = [{ kind: "size", width: u16(bytes, 24), height: u16(bytes, 26) }];
      for (let inner = yield* boxes.next(box.end); inner; inner = yield* boxes.next(box.end)) {
        const found = yield* property(source, inner.type);
        if (found && found.kind !== "unknown") entry.push(found);
        yield* boxes.leave(inner);
      }
    }
    yield* boxes.leave(box);
  }
  if (!header || !entry) return undefined;
  const [size] = entry;
  // Where the track and its pictures disagree, what is shown depends on the program that shows it.
  const agrees = size?.kind === "size" && size.width === header.width && size.height === header.height;
  return agrees && upright ? shown(entry) : null;
}
