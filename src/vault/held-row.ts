import { type LostWindow, parseWindows } from "../model/lost-window.ts";
import { Bounds } from "./bounds.ts";
import type { VaultDatabase } from "./state/database.ts";
import type { VaultRow } from "./state/schema.ts";
import { beginStart } from "./sync/starts.ts";

/** The vault's row as memory has it, with what is parsed of it, and whether the row on disk is the same. */
export class HeldRow {
  readonly #database: VaultDatabase;
  #row: VaultRow;
  #lostWindows: readonly LostWindow[];
  /** The row as this start loaded it. */
  readonly loaded: Readonly<VaultRow>;
  /** The settings, and what acts by them. */
  readonly bounds: Bounds;
  /** Whether the row on disk differs by something that is not worth a write of its own. */
  #isUnsaved = false;

  /** Begins a start of the vault's object with the row that it has loaded. */
  constructor(database: VaultDatabase, row: VaultRow) {
    this.#database = database;
    this.loaded = row;
    this.#row = beginStart(row);
    database.formerStarts.note(row.incarnation, row.rev);
    this.#lostWindows = parseWindows(row.lost_windows);
    this.bounds = new Bounds(row.settings);
  }

  get row(): VaultRow {
    return this.#row;
  }

  /**
   * The name of the start that wrote last: this one, or the one before as long as this one has changed nothing. What it
   * has told of the vault up to the revision at which it ended is part of the history that this storage has.
   */
  get writer(): string {
    return this.#row.rev > this.loaded.rev ? this.#row.incarnation : this.loaded.incarnation;
  }

  /** When writes that were acknowledged may have been lost. */
  get lostWindows(): readonly LostWindow[] {
    return this.#lostWindows;
  }

  get isUnsaved(): boolean {
    return this.#isUnsaved;
  }

  /** Changes the row in memory, and with `save` on disk too. */
  set(fields: Partial<VaultRow>, save: boolean): void {
    this.#learn({ ...this.#row, ...fields });
    if (save) this.#database.saveVault(this.#row);
    else this.#isUnsaved = true;
  }

  /** A transaction that is committed has written this row, or left everything as it was. */
  saved(row: VaultRow): void {
    this.#learn(row);
    this.#isUnsaved = false;
  }

  #learn(row: VaultRow): void {
    if (row.lost_windows !== this.#row.lost_windows) this.#lostWindows = parseWindows(row.lost_windows);
    this.bounds.learn(row.settings);
    this.#row = row;
  }
}
