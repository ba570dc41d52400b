/** Image sizes through the API: what a record says of an uploaded file, and that other files cost nothing. */

import { expect, it } from "vitest";
import type { AssetRecord } from "../../../src/model/asset.ts";
import { ImageReader } from "../../../src/upload/image/image.ts";
import { PATH, TestVault } from "../../support/api.ts";
import { avif, irot, SIZED } from "./files/avif.ts";
import { exif, jpeg } from "./files/jpeg.ts";
import { png } from "./files/png.ts";
import { drawing } from "./files/svg.ts";

it.each([
  ["", Buffer.alloc(0)],
  ["text", Buffer.from("hello")],
  ["short text", Buffer.from("<")],
  ["zeros", Buffer.alloc(1_000)],
  ["PDF", Buffer.from("%PDF-1.7\n%....")],
])("a file of %s has no size, and costs nothing", (_name, file) => {
  const reader = new ImageReader();
  for (const byte of file) reader.write(Uint8Array.of(byte));
  expect(reader.end()).toBeNull();
  expect(reader.work).toEqual({ requests: 0, bytes: 0 });
});

it("upload: an image's size stands in its record, and in D1", async () => {
  const vault = await TestVault.create();
  // The size is that of the image as it is shown, whatever its name and type say.
  const image = new File([Uint8Array.from(jpeg(exif(6)))], "turned.png", { type: "image/png" });
  const record = await vault.upload({ ...PATH, file: image });
  expect(record).toMatchObject({ width: 24, height: 40 } satisfies Partial<AssetRecord>);
  expect((await vault.recorded())[0]).toMatchObject({ width: 24, height: 40 });
});

it.each([
  ["turned.avif", avif({ properties: [...SIZED, irot(1)] }), [24, 40]],
  ["drawing.svg", Buffer.from(drawing), [120, 60]],
  ["large.png", png(2_000, 3_000, [], []), [2_000, 3_000]],
  ["page.html", Buffer.from(`<html><body>${drawing}</body></html>`), [null, null]],
  ["notes.md", Buffer.from(`${drawing}\n# Notes\n`), [null, null]],
  ["cut.png", png(40, 24).subarray(0, 18), [null, null]],
])("upload: %s", async (name, file, [width, height]) => {
  const vault = await TestVault.create();
  const record = await vault.upload({ ...PATH, file: new File([Uint8Array.from(file)], name) });
  expect(record).toMatchObject({ width, height });
});
