import { describe } from "vitest";
import { MAX_ITEMS, MAX_KEPT_ASSOCIATIONS, MAX_KEPT_PROPERTIES } from "../../../src/upload/image/avif.ts";
import { MAX_BOXES } from "../../../src/upload/image/boxes.ts";
import { givesUp, holds, survivesCuts, survivesDamage } from "./check.ts";
import { avif, box, ftyp, ispe, pixi, SIZED } from "./files/avif.ts";
import { AVIFS, NO_AVIFS, OWN_SIZES } from "./files/avif-cases.ts";
import { be32, bytes } from "./files/bytes.ts";

describe("AVIF: has its size", () => holds(AVIFS));
describe("AVIF: has the size that the format gives it", () => holds(OWN_SIZES));
describe("AVIF: has no size", () => holds(NO_AVIFS));
describe("AVIF: cut off", () => survivesCuts(AVIFS));
describe("AVIF", () => survivesDamage([...AVIFS, ...NO_AVIFS]));

const many = (count: number, part: Uint8Array): Buffer => Buffer.concat(Array<Uint8Array>(count).fill(part));
const items = Array.from({ length: 6_000 }, (_, at) => ({ item: at + 2, properties: [1, 2, 3] }));
const free = box("free");
/** Boxes in boxes. Of each box, 8 bytes are its own. */
const nested = (type: string, depth: number): Buffer =>
  Buffer.concat(Array.from({ length: depth }, (_, at) => bytes(be32((depth - at) * 8), type)));
const sequenceOf = (...content: Uint8Array[]): Buffer => bytes(ftyp("avis", "avis"), box("moov", ...content));

const byBoxes = { requests: 10 + 2 * MAX_BOXES, bytes: 100 + 8 * MAX_BOXES };

describe("AVIF: bounded work", () =>
  givesUp([
    { name: "boxes without end", file: bytes(ftyp("avif"), many(50_000, free)), ...byBoxes },
    { name: "boxes in the meta box without end", file: avif({ order: () => [many(50_000, free)] }), ...byBoxes },
    { name: "properties without end", file: avif({ properties: [...SIZED, many(50_000, pixi)] }), ...byBoxes },
    { name: "boxes in boxes", file: avif({ order: () => [nested("iprp", 50_000)] }), ...byBoxes },
    { name: "tracks without end", file: sequenceOf(many(50_000, box("trak"))), ...byBoxes },
    { name: "boxes in a track's boxes", file: sequenceOf(nested("trak", 50_000)), ...byBoxes },
    { name: "boxes in a track's boxes, further in", file: sequenceOf(box("trak", nested("mdia", 50_000))), ...byBoxes },
    {
      name: "sizes without end",
      file: avif({ properties: [many(50_000, ispe(40, 24)), ...SIZED] }),
      requests: 50 + 2 * MAX_KEPT_PROPERTIES,
      bytes: 200 + 20 * MAX_KEPT_PROPERTIES,
    },
    {
      name: "items without end",
      file: avif({ others: items }),
      requests: 50 + 2 * MAX_ITEMS,
      bytes: 200 + 3 * MAX_ITEMS,
    },
    {
      name: "items without end, and the primary one not named yet",
      file: avif({ others: items, order: (it) => [it.hdlr, it.iprp, it.pitm] }),
      requests: 50 + MAX_KEPT_ASSOCIATIONS,
      bytes: 200 + MAX_KEPT_ASSOCIATIONS,
    },
    {
      name: "brands without end",
      file: bytes(ftyp("mif1", "abcd".repeat(50_000))),
      requests: 4,
      bytes: 600,
    },
  ]));
