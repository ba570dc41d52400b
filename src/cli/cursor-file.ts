import { readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { StrongroomError } from "../client/index.ts";
import { absent } from "./transfer/absent.ts";
import { withTemporary } from "./transfer/destination.ts";
import { UsageError } from "./usage-error.ts";

/** What `--cursor-file` takes. */
export const CURSOR_FILE = {
  type: "string",
  value: "FILE",
  about: "go on where the last run with this file ended; made if it is not there",
} as const;

/** A file that keeps a place in the feed of changes from one run to the next. */
export class CursorFile {
  readonly #file: string | undefined;

  /** @param file its name; without one nothing is kept. @throws UsageError */
  constructor(file: string | undefined) {
    if (file === "") throw new UsageError("--cursor-file: must not be empty");
    this.#file = file;
  }

  /** The place that it keeps; undefined when there is none yet. */
  async read(): Promise<string | undefined> {
    if (this.#file === undefined) return undefined;
    const text = await readFile(this.#file, "utf8").catch(absent);
    return text?.trim();
  }

  /** Keeps a place. There is never half of it in the file. */
  async save(cursor: string): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    await withTemporary(dirname(file), async (temporary) => {
      await writeFile(temporary, `${cursor}\n`);
      await rename(temporary, file);
    });
  }

  /** Says of a place that the server no longer takes what to do about it. */
  explained(error: unknown): unknown {
    if (this.#file === undefined || !(error instanceof StrongroomError) || error.code !== "CURSOR_EXPIRED")
      return error;
    return new Error(`${this.#file}: ${error.message}; remove the file to do so`, { cause: error });
  }
}
