/**
 * When a relay does its steps, and what its writers wait for. The store is a counter, so that only the timing is
 * tested.
 */

import { expect, it, vi } from "vitest";
import { Relay } from "../../../src/vault/sync/relay.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A relay to a store that takes everything at once, and how many changes each of its steps carried. */
function relayed(step: () => Promise<void> = async () => {}) {
  let rev = 0;
  const carried: number[] = [];
  const relay = new Relay({
    name: "test",
    vault: "vault_of_test",
    watermark: 0,
    target: () => rev,
    step: async () => {
      const to = rev;
      carried.push(to - relay.watermark);
      await step();
      return to;
    },
  });
  const write = (changes: number): Promise<boolean> => {
    rev += changes;
    relay.wake();
    return relay.waitFor(rev);
  };
  return { carried, write, relay };
}

it("relay: the next step carries what arrives during a step", async () => {
  let go = (): void => {};
  const { carried, write } = relayed(() => new Promise((resolve) => (go = resolve)));
  const writes = [write(1)];
  await pause(0);
  writes.push(write(1), write(1));
  go();
  await pause(1);
  go();
  expect(await Promise.all(writes)).toEqual([true, true, true]);
  expect(carried).toEqual([1, 2]);
});

it("relay: a step after one that carried many changes waits for as many again", async () => {
  const { carried, write } = relayed();
  await write(5);
  const one = write(1);
  await pause(0);
  expect(carried).toEqual([5]);
  await Promise.all([one, write(4)]);
  expect(carried).toEqual([5, 5]);
});

it("relay: a step does not wait for further changes longer than it may", async () => {
  const { carried, write } = relayed();
  expect([await write(5), await write(1)]).toEqual([true, true]);
  expect(carried).toEqual([5, 1]);
});

it("relay: a writer that is alone is not kept waiting", async () => {
  const { carried, write } = relayed();
  for (let i = 1; i <= 5; i++) {
    const written = write(1);
    await pause(0); // A step that gathers changes would not have begun by now.
    expect(carried).toHaveLength(i);
    await written;
  }
});

it("relay: a step that fails settles the writers, and a stalled relay gathers nothing", async () => {
  let fails = false;
  const { write, relay } = relayed(async () => {
    if (fails) throw new Error("down");
  });
  await write(5);
  fails = true;
  expect(await write(5)).toBe(false);
  expect(await write(1)).toBe(false);
  fails = false;
  await relay.run();
  expect(relay.isBehind).toBe(false);
  expect(await write(5)).toBe(true);
});

it("relay: no timer is left when all writers are answered, since it would keep the object in memory", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    let isFailing = false;
    const { write } = relayed(async () => {
      if (isFailing) throw new Error("down");
    });
    expect(await Promise.all([write(1), write(1)])).toEqual([true, true]);
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(0));
    isFailing = true;
    expect(await write(2)).toBe(false);
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1)); // The one that tries the step again.
  } finally {
    vi.useRealTimers();
  }
});

it("relay: the line of a step that failed names the vault", async () => {
  const lines = vi.spyOn(console, "error").mockImplementation(() => {});
  let failures = 0;
  const { write } = relayed(async () => {
    if (failures++ === 0) throw new Error("the store is down");
  });
  expect(await write(1)).toBe(false);
  expect(lines.mock.calls.map(([line]) => JSON.parse(String(line)) as object)).toMatchObject([
    { event: "test: a step failed", vault: "vault_of_test", failures: 1, error: "the store is down" },
  ]);
  lines.mockRestore();
});
