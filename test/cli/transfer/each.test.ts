import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { each } from "../../../src/cli/transfer/each.ts";

const numbers = (last: number): number[] => Array.from({ length: last }, (_, at) => at + 1);

it("each: never more at a time than it is told, and no item is asked for before there is room", async () => {
  let [running, most, asked] = [0, 0, 0];
  async function* source(): AsyncGenerator<number> {
    for (const number of numbers(40)) {
      asked++;
      yield number;
    }
  }
  const done: number[] = [];
  await each(source(), 4, async (number) => {
    most = Math.max(most, ++running);
    // Those that run, and those that others ask for.
    expect(asked).toBeLessThanOrEqual(done.length + 2 * 4);
    await sleep(number % 3);
    running--;
    done.push(number);
  });
  expect(most).toBe(4);
  expect(done.toSorted((a, b) => a - b)).toEqual(numbers(40));
});

it("each: a failure ends it, when what is under way has ended", async () => {
  const [begun, ended]: [number[], number[]] = [[], []];
  let isClosed = false;
  function* source(): Generator<number> {
    try {
      yield* numbers(100);
    } finally {
      isClosed = true;
    }
  }
  const running = each(source(), 3, async (number) => {
    begun.push(number);
    await sleep(number === 2 ? 1 : 20);
    if (number === 2) throw new Error("the second");
    ended.push(number);
  });
  await expect(running).rejects.toThrow("the second");
  expect(begun).toEqual([1, 2, 3]);
  expect(ended).toEqual([1, 3]);
  expect(isClosed).toBe(true);
});

it("each: the source's own failure is its failure", async () => {
  async function* source(): AsyncGenerator<number> {
    yield 1;
    throw new Error("no more");
  }
  const done: number[] = [];
  const running = each(source(), 2, async (number) => {
    await sleep(5);
    done.push(number);
  });
  await expect(running).rejects.toThrow("no more");
  expect(done).toEqual([1]);
});
