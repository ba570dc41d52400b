import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newDigest, type ResumableDigest, resumeDigest } from "../../../src/upload/resumable/sha256.ts";

/** As another isolate sees it: all that it has is the state. */
const elsewhere = (digest: ResumableDigest): ResumableDigest => resumeDigest(digest.state());

const native = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("the digest of a resumable upload", () => {
  // From the examples that NIST publishes for FIPS 180-4.
  it.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
    [
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
    ],
    ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
  ])("is the published one of %.20s", (text, expected) => {
    const digest = newDigest();
    digest.update(Buffer.from(text));
    expect(digest.digest()).toBe(expected);
  });

  it("is the native one, however the bytes come, and wherever it is saved", () => {
    const pieces = fc.array(fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.boolean()), { maxLength: 20 });
    fc.assert(
      fc.property(pieces, fc.nat(63), (split, shift) => {
        let digest = newDigest();
        for (const [piece, isSaved] of split) {
          // The bytes of a request stand somewhere in a buffer that is used again.
          const buffer = new Uint8Array(shift + piece.length);
          buffer.set(piece, shift);
          digest.update(buffer.subarray(shift));
          buffer.fill(0xff);
          if (isSaved) digest = elsewhere(digest);
        }
        expect(elsewhere(digest).digest()).toBe(native(Buffer.concat(split.map(([piece]) => piece))));
      }),
    );
  });

  it("is the native one of every length about the end of a block", () => {
    for (let length = 0; length <= 130; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => i);
      const digest = newDigest();
      digest.update(bytes);
      expect([length, elsewhere(digest).digest()]).toEqual([length, native(bytes)]);
    }
  });

  it("counts the bits of files beyond 512 MiB", () => {
    const [, words] = JSON.parse(newDigest().state()) as [number, number[], string];
    const from = (length: number) => resumeDigest(JSON.stringify([length, words, ""]));
    for (const length of [2 ** 29 - 64, 2 ** 29, 5 * 2 ** 30]) {
      // The last block of a file whose bytes fill whole blocks: a one, zeros, and the length in bits.
      const last = new Uint8Array(64);
      last[0] = 0x80;
      new DataView(last.buffer).setBigUint64(56, BigInt(length) * 8n);
      const padded = from(0);
      padded.update(last);
      const [, hash] = JSON.parse(padded.state()) as [number, number[], string];
      const expected = hash.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
      expect(from(length).digest()).toBe(expected);
    }
  });

  it("goes on from a state of two copies apart", () => {
    const digest = newDigest();
    digest.update(Buffer.from("one and "));
    const [a, b] = [elsewhere(digest), elsewhere(digest)];
    a.update(Buffer.from("two"));
    b.update(Buffer.from("three"));
    expect([a.digest(), b.digest()]).toEqual([
      native(Buffer.from("one and two")),
      native(Buffer.from("one and three")),
    ]);
  });

  it("reads a state that a former version has saved", () => {
    // Rows keep states for six days. Another form must not come before this one can still be read.
    const saved =
      '[70,[-57040161,-1997264262,2075775360,869123746,39220575,-1654941104,1151978545,1522435239],"QEFCQ0RF"]';
    const digest = resumeDigest(saved);
    expect(digest.state()).toBe(saved);
    digest.update(Uint8Array.from([70, 71]));
    expect(digest.digest()).toBe(native(Uint8Array.from({ length: 72 }, (_, i) => i)));
  });
});
