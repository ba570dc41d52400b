import { rmSync } from "node:fs";
import { afterAll, beforeAll } from "vitest";
import type { Credentials } from "../../src/local/state.ts";
import { credentialsIn, BuiltServer, temporaryState } from "./server-process.ts";

/** A server for the tests of the file that makes one, of a build that the tests share. */
export class ServerScene {
  readonly #state = temporaryState();
  readonly #flags: readonly string[];
  #server: BuiltServer | undefined;
  #former = "";

  /** @param isNeeded whether a server is started at all */
  constructor(flags: readonly string[] = [], isNeeded = true) {
    this.#flags = flags;
    beforeAll(async () => {
      if (isNeeded) this.#server = await new BuiltServer(this.#state, ...flags).ready();
    });
    afterAll(() => {
      this.#server?.killGroup();
      rmSync(this.#state, { recursive: true, force: true });
    });
  }

  /** The folder in which the server keeps everything. */
  get state(): string {
    return this.#state;
  }

  /** Where the server is, and who may call it. */
  get credentials(): Credentials {
    return credentialsIn(this.#state);
  }

  /** All that it has printed so far, over its restarts. */
  get output(): string {
    return this.#former + (this.#server?.output ?? "");
  }

  /** Ends it at once, with all that belongs to it. */
  async kill(): Promise<void> {
    this.#server?.killGroup();
    await this.#server?.exited;
  }

  /** Starts it anew, at the address that it had. */
  async restart(): Promise<void> {
    const { port } = new URL(this.credentials.url);
    this.#former = this.output;
    this.#server = await new BuiltServer(this.#state, ...this.#flags, "--port", port).ready();
  }
}
