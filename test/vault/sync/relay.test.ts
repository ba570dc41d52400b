import { expect, it } from "vitest";
import { Relay } from "../../../src/vault/sync/relay.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A drain to a store that takes everything at once, and what each of its steps carried. */
function drained(step: () => Promise<void> = async () => {}) {
  let rev = 0;
  const carried: number[] = [];
  const drain = new Relay({
    name: "test",
    watermark: 0,
    target: () => rev,
    step: async () => {
      const to = rev;
      carried.push(to - drain.watermark);
      await step();
      return to;
    },
  });
  const write = (changes: number): Promise<boolean> => {
    rev += changes;
    drain.wake();
    return drain.waitFor(rev);
  };
  return { carried, write, drain };
}

it("drain: carries what arrives during a step with the next one", async () => {
  let go = (): void => {};
  const { carried, write } = drained(() => new Promise((resolve) => (go = resolve)));
  const writes = [write(1)];
  await pause(0);
  writes.push(write(1), write(1));
  go();
  await pause(1);
  go();
  expect(await Promise.all(writes)).toEqual([true, true, true]);
  expect(carried).toEqual([1, 2]);
});

it("drain: waits, after a step that carried many, for as many again", async () => {
  const { carried, write } = drained();
  await write(5);
  const one = write(1);
  await pause(0);
  expect(carried).toEqual([5]);
  await Promise.all([one, write(4)]);
  expect(carried).toEqual([5, 5]);
});

it("drain: does not wait for them longer than it may", async () => {
  const { carried, write } = drained();
  expect([await write(5), await write(1)]).toEqual([true, true]);
  expect(carried).toEqual([5, 1]);
});

it("drain: lets who writes alone wait for nobody", async () => {
  const { carried, write } = drained();
  for (let i = 1; i <= 5; i++) {
    const written = write(1);
    await pause(0); // Comes before any gathering would be over.
    expect(carried).toHaveLength(i);
    await written;
  }
});

it("drain: settles its waiters when a step fails, and gathers nothing while it is stalled", async () => {
  let fails = false;
  const { write, drain } = drained(async () => {
    if (fails) throw new Error("down");
  });
  await write(5);
  fails = true;
  expect(await write(5)).toBe(false);
  expect(await write(1)).toBe(false);
  fails = false;
  await drain.run();
  expect(drain.isBehind).toBe(false);
  expect(await write(5)).toBe(true);
});
