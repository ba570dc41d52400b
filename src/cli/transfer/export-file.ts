/** Reads an export that was written to a file, as often as need be: it may be larger than memory. */

import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { Change, ImportedLine, ImportPage } from "../../client/index.ts";
import { visible } from "../terminal/visible.ts";

/** A record has some 200 KB at most, with every character escaped. A line is kept as a whole. Bytes. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

const LINE_FEED = 0x0a;

/** What is kept of each asset while the file is read again. */
interface Kept {
  /** Its last line in the file, from 1. */
  readonly line: number;
  readonly fingerprint: string;
}

/** An asset of the export, with the number of its line. */
export interface NumberedLine {
  readonly number: number;
  readonly line: ImportedLine;
}

const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** A change as an import takes it. */
export function toLine({ asset, etag, seq, sha256 }: Extract<Change, { type: "asset" }>): ImportedLine {
  const record = { ...asset, metadata: text(asset.metadata), tags: text(asset.tags) };
  return { type: "asset", asset: record, etag, seq: seq ?? 0, sha256: sha256 ?? "" };
}

/** What is the same of an asset in every vault that it is in. */
export function fingerprintOf({ asset, etag, seq, sha256 }: ImportedLine): string {
  const { vault_id: from, r2_key: key, ...rest } = asset;
  const fields = Object.entries({ ...rest, etag, seq, sha256, key: key.slice(from.length) }).toSorted(byName);
  return createHash("sha256").update(JSON.stringify(fields)).digest("base64");
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);

export class ExportFile {
  readonly #file: string;
  readonly #assets: ReadonlyMap<string, Kept>;
  /** What the import is as a whole. */
  readonly terms: Pick<ImportPage, "top" | "assets" | "bytes">;

  private constructor(file: string, assets: ReadonlyMap<string, Kept>, terms: ExportFile["terms"]) {
    this.#file = file;
    this.#assets = assets;
    this.terms = terms;
  }

  /** Reads the file once. Of several lines about an asset the last one counts. @throws Error that names a line */
  static async read(file: string, signal: AbortSignal): Promise<ExportFile> {
    const assets = new Map<string, Kept & { readonly size: number; readonly rev: number }>();
    for await (const { number, change } of changesIn(file, signal)) {
      if (change.type === "deleted") {
        assets.delete(change.id);
        continue;
      }
      const { seq, sha256, etag, asset } = change;
      if (seq === undefined || sha256 === undefined)
        throw new Error(`${named(file, number)}: has no seq or no sha256: export again, with this version`);
      const rev = /^"\d{1,16}"$/.test(etag) ? Number(etag.slice(1, -1)) : NaN;
      if (!Number.isSafeInteger(rev)) throw new Error(`${named(file, number)}: its etag is none of a record`);
      if (!Number.isSafeInteger(asset.size)) throw new Error(`${named(file, number)}: its size is no number`);
      const fingerprint = fingerprintOf(toLine(change));
      assets.set(asset.id, { line: number, fingerprint, size: asset.size, rev });
    }
    const terms = { top: 0, assets: assets.size, bytes: 0 };
    for (const { size, rev } of assets.values()) {
      terms.bytes += size;
      terms.top = Math.max(terms.top, rev);
    }
    return new ExportFile(file, assets, terms);
  }

  /** The assets that there are in the end, in the order of the file. */
  async *lines(signal: AbortSignal): AsyncGenerator<NumberedLine> {
    for await (const { number, change } of changesIn(this.#file, signal)) {
      if (change.type === "asset" && this.#assets.get(change.asset.id)?.line === number)
        yield { number, line: toLine(change) };
    }
  }

  /** Whether an asset is one of the export, as it is there. */
  has(line: ImportedLine): boolean {
    return this.#assets.get(line.asset.id)?.fingerprint === fingerprintOf(line);
  }
}

/** A line of a file, for a message. */
export const named = (file: string, line: number): string => `${visible(file)}, line ${line}`;

async function* changesIn(file: string, signal: AbortSignal): AsyncGenerator<{ number: number; change: Change }> {
  const handle = await open(file);
  try {
    let number = 0;
    for await (const line of linesIn(handle, file)) {
      signal.throwIfAborted();
      number++;
      if (line !== "") yield { number, change: changeOf(line, named(file, number)) };
    }
  } finally {
    await handle.close().catch(() => {});
  }
}

/** The lines of a file, without white space around them. Those of Node have no bound. */
async function* linesIn(handle: FileHandle, file: string): AsyncGenerator<string> {
  let number = 1;
  let begun: Buffer[] = [];
  let size = 0;
  const keep = (piece: Buffer): void => {
    begun.push(piece);
    size += piece.length;
    if (size <= MAX_LINE_BYTES) return;
    throw new Error(`${named(file, number)}: is longer than ${MAX_LINE_BYTES} bytes, and no line of an export is`);
  };
  for await (const chunk of handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      keep(chunk.subarray(from, end));
      yield Buffer.concat(begun).toString("utf8").trim();
      [begun, size, from] = [[], 0, end + 1];
      number++;
    }
    keep(chunk.subarray(from));
  }
  yield Buffer.concat(begun).toString("utf8").trim();
}

/** Looks only at what is needed here: the server checks all of it. */
function changeOf(line: string, where: string): Change {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error(`${where}: is no JSON`);
  }
  const { type, asset, id } = (value ?? {}) as {
    type?: unknown;
    asset?: { id?: unknown; r2_key?: unknown };
    id?: unknown;
  };
  const isAsset = type === "asset" && typeof asset?.id === "string" && typeof asset.r2_key === "string";
  const { etag, vault_id } = { ...asset, ...(value as object) } as { etag?: unknown; vault_id?: unknown };
  if (isAsset && typeof etag === "string" && typeof vault_id === "string") return value as Change;
  if (type === "deleted" && typeof id === "string") return value as Change;
  throw new Error(`${where}: is no line of an export`);
}
