import { beforeAll, expect } from "vitest";
import { StrongroomError } from "../../src/client/index.ts";
import { ServerScene } from "../local/server-scene.ts";

/** Where the tests of a file put things. */
export const PATH = { partition: "marketing", collection: "blog", channel: "hero-images" };

/** A server for the tests of a file. Its answers are held to the document. */
export function useServer(): ServerScene {
  beforeAll(async () => {
    await import("../support/checked-fetch.ts");
  });
  return new ServerScene();
}

/** Everything of an iterable. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** What a call fails with, as it must. */
export const failure = async (call: PromiseLike<unknown>): Promise<StrongroomError> => {
  const error = await Promise.resolve(call).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StrongroomError);
  return error as StrongroomError;
};
