/** Where uploads are that were broken off, so that the same command goes on with them. */

import { createHash } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { readdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { pathText } from "../place.ts";
import type { AssetPath } from "../../model/asset.ts";
import { SESSION_LIFE_MS } from "../../model/limits.ts";
import { withTemporary } from "./destination.ts";

/** What is uploaded, and where to. */
export interface UploadOf {
  readonly server: string;
  readonly vaultId: string;
  readonly file: string;
  /** Of the file. Bytes, and milliseconds: with a file that has changed, the upload must begin anew. */
  readonly size: number;
  readonly changed: number;
  readonly path: AssetPath;
}

/** What is kept of uploads from one run to the next, for this user alone. There is no secret in it. */
function stateFolder(env: NodeJS.ProcessEnv): string {
  const windows = process.platform === "win32" ? env["LOCALAPPDATA"] : undefined;
  const folder = windows || env["XDG_STATE_HOME"] || join(env["HOME"] || homedir(), ".local", "state");
  return join(folder, "strongroom", "uploads");
}

/** Where an upload is, in a file of its own. What cannot be kept is no failure: the upload would begin anew. */
export class KeptUpload {
  readonly #file: string;
  readonly #of: UploadOf;

  private constructor(file: string, of: UploadOf) {
    this.#file = file;
    this.#of = of;
  }

  static async of(env: NodeJS.ProcessEnv, upload: UploadOf): Promise<KeptUpload> {
    const { server, vaultId, path } = upload;
    const file = await realpath(upload.file);
    const name = JSON.stringify([server, vaultId, file, pathText(path)]);
    const hash = createHash("sha256").update(name).digest("hex");
    return new KeptUpload(join(stateFolder(env), `${hash}.json`), { ...upload, file });
  }

  /** The URL of an upload that was broken off, and whether the file has changed since; undefined when there is none. */
  async find(): Promise<{ url: string; hasChanged: boolean } | undefined> {
    try {
      const { url, size, changed } = JSON.parse(await readFile(this.#file, "utf8")) as Record<string, unknown>;
      const hasChanged = size !== this.#of.size || changed !== this.#of.changed;
      return typeof url === "string" ? { url, hasChanged } : undefined;
    } catch {
      return undefined;
    }
  }

  /** There is never half a URL in the file. */
  async keep(url: string): Promise<void> {
    const folder = dirname(this.#file);
    const { file, size, changed, path } = this.#of;
    const text = `${JSON.stringify({ url, file, size, changed, to: pathText(path) })}\n`;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      chmodSync(folder, 0o700);
      await withTemporary(folder, async (temporary) => {
        await writeFile(temporary, text, { mode: 0o600 });
        await rename(temporary, this.#file);
      });
    } catch {
      // A home that cannot be written to is no reason not to upload.
    }
    await this.#sweep();
  }

  async forget(): Promise<void> {
    await rm(this.#file, { force: true }).catch(() => {});
  }

  /** Removes what is kept of uploads that have ended on the server long ago. */
  async #sweep(): Promise<void> {
    const folder = dirname(this.#file);
    for (const name of await readdir(folder).catch(() => [])) {
      const file = join(folder, name);
      const found = await stat(file).catch(() => undefined);
      if (found && found.mtimeMs < Date.now() - SESSION_LIFE_MS) await rm(file, { force: true }).catch(() => {});
    }
  }
}
