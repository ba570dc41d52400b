import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Credentials } from "../../src/local/state.ts";

/** A state directory of its own for a test. */
export const temporaryState = (): string => mkdtempSync(join(tmpdir(), "strongroom-"));

/** `npm start` as a user runs it, in a process group of its own, so that everything it starts can be told. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly exited: Promise<number | null>;
  output = "";

  constructor(state: string, ...flags: string[]) {
    this.#child = spawn(
      "npm",
      ["start", "--", "--state", state, ...(flags.includes("--port") ? [] : ["--port", "0"]), ...flags],
      { detached: true },
    );
    this.exited = new Promise((resolve) => this.#child.once("exit", resolve));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
  }

  /** Resolves when the server says that it is ready; rejects when it ends instead. */
  async ready(): Promise<this> {
    const ended = this.exited.then((code) => {
      throw new Error(`npm start ended with ${code}: ${this.output}`);
    });
    ended.catch(() => {});
    while (!this.output.includes("Ctrl-C stops it")) {
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20))]);
    }
    return this;
  }

  get group(): number {
    if (this.#child.pid === undefined) throw new Error("npm start did not start");
    return this.#child.pid;
  }

  /** As a terminal does on Ctrl-C: to everything in the foreground. */
  async interrupt(): Promise<void> {
    process.kill(-this.group, "SIGINT");
    await this.exited;
  }

  /** The Node process alone is killed: workerd lives on. */
  async killNode(state: string): Promise<void> {
    const lock = JSON.parse(readFileSync(join(state, "lock"), "utf8")) as { pid: number };
    process.kill(lock.pid, "SIGKILL");
    await this.exited;
  }

  killGroup(): void {
    try {
      process.kill(-this.group, "SIGKILL");
    } catch {
      // It has ended already.
    }
  }
}

export const credentialsIn = (state: string): Credentials =>
  JSON.parse(readFileSync(join(state, "credentials.json"), "utf8")) as Credentials;
