import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect } from "vitest";
import { StrongroomError } from "../../src/client/index.ts";
import type { Credentials } from "../../src/local/state.ts";
import { credentialsIn, ServerProcess, temporaryState } from "../local/server-process.ts";

/** Where the tests of a file put things. */
export const PATH = { partition: "marketing", collection: "blog", channel: "hero-images" };

/** A server for the tests of a file, as `npm start` runs it. Its answers are held to the document. */
export function useServer(): { readonly credentials: Credentials } {
  const state = temporaryState();
  let server: ServerProcess;
  beforeAll(async () => {
    await import("../support/checked-fetch.ts");
    server = await new ServerProcess(state).ready();
  });
  afterAll(() => {
    server.killGroup();
    rmSync(state, { recursive: true });
  });
  return {
    get credentials() {
      return credentialsIn(state);
    },
  };
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
