import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { workerConfig } from "../../src/local/config.ts";
import { DATA } from "../../src/local/layout.ts";

const VAULTS = join(DATA.objects, `${(await workerConfig()).name}-Vault`);
const D1 = join(DATA.databases, "miniflare-D1DatabaseObject");

/**
 * The databases in a folder of the state directory, with what belongs to them (`-wal`, `-shm`), without Miniflare's
 * own.
 */
const databases = (directory: string): string[] =>
  readdirSync(directory).filter((file) => file.includes(".sqlite") && !file.startsWith("metadata"));

/**
 * The SQLite files of a stopped server. They can be lost, or be replaced by those of an earlier moment. A backup that
 * was put back does that, and so does a disk that did not keep what it said it had.
 */
export class StoredFiles {
  readonly #state: string;
  readonly #backup: string;

  constructor(state: string) {
    this.#state = state;
    this.#backup = join(state, "earlier");
  }

  /** Keeps a copy of all files, to go back to. */
  remember(): void {
    for (const folder of [VAULTS, D1]) {
      rmSync(join(this.#backup, folder), { recursive: true, force: true });
      this.#copy(this.#state, this.#backup, folder);
    }
  }

  loseVaults(): void {
    for (const file of databases(join(this.#state, VAULTS))) rmSync(join(this.#state, VAULTS, file));
  }

  rollVaultsBack(): void {
    this.loseVaults();
    this.#copy(this.#backup, this.#state, VAULTS);
  }

  rollD1Back(): void {
    for (const file of databases(join(this.#state, D1))) rmSync(join(this.#state, D1, file));
    this.#copy(this.#backup, this.#state, D1);
  }

  /** The assets that D1 has, by id. */
  assetsInD1(): Map<string, Record<string, unknown>> {
    const rows = new Map<string, Record<string, unknown>>();
    const directory = join(this.#state, D1);
    for (const name of databases(directory).filter((file) => file.endsWith(".sqlite"))) {
      const db = new DatabaseSync(join(directory, name), { readOnly: true });
      for (const row of db.prepare("SELECT * FROM assets").all()) rows.set(String(row["id"]), row);
      db.close();
    }
    return rows;
  }

  /** A digest that changes with anything in the files. */
  digest(): string {
    const hash = createHash("sha256");
    for (const folder of [VAULTS, D1]) {
      for (const file of databases(join(this.#state, folder)).toSorted()) {
        hash.update(file).update(readFileSync(join(this.#state, folder, file)));
      }
    }
    return hash.digest("hex");
  }

  #copy(from: string, to: string, folder: string): void {
    mkdirSync(join(to, folder), { recursive: true });
    for (const file of databases(join(from, folder))) cpSync(join(from, folder, file), join(to, folder, file));
  }
}
