/** Brings an export into a vault, a page at a time and many at once, and the files that the vault lacks. */

import { openAsBlob } from "node:fs";
import { type ImportedLine, StrongroomError, type Vaults } from "../../client/index.ts";
import { MAX_IMPORT_RECORDS } from "../../model/limits.ts";
import type { Call } from "../command.ts";
import { explainOf } from "../explain.ts";
import { Bar, type Progress } from "../terminal/bar.ts";
import { visible } from "../terminal/visible.ts";
import { findBody } from "./body-files.ts";
import { each } from "./each.ts";
import { type ExportFile, named, type NumberedLine } from "./export-file.ts";

/** The most JSON in a page, of the mebibyte that the server takes. Bytes. */
const MAX_PAGE_BYTES = 900_000;

/** What came of an import. */
export interface Imported {
  imported: number;
  /** These were there already. */
  present: number;
  /** These have no file. */
  failed: number;
}

export class Importer {
  readonly #call: Call;
  readonly #vaults: Vaults;
  readonly #vaultId: string;
  readonly #source: { readonly file: string; readonly folder: string; readonly export: ExportFile };
  readonly #done: Imported = { imported: 0, present: 0, failed: 0 };
  #bytes = 0;
  #moved = 0;

  constructor(
    call: Call,
    to: { vaults: Vaults; vaultId: string },
    source: { file: string; folder: string; export: ExportFile },
  ) {
    this.#call = call;
    this.#vaults = to.vaults;
    this.#vaultId = to.vaultId;
    this.#source = source;
  }

  /** Imports everything, and ends the import if nothing is missing. @throws Error that names a line, when one is refused */
  async run(width: number): Promise<Imported> {
    const { output, signal, env } = this.#call;
    const bar = output.hasScreen ? await Bar.start("importing", () => this.#progress, env) : undefined;
    output.bar = bar;
    try {
      // The first request begins the import, and tells whether it can be.
      await this.#send([]);
      await each(pages(this.#source.export.lines(signal)), width, (page) => this.#page(page));
    } finally {
      bar?.stop();
      output.bar = undefined;
    }
    if (this.#done.failed === 0) await this.#send([], true);
    return this.#done;
  }

  get #progress(): Progress {
    const { assets, bytes } = this.#source.export.terms;
    const { imported, present, failed } = this.#done;
    const files = imported + present + failed;
    return { files, bytes: this.#bytes, moved: this.#moved, totalFiles: assets, totalBytes: bytes };
  }

  async #page(page: readonly NumberedLine[]): Promise<void> {
    const first = await this.#send(page);
    let { imported } = first;
    if (first.missing.length > 0) {
      const missing = new Set(first.missing);
      const brought: NumberedLine[] = [];
      for (const one of page) if (missing.has(one.line.asset.id) && (await this.#bring(one))) brought.push(one);
      if (brought.length > 0) imported += (await this.#send(brought)).imported;
      this.#done.failed += missing.size - brought.length;
    }
    this.#done.imported += imported;
    this.#done.present += first.present;
    this.#bytes += page.reduce((sum, { line }) => sum + line.asset.size, 0);
  }

  /** Brings the file of a line. Returns whether there is one. */
  async #bring({ number, line }: NumberedLine): Promise<boolean> {
    const { output, signal } = this.#call;
    const { file, folder } = this.#source;
    const body = await findBody(folder, line, signal);
    const about = `${named(file, number)}: ${visible(line.asset.filename)}`;
    if (body === undefined) {
      output.error(`${about}: no file in ${visible(folder)} is its own (SHA-256 ${visible(line.sha256)})`);
      return false;
    }
    try {
      await this.#vaults.importBody(this.#vaultId, line, await openAsBlob(body), { signal });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new Error(explainOf(about, error), { cause: error });
    }
    this.#moved += line.asset.size;
    return true;
  }

  async #send(page: readonly NumberedLine[], finish = false) {
    const { terms } = this.#source.export;
    const records: ImportedLine[] = page.map(({ line }) => line);
    try {
      return await this.#vaults.importPage(this.#vaultId, { ...terms, records, finish }, { signal: this.#call.signal });
    } catch (error) {
      if (error instanceof StrongroomError) throw placed(error, this.#source.file, page);
      throw error;
    }
  }
}

/** A refusal of a record as one of a line of the file. */
function placed(error: StrongroomError, file: string, page: readonly NumberedLine[]): Error {
  const [, at, rest] = /^records\[(\d+)\][.:]? ?(.*)$/s.exec(error.message) ?? [];
  const number = page[Number(at)]?.number;
  return number === undefined ? error : new Error(`${named(file, number)}: ${visible(rest ?? "")}`, { cause: error });
}

/** Pages of lines that one request takes. */
async function* pages(lines: AsyncIterable<NumberedLine>): AsyncGenerator<NumberedLine[]> {
  let page: NumberedLine[] = [];
  let size = 0;
  for await (const one of lines) {
    const bytes = Buffer.byteLength(JSON.stringify(one.line)) + 1;
    if (page.length === MAX_IMPORT_RECORDS || (page.length > 0 && size + bytes > MAX_PAGE_BYTES)) {
      yield page;
      page = [];
      size = 0;
    }
    page.push(one);
    size += bytes;
  }
  if (page.length > 0) yield page;
}
