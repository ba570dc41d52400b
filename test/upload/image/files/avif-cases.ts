/** AVIF files with the sizes that browsers show them in, made by avif.ts. */

import {
  av1c,
  avif,
  box,
  clap,
  crop,
  ESSENTIAL,
  ftyp,
  imir,
  irot,
  ispe,
  longBox,
  pixi,
  profile,
  sequence,
  SIZED,
  type Still,
} from "./avif.ts";
import { be32, bytes, type ImageCase, image } from "./bytes.ts";

const sized = (...transforms: Buffer[]): Still => ({ properties: [...SIZED, ...transforms] });
const BOTH = ["avif", "avis", "msf1"];
const unknown = box("iscl", be32(0), be32(0));

export const AVIFS: readonly ImageCase[] = [
  image("plain", avif(), [40, 24]),
  image("turned once", avif(sized(irot(1))), [24, 40]),
  image("turned twice", avif(sized(irot(2))), [40, 24]),
  image("turned three times", avif(sized(irot(3))), [24, 40]),
  image("mirrored", avif(sized(imir(0))), [40, 24]),
  image("turned and mirrored", avif(sized(irot(1), imir(1))), [24, 40]),
  image("cropped", avif(sized(crop(0, 0, 20, 10))), [20, 10]),
  image("cropped by fractions", avif(sized(clap(40, 2, 30, 3, -10, 1, -14, 2))), [20, 10]),
  image("cropped by nothing", avif(sized(clap(40, 1, 24, 1, 0, 1, 0, 1))), [40, 24]),
  image("cropped, then turned", avif(sized(crop(0, 0, 20, 10), irot(1))), [10, 20]),
  image("with its size behind the turn", avif({ properties: [irot(1), ...SIZED] }), [24, 40]),
  image("with a property that nobody knows", avif(sized(box("abcd", [1, 2]))), [40, 24]),
  image(
    "beside a larger item",
    avif({
      properties: [ispe(99, 99), ...SIZED, irot(1)],
      associated: [2, 3, 4 | ESSENTIAL],
      primary: 2,
      others: [{ item: 1, properties: [1, 3, 4 | ESSENTIAL, 5 | ESSENTIAL] }],
    }),
    [40, 24],
  ),
  image(
    "behind 300 KB of profile",
    avif({
      properties: [profile(300_000), ...SIZED],
      associated: [2, 3, 4 | ESSENTIAL],
    }),
    [40, 24],
  ),
  image("with wide indices", avif({ ...sized(irot(1)), wide: true }), [24, 40]),
  image("with long ids", avif({ ...sized(irot(1)), version: 1 }), [24, 40]),
  image("with long ids and wide indices", avif({ ...sized(irot(1)), version: 1, wide: true }), [24, 40]),
  image("with an id over 65,535", avif({ primary: 70_000 }), [40, 24]),
  image(
    "with its primary item named last",
    avif({ order: (it) => [it.hdlr, it.iloc, it.iinf, it.iprp, it.pitm] }),
    [40, 24],
  ),
  image("with a long meta box", avif({ metaBox: longBox }), [40, 24]),
  image("with its meta box behind the data", avif({ before: [box("mdat", Buffer.alloc(1_000))] }), [40, 24]),
  image(
    "behind other boxes",
    avif({ before: [box("free", Buffer.alloc(1_000)), box("uuid", Buffer.alloc(40))] }),
    [40, 24],
  ),
  image("with a meta box that goes on to the end", metaLast(), [40, 24]),
  image("of the brand alone", avif({ brand: ftyp("avif") }), [40, 24]),
  image("of another major brand", avif({ brand: ftyp("mif1", "mif1", "avif") }), [40, 24]),
  image("a sequence", sequence(), [40, 24]),
  image("a sequence of long times", sequence({ tracks: [{ version: 1 }] }), [40, 24]),
  image("a sequence behind its data", sequence({ moovLast: true }), [40, 24]),
  image("a sequence in a long box", sequence({ moovBox: longBox }), [40, 24]),
  image("a turned sequence", sequence({ tracks: [{ extra: [irot(1)] }] }), [24, 40]),
  image("a cropped sequence", sequence({ tracks: [{ extra: [crop(0, 0, 20, 10)] }] }), [20, 10]),
  image(
    "a sequence behind its alpha",
    sequence({ tracks: [{ auxiliary: true, width: 99, height: 99 }, {}] }),
    [40, 24],
  ),
  image(
    "a sequence behind another codec",
    sequence({ tracks: [{ format: "hvc1", width: 99, height: 99 }, {}] }),
    [40, 24],
  ),
  image("a sequence beside a turned item", sequence({ brand: ftyp("avis", ...BOTH), item: sized(irot(1)) }), [40, 24]),
  image("a turned item beside a sequence", sequence({ brand: ftyp("avif", ...BOTH), item: sized(irot(1)) }), [24, 40]),
  image("both, of another major brand", sequence({ brand: ftyp("mif1", ...BOTH), item: sized(irot(1)) }), [40, 24]),
  image(
    "both, the sequence last",
    sequence({ brand: ftyp("avis", ...BOTH), item: sized(irot(1)), moovLast: true }),
    [40, 24],
  ),
  image(
    "both, the item first",
    sequence({ brand: ftyp("avif", ...BOTH), item: sized(irot(1)), moovLast: true }),
    [24, 40],
  ),
];

/**
 * Browsers differ on these: some show them whole, and some do not show them at all. The expected size is what the
 * format says.
 */
export const OWN_SIZES: readonly ImageCase[] = [
  image("cropped to its middle", avif(sized(clap(20, 1, 10, 1, 0, 1, 0, 1))), [20, 10]),
  image("cropped on all sides", avif(sized(crop(4, 2, 20, 10))), [20, 10]),
  image("cropped on all sides, then turned", avif(sized(crop(4, 2, 20, 10), irot(3))), [10, 20]),
  image(
    "a sequence cropped to its middle",
    sequence({ tracks: [{ extra: [clap(20, 1, 10, 1, 0, 1, 0, 1)] }] }),
    [20, 10],
  ),
  image("turned, with reserved bits", avif(sized(irot(0xfd))), [24, 40]),
  image("turned, not essentially", avif({ ...sized(irot(1)), associated: [1, 2, 3 | ESSENTIAL, 4] }), [24, 40]),
  image(
    "with its properties named before them",
    avif({ iprp: (ipco, associations) => [associations, ipco] }),
    [40, 24],
  ),
];

export const NO_AVIFS: readonly ImageCase[] = [
  image("of no AVIF brand", avif({ brand: ftyp("mif1", "mif1", "miaf") }), null),
  image("of HEIC's brand", avif({ brand: ftyp("heic", "mif1", "heic") }), null),
  image("without a primary item", avif({ order: (it) => [it.hdlr, it.iloc, it.iinf, it.iprp] }), null),
  image("without a size", avif({ properties: [pixi, av1c] }), null),
  image("of no width", avif({ properties: [ispe(0, 24), pixi, av1c] }), null),
  image("of two sizes", avif(sized(ispe(80, 48))), null),
  image("turned by two properties", avif(sized(irot(1), irot(1))), null),
  image("turned, then cropped", avif(sized(irot(1), crop(0, 0, 20, 10))), null),
  image("cropped twice", avif(sized(crop(0, 0, 20, 10), crop(0, 0, 20, 10))), null),
  image("cropped to a part of a pixel", avif(sized(clap(21, 2, 10, 1, 0, 1, 0, 1))), null),
  image("cropped between pixels", avif(sized(clap(21, 1, 10, 1, 0, 1, 0, 1))), null),
  image("cropped beyond its edge", avif(sized(crop(30, 0, 20, 10))), null),
  image("cropped before its edge", avif(sized(crop(-1, 0, 20, 10))), null),
  image("cropped to more than all", avif(sized(clap(50, 1, 10, 1, 0, 1, 0, 1))), null),
  image("cropped by a fraction of zero", avif(sized(clap(20, 0, 10, 1, 0, 1, 0, 1))), null),
  image(
    "with an essential property that nobody knows",
    avif({ properties: [...SIZED, unknown], associated: [1, 2, 3, 4 | ESSENTIAL] }),
    null,
  ),
  image("with a property that is not there", avif({ associated: [1, 2, 3 | ESSENTIAL, 9] }), null),
  image("without associations", avif({ iprp: (ipco) => [ipco] }), null),
  image(
    "with an item that is described twice",
    avif({ iprp: (ipco, associations) => [ipco, associations, associations] }),
    null,
  ),
  image(
    "with a primary item of no properties",
    avif({ primary: 2, associated: [], others: [{ item: 1, properties: [1, 2, 3] }] }),
    null,
  ),
  image(
    "with a box that is larger than its parent",
    avif({ properties: [...SIZED, bytes(be32(5_000), "abcd")] }),
    null,
  ),
  image("with a box of 4 bytes", avif({ before: [bytes(be32(4), "free")] }), null),
  image("a sequence without a track", sequence({ tracks: [] }), null),
  image("a sequence of alpha alone", sequence({ tracks: [{ auxiliary: true }] }), null),
  image("a sequence without a moov box", avif({ brand: ftyp("avis", "avif", "avis") }), null),
  image(
    "a sequence that disagrees with its pictures",
    sequence({ tracks: [{ width: 80, height: 48, entry: [40, 24] }] }),
    null,
  ),
  image(
    "a sequence that its matrix turns",
    sequence({ tracks: [{ matrix: [0, 0x10000, 0, 0xffff0000, 0, 0, 24 * 65_536, 0, 0x40000000] }] }),
    null,
  ),
  image("a sequence of no size", sequence({ tracks: [{ width: 0, height: 0 }] }), null),
];

/** The meta box comes last and has the size 0: it goes on to the file's end. */
function metaLast(): Buffer {
  const file = avif();
  const [metaAt, dataAt] = [file.indexOf("meta") - 4, file.indexOf("mdat") - 4];
  const meta = Buffer.from(file.subarray(metaAt, dataAt));
  meta.writeUInt32BE(0, 0);
  meta.writeUInt32BE(metaAt + 8, meta.indexOf("iloc") + 18);
  return bytes(file.subarray(0, metaAt), file.subarray(dataAt), meta);
}
