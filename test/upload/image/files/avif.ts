/** Makes AVIF files, still images and sequences, from parts that a test may order or leave out. */

import { be16, be32, be64, bytes, type Part } from "./bytes.ts";

/** One AV1 key frame of 40 × 24 pixels in 4:4:4, and its configuration. */
const FRAME = Buffer.from("EgAKCTgVJ7sICGg0gDIQHgA////EALNXLEv6kU7bag==", "base64");
const AV1C = bytes([0x81, 0x20, 0, 0]);

type Box = Buffer;

export const box = (type: string, ...content: Part[]): Box => {
  const body = bytes(...content);
  return bytes(be32(body.length + 8), type, body);
};
const fullBox = (type: string, version: number, flags: number, ...content: Part[]): Box =>
  box(type, [version], [flags >> 16, (flags >> 8) & 255, flags & 255], ...content);
export const longBox = (type: string, ...content: Part[]): Box => {
  const body = bytes(...content);
  return bytes(be32(1), type, be64(body.length + 16), body);
};

export const ftyp = (major: string, ...brands: string[]): Box => box("ftyp", major, be32(0), ...brands);
const still = ftyp("avif", "avif", "mif1", "miaf");

// Properties.
export const ispe = (width: number, height: number): Box => fullBox("ispe", 0, 0, be32(width), be32(height));
export const irot = (quarters: number): Box => box("irot", [quarters]);
export const imir = (axis: number): Box => box("imir", [axis]);
/** Width and height, and the horizontal and vertical offset of the middle, each as a fraction. */
export const clap = (...fractions: number[]): Box => box("clap", ...fractions.map((n) => be32(n >>> 0)));
/** The clean aperture that shows `width` × `height` pixels from (x, y) of an image of 40 × 24. */
export const crop = (x: number, y: number, width: number, height: number): Box =>
  clap(width, 1, height, 1, 2 * x + width - 40, 2, 2 * y + height - 24, 2);
export const pixi = fullBox("pixi", 0, 0, [3, 8, 8, 8]);
export const av1c = box("av1C", AV1C);
export const profile = (size: number): Box => box("colr", "prof", Buffer.alloc(size));
export const ESSENTIAL = 0x80;

interface Association {
  readonly item: number;
  /** The index of each property, plus ESSENTIAL where the property is essential. */
  readonly properties: readonly number[];
}

const ipma = (associations: readonly Association[], version = 0, wide = false): Box =>
  fullBox(
    "ipma",
    version,
    wide ? 1 : 0,
    be32(associations.length),
    ...associations.map(({ item, properties }) =>
      bytes(
        version === 0 ? be16(item) : be32(item),
        [properties.length],
        ...properties.map((index) => (wide ? [index & ESSENTIAL, index & 127] : [index])),
      ),
    ),
  );

const hdlr = (type: string): Box => fullBox("hdlr", 0, 0, be32(0), type, Buffer.alloc(13));
const pitm = (item: number): Box =>
  item > 65_535 ? fullBox("pitm", 1, 0, be32(item)) : fullBox("pitm", 0, 0, be16(item));
const infe = (item: number, type: string): Box =>
  item > 65_535
    ? fullBox("infe", 3, 0, be32(item), be16(0), type, [0])
    : fullBox("infe", 2, 0, be16(item), be16(0), type, [0]);
const iinf = (...entries: Box[]): Box => fullBox("iinf", 0, 0, be16(entries.length), ...entries);
/** The data of every item is the one frame, at `offset` of the file. */
const iloc = (offset: number, items: readonly number[]): Box => {
  const version = items.some((item) => item > 65_535) ? 2 : 0;
  const id = version === 2 ? be32 : be16;
  return fullBox(
    "iloc",
    version,
    0,
    [0x44, 0],
    id(items.length),
    ...items.map((item) =>
      bytes(id(item), version === 2 ? be16(0) : [], be16(0), be16(1), be32(offset), be32(FRAME.length)),
    ),
  );
};

export interface Still {
  readonly properties?: readonly Box[];
  /**
   * The primary item's properties, by index. Unless given, these are all properties in order, with transforms
   * essential.
   */
  readonly associated?: readonly number[];
  readonly primary?: number;
  /** The items beside the primary one. */
  readonly others?: readonly Association[];
  readonly version?: number;
  readonly wide?: boolean;
  readonly brand?: Box;
  /** The order of the parts of the meta box. */
  readonly order?: (parts: { hdlr: Box; pitm: Box; iloc: Box; iinf: Box; iprp: Box }) => readonly Box[];
  readonly iprp?: (ipco: Box, ipma: Box) => readonly Box[];
  readonly metaBox?: typeof box;
  /** The boxes between ftyp and meta. */
  readonly before?: readonly Box[];
}

const TRANSFORMS = ["irot", "imir", "clap"];
export const SIZED = [ispe(40, 24), pixi, av1c];

export function avif(options: Still = {}): Buffer {
  const { properties = SIZED, primary = 1, others = [], brand = still, before = [], version, wide } = options;
  const associated =
    options.associated ??
    properties.map(
      (it, at) => (at + 1) | (TRANSFORMS.includes(it.toString("latin1", 4, 8)) || it === av1c ? ESSENTIAL : 0),
    );
  const all = [{ item: primary, properties: associated }, ...others].toSorted((a, b) => a.item - b.item);
  const ids = all.map(({ item }) => item);
  const ipco = box("ipco", ...properties);
  const associations = ipma(all, version ?? (primary > 65_535 ? 1 : 0), wide);
  const iprp = box("iprp", ...(options.iprp?.(ipco, associations) ?? [ipco, associations]));
  const make = (offset: number): Buffer => {
    const parts = {
      hdlr: hdlr("pict"),
      pitm: pitm(primary),
      iloc: iloc(offset, ids),
      iinf: iinf(...ids.map((item) => infe(item, "av01"))),
      iprp,
    };
    const boxes = options.order?.(parts) ?? [parts.hdlr, parts.pitm, parts.iloc, parts.iinf, parts.iprp];
    const meta = (options.metaBox ?? box)("meta", be32(0), ...boxes);
    return bytes(brand, ...before, meta);
  };
  const offset = make(0).length + 8;
  return bytes(make(offset), box("mdat", FRAME));
}

export interface Track {
  readonly width?: number;
  readonly height?: number;
  readonly entry?: readonly [width: number, height: number];
  readonly extra?: readonly Box[];
  readonly auxiliary?: boolean;
  readonly version?: number;
  readonly matrix?: readonly number[];
  readonly handler?: string;
  readonly format?: string;
}

const IDENTITY = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];

const trak = (id: number, offset: number, options: Track): Box => {
  const { width = 40, height = 24, extra = [], auxiliary = false, version = 0, matrix = IDENTITY } = options;
  const entry = options.entry ?? [width, height];
  const long = version === 1 ? be64 : be32;
  const tkhd = fullBox(
    "tkhd",
    version,
    3,
    long(0),
    long(0),
    be32(id),
    be32(0),
    long(2),
    be64(0),
    be64(0),
    ...matrix.map(be32),
    be32(width * 65_536),
    be32(height * 65_536),
  );
  const av01 = box(
    options.format ?? "av01",
    Buffer.alloc(6),
    be16(1),
    Buffer.alloc(16),
    be16(entry[0]),
    be16(entry[1]),
    be32(0x480000),
    be32(0x480000),
    be32(0),
    be16(1),
    Buffer.alloc(32),
    be16(24),
    be16(65_535),
    box("av1C", AV1C),
    ...extra,
    fullBox("ccst", 0, 0, be32(0x7c000000)),
  );
  const stbl = box(
    "stbl",
    fullBox("stco", 0, 0, be32(1), be32(offset)),
    fullBox("stsc", 0, 0, be32(1), be32(1), be32(2), be32(1)),
    fullBox("stsz", 0, 0, be32(FRAME.length), be32(2)),
    fullBox("stts", 0, 0, be32(1), be32(2), be32(1)),
    fullBox("stsd", 0, 0, be32(1), av01),
  );
  const dinf = box("dinf", fullBox("dref", 0, 0, be32(1), fullBox("url ", 0, 1)));
  const minf = box("minf", fullBox("vmhd", 0, 1, be64(0)), dinf, stbl);
  const mdhd = fullBox("mdhd", 0, 0, be32(0), be32(0), be32(10), be32(2), [0x55, 0xc4, 0, 0]);
  const mdia = box("mdia", mdhd, hdlr(options.handler ?? (auxiliary ? "auxv" : "pict")), minf);
  return box("trak", tkhd, mdia, ...(auxiliary ? [box("tref", box("auxl", be32(1)))] : []));
};

export interface Sequence {
  readonly brand?: Box;
  /** The primary item that stands beside the tracks; none unless given. */
  readonly item?: Still;
  readonly tracks?: readonly Track[];
  readonly moovBox?: typeof box;
  readonly moovLast?: boolean;
}

export function sequence(options: Sequence = {}): Buffer {
  const { brand = ftyp("avis", "avis", "msf1", "miaf", "iso8"), tracks = [{}], moovLast = false } = options;
  const mvhd = fullBox(
    "mvhd",
    0,
    0,
    be32(0),
    be32(0),
    be32(10),
    be32(2),
    be32(0x10000),
    be16(0x100),
    Buffer.alloc(10),
    ...IDENTITY.map(be32),
    Buffer.alloc(24),
    be32(9),
  );
  const make = (offset: number): Box =>
    (options.moovBox ?? box)("moov", mvhd, ...tracks.map((track, at) => trak(at + 1, offset, track)));
  const mdat = box("mdat", FRAME, FRAME);
  if (!options.item) {
    if (moovLast) return bytes(brand, mdat, make(brand.length + 8));
    return bytes(brand, make(brand.length + make(0).length + 8), mdat);
  }
  // The item's file, with the tracks in front of its meta box or behind its data.
  if (moovLast) {
    const file = avif({ ...options.item, brand });
    return bytes(file, mdat, make(file.length + 8));
  }
  const moov = make(brand.length + 8);
  return avif({ ...options.item, brand, before: [mdat, moov] });
}
