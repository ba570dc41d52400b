import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Migration } from "../d1/migrate.ts";
import type { WorkerConfig } from "./config.ts";

/** All that a server on this machine runs. */
export interface Build {
  /** The Worker and its bindings. */
  config: WorkerConfig;
  /** The Worker as one module. */
  code: string;
  /** The folder of the static files. */
  site: string;
  /** Of D1, in their order. */
  migrations: readonly Migration[];
}

const FILES = { config: "worker.json", code: "worker.js", site: "site", migrations: "migrations" } as const;

/** Where a folder keeps the static files of a build. */
export const siteIn = (folder: string): string => join(folder, FILES.site);

/** Writes a build whose static files are in the folder already: see {@link siteIn}. */
export function writeBuild(folder: string, { config, code, migrations }: Build): void {
  writeFileSync(join(folder, FILES.config), `${JSON.stringify(config, null, 2)}\n`);
  writeFileSync(join(folder, FILES.code), code);
  mkdirSync(join(folder, FILES.migrations));
  for (const { name, sql } of migrations) writeFileSync(join(folder, FILES.migrations, name), sql);
}

/** Reads what {@link writeBuild} wrote. Throws when it is not there. */
export const readBuild = (folder: string): Build => ({
  config: JSON.parse(readFileSync(join(folder, FILES.config), "utf8")) as WorkerConfig,
  code: readFileSync(join(folder, FILES.code), "utf8"),
  site: siteIn(folder),
  migrations: readMigrations(join(folder, FILES.migrations)),
});

/** The migrations in a folder, in the order of their numbers. */
export const readMigrations = (folder: string): Migration[] =>
  readdirSync(folder)
    .toSorted()
    .map((name) => ({ name, sql: readFileSync(join(folder, name), "utf8") }));
