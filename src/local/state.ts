/** The state directory of a local server: its lock, its secrets and its credentials. */

import { randomBytes } from "node:crypto";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { CACHE, DATA } from "./layout.ts";
import { end, isRunning, startTime, workerdsWith } from "./processes.ts";
import { OperatorError } from "./operator-error.ts";
import { sweepBodies } from "./sweep-bodies.ts";

/** What `credentials.json` holds: all that a client on this machine needs. */
export interface Credentials {
  url: string;
  admin_token: string;
  vault_id: string;
  secret_key: string;
  public_key: string;
}

export interface Secrets {
  admin_token: string;
  key_secret: string;
  /** The former `key_secret`, whose keys stay good. The operator writes it into `secrets.json` by hand. */
  key_secret_previous?: string;
}

/** This variable is set for workerd, so that a workerd whose parent was killed can be told from all others. */
export const OWNER_VARIABLE = "STRONGROOM_STATE_OF";

/**
 * The directory that holds everything of a local server: `lock`, `secrets.json`, `credentials.json`, and the data of
 * D1, R2 and the vaults. One server at a time holds it.
 */
export class StateDirectory {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Creates the directory if need be, and takes hold of it. A lock whose process is gone is no obstacle, and a workerd
   * that such a process left behind is ended. Throws OperatorError when another server holds the directory, or when it
   * cannot be written.
   */
  static async open(directory: string): Promise<StateDirectory> {
    let state: StateDirectory;
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      state = new StateDirectory(realpathSync(directory));
      state.#lock();
    } catch (error) {
      if (error instanceof OperatorError) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      throw new OperatorError(`the state directory ${directory} cannot be written (${code ?? message})`);
    }
    await end(workerdsWith(OWNER_VARIABLE, state.path));
    state.#upgrade();
    rmSync(state.#file(CACHE), { recursive: true, force: true });
    await sweepBodies(state.path);
    return state;
  }

  close(): void {
    rmSync(this.#file("lock"), { force: true });
  }

  /** The server's secrets. They are made on the first call for this directory. */
  secrets(): Secrets {
    const known = this.#read<Secrets>("secrets.json");
    if (known) return known;
    const secrets = {
      admin_token: randomBytes(32).toString("base64url"),
      key_secret: randomBytes(32).toString("base64url"),
    };
    this.#write("secrets.json", secrets);
    return secrets;
  }

  credentials(): Credentials | undefined {
    return this.#read<Credentials>("credentials.json");
  }

  saveCredentials(credentials: Credentials): void {
    this.#write("credentials.json", credentials);
  }

  /**
   * Takes over the directory of version 0.1, which kept the vaults in `vaults`. Miniflare 5 has one folder for all
   * Durable Objects.
   */
  #upgrade(): void {
    if (existsSync(this.#file("vaults")) && !existsSync(this.#file(DATA.objects))) {
      renameSync(this.#file("vaults"), this.#file(DATA.objects));
    }
  }

  #file(name: string): string {
    return join(this.path, name);
  }

  /**
   * Takes the lock, or throws OperatorError. The lock is made complete elsewhere and comes into its place by a hard link,
   * so nobody ever reads half of one.
   */
  #lock(): void {
    const mine = this.#file(`lock.${process.pid}`);
    writeFileSync(mine, JSON.stringify({ pid: process.pid, started: startTime(process.pid) }), { mode: 0o600 });
    try {
      for (;;) {
        try {
          linkSync(mine, this.#file("lock"));
          return;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
          this.#breakStaleLock();
        }
      }
    } finally {
      unlinkSync(mine);
    }
  }

  #breakStaleLock(): void {
    const holder = this.#read<{ pid: number; started?: string }>("lock");
    if (holder && holder.started !== undefined && isRunning(holder.pid, holder.started)) {
      throw new OperatorError(`the state directory ${this.path} is held by another server (process ${holder.pid})`);
    }
    // Several servers may find the lock stale, and one of them gets to move it away. Another one may then move away the
    // new lock of that one. It sees so, and puts the lock back.
    const name = `lock.stale.${process.pid}`;
    try {
      renameSync(this.#file("lock"), this.#file(name));
      const moved = this.#read<{ pid: number }>(name);
      if (moved && moved.pid !== holder?.pid) linkSync(this.#file(name), this.#file("lock"));
      unlinkSync(this.#file(name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }

  #read<T>(name: string): T | undefined {
    try {
      return JSON.parse(readFileSync(this.#file(name), "utf8")) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      if (name.startsWith("lock")) return undefined;
      throw new OperatorError(`${this.#file(name)} cannot be read (${(error as Error).message})`);
    }
  }

  /** Writes a file that the owner alone can read and that is never half written. */
  #write(name: string, value: object): void {
    const temporary = this.#file(`${name}.new`);
    writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(temporary, this.#file(name));
  }
}
