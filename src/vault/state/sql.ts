/**
 * The one way to a vault's SQLite. The files of this folder that own a table run their statements through it.
 */

/** A row as SQLite returns it. */
export type Row = Record<string, SqlStorageValue>;

/** Runs one statement at a time, synchronously. Whoever writes a statement also says of which type its rows are. */
export class Sql {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Runs `work` as one transaction. A nested call that throws is rolled back alone. */
  transaction<T>(work: () => T): T {
    return this.#storage.transactionSync(work);
  }

  /** Runs a statement. Its rows are read when the caller asks for them. */
  exec(statement: string, ...values: SqlStorageValue[]): SqlStorageCursor<Row> {
    return this.#storage.sql.exec<Row>(statement, ...values);
  }

  all<T>(statement: string, ...values: SqlStorageValue[]): T[] {
    return this.exec(statement, ...values).toArray() as T[];
  }

  first<T>(statement: string, ...values: SqlStorageValue[]): T | undefined {
    return this.all<T>(statement, ...values)[0];
  }

  /** The row of a statement that returns exactly one. Throws when it returns none or several. */
  one<T>(statement: string, ...values: SqlStorageValue[]): T {
    return this.exec(statement, ...values).one() as T;
  }
}
