import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** Folders of src from storage up to the edge: each imports only from itself and from those before it. */
const LAYERS = ["model", "d1", "r2", "vault", "http", "upload", "routes"];

/** Single files that every layer may use. */
const SHARED = ["src/env.ts", "src/log.ts"];

const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join("src", name));

const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

/** Imports of types count too. */
const imports = new Map(
  sources.map((file) => [
    file,
    [...read(file).matchAll(/from "(\.[^"]+)"/g)].map((match) => normalize(join(dirname(file), match[1] ?? ""))),
  ]),
);

it("imports: run one way, from the edge to storage", () => {
  const wrong: string[] = [];
  for (const [file, targets] of imports) {
    const layer = LAYERS.indexOf(file.split("/")[1] ?? "");
    for (const target of targets) {
      const below = LAYERS.indexOf(target.split("/")[1] ?? "");
      if (layer >= 0 && !SHARED.includes(target) && (below < 0 || below > layer)) wrong.push(`${file} → ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

it("imports: have no cycle", () => {
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    expect(path, `cycle: ${[...path, file].join(" → ")}`).not.toContain(file);
    if (done.has(file)) return;
    for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of sources) visit(file, []);
});

it("SQL: stands in one module per database", () => {
  const withSql = sources.filter((file) =>
    /\b(?:SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)\b/.test(read(file)),
  );
  const rooms = withSql.filter((file) => !file.startsWith("src/d1/"));
  expect(rooms.toSorted()).toEqual(
    ["doubts", "index", "key-table", "outbox", "schema", "voids"].map((name) => `src/vault/${name}.ts`),
  );
});

it("files: are small", () => {
  const long = sources.map((file) => [file, read(file).split("\n").length] as const).filter(([, lines]) => lines > 340);
  expect(long).toEqual([]);
});
