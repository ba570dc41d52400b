import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "vitest";
import { isRunning, workerdsWith } from "../../src/local/processes.ts";
import { type Credentials, OWNER_VARIABLE } from "../../src/local/state.ts";

/** A state directory of its own for a test. */
export const temporaryState = (): string => mkdtempSync(join(tmpdir(), "strongroom-"));

/** An npm command in a process group of its own. */
const npm = (...args: string[]): ChildProcess => spawn("npm", args, { detached: true });

/** What an npm command that ends by itself prints, without npm's own lines, and its exit code. */
export async function outputOf(...args: string[]): Promise<{ lines: string[]; code: number | null }> {
  const child = npm(...args);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { lines: ownLines(output), code };
}

/** What is not npm's own. */
export const ownLines = (output: string): string[] =>
  output.split("\n").filter((line) => line !== "" && !/^(>|npm )/.test(line));

/** A server that a command runs in a process group of its own, so that everything it starts can be told. */
export class ServerGroup {
  readonly #child: ChildProcess;
  readonly exited: Promise<number | null>;
  output = "";

  /** @param child what was started with `detached` */
  constructor(child: ChildProcess) {
    this.#child = child;
    this.exited = new Promise((resolve) => child.once("exit", resolve));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
  }

  /** Resolves when the server says that it is ready; rejects when it ends instead. */
  async ready(): Promise<this> {
    const ended = this.exited.then((code) => {
      throw new Error(`the server ended with ${code}: ${this.output}`);
    });
    ended.catch(() => {});
    while (!this.output.includes("Ctrl-C stops it")) {
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20))]);
    }
    return this;
  }

  get group(): number {
    if (this.#child.pid === undefined) throw new Error("the server did not start");
    return this.#child.pid;
  }

  /** As a terminal does on Ctrl-C: to everything in the foreground. */
  async interrupt(): Promise<void> {
    process.kill(-this.group, "SIGINT");
    await this.exited;
  }

  /** As `kill` does: the command alone hears of it. Resolves when the server and its workerd are gone, too. */
  async kill(state: string, signal: NodeJS.Signals): Promise<void> {
    const { pid, started } = JSON.parse(readFileSync(join(state, "lock"), "utf8")) as { pid: number; started: string };
    process.kill(this.group, signal);
    await this.exited;
    while (isRunning(pid, started) || workerdsWith(OWNER_VARIABLE, state).length > 0) await sleep(20);
  }

  /** The command lines of all that runs in its process group. */
  get running(): string[] {
    const table = execFileSync("ps", ["-A", "-o", "pgid=", "-o", "args="], { encoding: "utf8" });
    const lines = table.split("\n").map((line) => line.trim());
    return lines.filter((line) => line.startsWith(`${this.group} `)).map((line) => line.replace(/^\d+ +/, ""));
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

/** `npm start` as a user runs it. */
export class ServerProcess extends ServerGroup {
  constructor(state: string, ...flags: string[]) {
    const port = flags.includes("--port") ? [] : ["--port", "0"];
    super(npm("start", "--", "--state", state, ...port, ...flags));
  }
}

/** The same server, of a build that the tests share. */
export class BuiltServer extends ServerGroup {
  constructor(state: string, ...flags: string[]) {
    const port = flags.includes("--port") ? [] : ["--port", "0"];
    const script = join(import.meta.dirname, "built-server.ts");
    const args = [script, inject("built"), "--state", state, ...port, ...flags];
    super(spawn(process.execPath, args, { detached: true }));
  }
}

export const credentialsIn = (state: string): Credentials =>
  JSON.parse(readFileSync(join(state, "credentials.json"), "utf8")) as Credentials;
