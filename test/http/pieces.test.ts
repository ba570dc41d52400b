import fc from "fast-check";
import { expect, it } from "vitest";
import { MemoryBudget } from "../../src/runtime/memory-budget.ts";
import { Pieces } from "../../src/http/pieces.ts";

it("Pieces: return the bytes that they took, lease no more than twice as many, and can be used again", async () => {
  const text = fc.string({ unit: "binary", maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 20 }), fc.nat(20), fc.boolean(), async (texts, first, joins) => {
      const budget = new MemoryBudget(1_000_000, 1_000);
      const lease = budget.lease("v", 10_000);
      const pieces = new Pieces({ lease }, 5_000, first + 1);
      for (let round = 0; round < 2; round++) {
        for (const each of texts) await pieces.add(Buffer.from(each));
        const whole = Buffer.from(texts.join(""));
        expect(pieces.length).toBe(whole.length);
        expect(lease.bytes).toBeLessThanOrEqual(Math.max(2 * whole.length, first + 1));
        if (joins) {
          await pieces.join();
          expect([...pieces].length).toBeLessThanOrEqual(1);
        }
        expect(Buffer.concat([...pieces])).toEqual(whole);
        if (texts.every((each) => each.isWellFormed())) expect(pieces.text()).toBe(texts.join(""));
        pieces.empty();
      }
      pieces.release();
      expect([lease.bytes, budget.held]).toEqual([0, 0]);
    }),
    { numRuns: 300 },
  );
});

it("Pieces: take no more than their size", async () => {
  const lease = new MemoryBudget(1_000, 1_000).lease("v", 100);
  const pieces = new Pieces({ lease }, 100, 16);
  await pieces.add(new Uint8Array(99));
  expect([pieces.full, pieces.take(new Uint8Array(5)), pieces.full, pieces.cramped]).toEqual([false, 1, true, false]);
  expect(lease.bytes).toBe(100);
});

it("Pieces: decode characters that two pieces share, and throw on what is not UTF-8", async () => {
  const lease = new MemoryBudget(1_000, 1_000).lease("v", 100);
  const pieces = new Pieces({ lease }, 100, 1);
  await pieces.add(Buffer.from("aé"));
  expect(pieces.text()).toBe("aé");
  await pieces.add(Uint8Array.of(0xc3));
  expect(() => pieces.text()).toThrow(TypeError);
});
