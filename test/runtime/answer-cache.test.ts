import { expect, it } from "vitest";
import { AnswerCache } from "../../src/runtime/answer-cache.ts";
import { ISOLATE_CACHE_SIZE } from "../../src/runtime/answer-cache.ts";

const CACHE_SIZE = ISOLATE_CACHE_SIZE / 2;

const SIZE = 50_000;
const answer = { body: "x".repeat(SIZE) };
const keys = (cache: AnswerCache<{ body: string }>, most: number): number[] =>
  Array.from({ length: most }, (_, i) => i).filter((i) => cache.get(String(i)));

/** Makes a cache and fills it as far as it lets itself be filled. */
function filled(): AnswerCache<{ body: string }> {
  const cache = new AnswerCache<{ body: string }>(CACHE_SIZE);
  for (let i = 0; i < CACHE_SIZE / SIZE; i++) cache.set(String(i), answer);
  return cache;
}

it("AnswerCache: is bounded, and forgets its oldest answers first", () => {
  const cache = filled();
  expect(cache.size).toBe(CACHE_SIZE);
  cache.set("one more", answer);
  expect(cache.size).toBe(CACHE_SIZE);
  expect([cache.get("0"), cache.get("1")]).toEqual([undefined, answer]);
  cache.clear();
  expect(cache.size).toBe(0);
});

it("AnswerCache: all of an isolate are bounded together, and the least recently used one loses its answers first", () => {
  const [old, used] = [filled(), filled()];
  expect(old.size + used.size).toBe(ISOLATE_CACHE_SIZE);
  expect(old.get("3")).toBe(answer); // Now the other cache is the least recently used one.
  const fresh = new AnswerCache<{ body: string }>(CACHE_SIZE);
  for (let i = 0; i < 10; i++) fresh.set(String(i), answer);
  const all = CACHE_SIZE / SIZE;
  expect(used.size).toBe(CACHE_SIZE - 10 * SIZE);
  expect([keys(old, all).length, keys(used, all)[0], keys(fresh, 10).length]).toEqual([all, 10, 10]);
  for (let vault = 0; vault < 40; vault++) filled();
  expect(old.size + used.size + fresh.size).toBe(0);
});

it("AnswerCache: forgets thousands of small answers for a large one", () => {
  const small = Array.from({ length: 2 }, () => new AnswerCache<{ body: string }>(CACHE_SIZE));
  for (let i = 0; i < CACHE_SIZE / 200; i++) for (const cache of small) cache.set(String(i), { body: "x".repeat(200) });
  const large = new AnswerCache<{ body: string }>(CACHE_SIZE);
  for (let i = 0; i < 8; i++)
    expect(large.set(String(i), { body: "x".repeat(CACHE_SIZE / 8) }).body.length).toBe(CACHE_SIZE / 8);
  expect(large.size).toBe(CACHE_SIZE);
});
