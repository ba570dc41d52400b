import { createHash } from "node:crypto";
import { open, rename } from "node:fs/promises";
import { namedDigest } from "./digest.ts";
import { withTemporary } from "./destination.ts";
import { sleep } from "./pause.ts";

/** How often a download is begun anew that broke off, beside what the client repeats by itself. */
const MOST_REPEATS = 2;
const FIRST_PAUSE_MS = 250;

/** What came is not what was to come, or not all of it. */
export class Incomplete extends Error {}

/**
 * Writes what an answer holds to a file: under another name first, and checked by its SHA-256, so that there is never half a
 * file under the name itself. A file that has the name already is replaced.
 *
 * @param respond asks for the content, again when it broke off
 * @param first an answer that is there already
 * @param check throws when what came is not what was to come, although it is what the answer's headers say
 * @returns how many bytes came, and their SHA-256
 * @throws Incomplete
 */
export async function downloadTo(
  { file, folder }: { file: string; folder: string },
  respond: () => Promise<Response>,
  options: {
    first?: Response;
    signal: AbortSignal;
    moved: (size: number) => void;
    check?: (received: { size: number; sha256: string }) => void;
  },
): Promise<{ size: number; sha256: string }> {
  const { signal, moved, check } = options;
  let response = options.first;
  for (let repeat = 0; ; repeat++) {
    response ??= await respond();
    try {
      const answer = response;
      return await withTemporary(folder, async (temporary) => {
        const handle = await open(temporary, "wx");
        let received: { size: number; sha256: string };
        try {
          received = await checked(answer, async (chunk, size) => {
            // A single call may write less than all.
            await handle.writeFile(chunk);
            moved(size);
          });
        } finally {
          await handle.close();
        }
        check?.(received);
        await rename(temporary, file);
        return received;
      });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof Incomplete) || repeat === MOST_REPEATS) throw error;
      moved(0);
      response = undefined;
      await sleep(FIRST_PAUSE_MS * 2 ** repeat, signal);
    }
  }
}

/**
 * Hands on the chunks of an answer, with how many bytes there have been.
 *
 * @throws Incomplete when the connection breaks off, or it was not what the answer's headers say
 */
export async function checked(
  response: Response,
  use: (chunk: Uint8Array, size: number) => Promise<void>,
): Promise<{ size: number; sha256: string }> {
  const expected = namedDigest(response);
  const hash = createHash("sha256");
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  let size = 0;
  try {
    for (;;) {
      const { value, done } = (await reader?.read().catch(brokenOff(size))) ?? { value: undefined, done: true };
      if (done) break;
      hash.update(value);
      size += value.byteLength;
      await use(value, size);
    }
  } catch (error) {
    await reader?.cancel().catch(() => {});
    throw error;
  }
  const sha256 = hash.digest("hex");
  if (sha256 !== expected) throw new Incomplete("what came is not what was stored: its SHA-256 is another one");
  return { size, sha256 };
}

const brokenOff = (size: number) => (cause: unknown) => {
  throw new Incomplete(`the connection broke off after ${size} bytes`, { cause });
};
