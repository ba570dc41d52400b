/** A row as SQLite has it. */
export type Row = Record<string, SqlStorageValue>;

/** A vault's SQLite: one statement at a time, its rows typed by whoever wrote the statement. Synchronous. */
export class Sql {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Runs `work` as one transaction; nested calls roll back on their own. */
  transaction<T>(work: () => T): T {
    return this.#storage.transactionSync(work);
  }

  /** Runs a statement; its rows are read as they are asked for. */
  exec(statement: string, ...values: SqlStorageValue[]): SqlStorageCursor<Row> {
    return this.#storage.sql.exec<Row>(statement, ...values);
  }

  all<T>(statement: string, ...values: SqlStorageValue[]): T[] {
    return this.exec(statement, ...values).toArray() as T[];
  }

  first<T>(statement: string, ...values: SqlStorageValue[]): T | undefined {
    return this.all<T>(statement, ...values)[0];
  }

  /** The row of a statement that has exactly one. */
  one<T>(statement: string, ...values: SqlStorageValue[]): T {
    return this.exec(statement, ...values).one() as T;
  }
}
