import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { ImageHead } from "../../src/upload/dimensions.ts";
import { PATH, TestVault } from "../support/api.ts";

const bytes = (...parts: (string | number[] | Uint8Array)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part))));
const u16 = (n: number): number[] => [n >> 8, n & 255];
const u32 = (n: number): number[] => [...u16(n >>> 16), ...u16(n & 65_535)];
const le16 = (n: number): number[] => u16(n).toReversed();
const box = (type: string, ...content: Buffer[]): Buffer => {
  const body = Buffer.concat(content);
  return bytes(u32(body.length + 8), type, body);
};

const png = bytes(
  "\x89PNG\r\n\x1a\n",
  u32(13),
  "IHDR",
  u32(640),
  u32(480),
  [8, 2, 0, 0, 0],
  u32(0),
  u32(10),
  "IDAT",
  deflateSync("x"),
);
const gif = bytes("GIF89a", le16(320), le16(200), [0, 0, 0]);
const frame = bytes([0xff, 0xc0], u16(17), [8], u16(48), u16(64), [3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
const jfif = bytes([0xff, 0xe0], u16(16), "JFIF\0", [1, 1, 0], u16(1), u16(1), [0, 0]);
const exif = (orientation: number) => {
  const tiff = bytes("MM", u16(42), u32(8), u16(1), u16(274), u16(3), u32(1), u16(orientation), u16(0), u32(0));
  const content = bytes("Exif\0\0", tiff);
  return bytes([0xff, 0xe1], u16(content.length + 2), content);
};
const jpeg = (...segments: Buffer[]) => bytes([0xff, 0xd8], ...segments, frame, [0xff, 0xda], Buffer.alloc(100));
const webp = bytes("RIFF", [...u32(30)].toReversed(), "WEBPVP8X", [10, 0, 0, 0], [0, 0, 0, 0], [99, 0, 0], [49, 0, 0]);
const ispe = box("ispe", bytes(u32(0), u32(300), u32(150)));
const avif = bytes(
  box("ftyp", bytes("avif", u32(0), "avifmif1")),
  box("meta", bytes(u32(0)), box("iprp", box("ipco", ispe))),
  Buffer.alloc(64),
);

const measure = (file: Uint8Array, cut = file.length) => {
  const head = new ImageHead();
  head.write(file.subarray(0, cut));
  head.write(file.subarray(cut));
  return head.end();
};

describe("image dimensions", () => {
  it.each([
    ["PNG", png, 640, 480],
    ["GIF", gif, 320, 200],
    ["JPEG", jpeg(jfif), 64, 48],
    ["JPEG as it is", jpeg(exif(1)), 64, 48],
    ["JPEG upside down", jpeg(exif(3)), 64, 48],
    ["JPEG on its side", jpeg(exif(6)), 48, 64],
    ["JPEG on its other side", jpeg(exif(8)), 48, 64],
    [
      "JPEG behind 200 KB of profile",
      jpeg(jfif, ...Array.from({ length: 4 }, () => bytes([0xff, 0xe2], u16(50_002), Buffer.alloc(50_000)))),
      64,
      48,
    ],
    ["WebP", webp, 100, 50],
    ["AVIF", avif, 300, 150],
    [
      "SVG",
      Buffer.from('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="120" height="60"></svg>'),
      120,
      60,
    ],
    ["SVG with a viewBox alone", Buffer.from('<svg viewBox="0 0 24 12"/>'), 24, 12],
  ])("of a %s are found, however it arrives", (_name, file, width, height) => {
    for (const cut of [0, 1, 15, 16, 17, Math.floor(file.length / 2), file.length]) {
      expect(measure(file, cut), `cut at ${cut}`).toEqual({ width, height });
    }
  });

  it.each([
    ["text", Buffer.from("hello")],
    ["nothing", Buffer.alloc(0)],
    ["a PNG of no width", bytes(png.subarray(0, 16), u32(0), png.subarray(20))],
    ["a cut-off PNG", png.subarray(0, 18)],
    ["a JPEG without a frame", bytes([0xff, 0xd8], jfif)],
    ["HTML", Buffer.from("<html><body>x</body></html>")],
    ["an SVG full of quotes", Buffer.from(`<svg ${'"<svg '.repeat(50_000)}`)],
    ["a JPEG of nothing but segments", bytes([0xff, 0xd8, 0xff, 0xe0], Buffer.alloc(400_000))],
  ])("of %s are null", (_name, file) => {
    const started = Date.now();
    expect(measure(file)).toBeNull();
    expect(Date.now() - started).toBeLessThan(2_000);
  });

  it("of a damaged image are null or numbers, never an error", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(png, gif, jpeg(exif(6)), webp, avif),
        fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 10 }),
        fc.nat(300),
        (file, changes, length) => {
          const damaged = Uint8Array.from(file.subarray(0, length));
          for (const [at, value] of changes) if (at < damaged.length) damaged[at] = value;
          const size = measure(damaged);
          expect(size === null || (size.width > 0 && size.height > 0)).toBe(true);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it("stand in the record of an upload, and in D1", async () => {
    const vault = await TestVault.create();
    const image = new File([Uint8Array.from(jpeg(exif(6)))], "turned.jpg", { type: "image/jpeg" });
    const record = await vault.upload({ ...PATH, file: image });
    expect(record).toMatchObject({ width: 48, height: 64 } satisfies Partial<AssetRecord>);
    expect((await vault.recorded())[0]).toMatchObject({ width: 48, height: 64 });
    const damaged = await vault.upload({ ...PATH, file: new File([Uint8Array.from(png.subarray(0, 18))], "x.png") });
    expect(damaged).toMatchObject({ width: null, height: null });
  });
});
