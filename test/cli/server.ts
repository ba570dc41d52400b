import { rmSync } from "node:fs";
import { afterAll, beforeAll } from "vitest";
import type { Credentials } from "../../src/local/state.ts";
import { credentialsIn, ServerProcess, temporaryState } from "../local/server-process.ts";

/** A server for the tests of a file, as `npm start` runs it. */
export function useServer() {
  const state = temporaryState();
  let server: ServerProcess;
  beforeAll(async () => {
    server = await new ServerProcess(state, "--quiet").ready();
  });
  afterAll(() => {
    server.killGroup();
    rmSync(state, { recursive: true, force: true });
  });
  return {
    get credentials(): Credentials {
      return credentialsIn(state);
    },
    /** What a command needs of the environment to reach it: with a secret key, and as the operator. */
    get env(): Record<string, string> {
      const { url, secret_key, admin_token } = credentialsIn(state);
      return { STRONGROOM_URL: url, STRONGROOM_KEY: secret_key, STRONGROOM_ADMIN_TOKEN: admin_token };
    },
    /** Ends it at once, with all that belongs to it. */
    async kill(): Promise<void> {
      server.killGroup();
      await server.exited;
    },
    /** Starts it anew, at the address that it had. */
    async restart(): Promise<void> {
      server = await new ServerProcess(state, "--quiet", "--port", new URL(credentialsIn(state).url).port).ready();
    },
  };
}
