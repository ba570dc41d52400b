/**
 * The rules of the rooms in docs/architecture.md: which may import which, where SQL and calls to R2 stand, and how long
 * a file may be.
 */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, it } from "vitest";
import { VAULT_READS } from "../support/vault-reads.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The folders of src, each with the other folders that it may import from. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  runtime: ["model"],
  api: ["model"],
  d1: ["model", "runtime"],
  r2: ["model", "runtime"],
  vault: ["model", "runtime", "d1", "r2"],
  http: ["model", "runtime", "api", "vault"],
  upload: ["model", "runtime", "api", "vault", "r2", "http"],
  routes: ["model", "runtime", "api", "vault", "r2", "d1", "http", "upload"],
  client: ["model", "api"],
  cli: ["model", "client", "local"],
  console: ["model", "api", "client"],
  local: ["model", "d1", "http", "client"],
};

/** The files of a folder by which it is entered from outside, where that is not all of them. */
const FRONT: Readonly<Record<string, readonly string[]>> = { vault: ["client.ts"], client: ["index.ts"] };

/** Files that every folder may use. */
const SHARED = ["src/env.ts", "package.json"];

const filesOf = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name));

const sources = filesOf("src");
const bench = filesOf("bench");

const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

/** The files that a file imports. Imports of types count too. */
const importsOf = (file: string): string[] =>
  [...read(file).matchAll(/from "(\.[^"]+)"/g)].map((match) => normalize(join(dirname(file), match[1] ?? "")));

const imports = new Map(sources.map((file) => [file, importsOf(file)]));

/** The folder of src that a file stands in. */
const roomOf = (file: string): string => file.split("/")[1] ?? "";

it("imports: run one way, from the edge to storage", () => {
  const wrong: string[] = [];
  for (const [file, targets] of imports) {
    const allowed = MAY_IMPORT[roomOf(file)];
    for (const target of targets) {
      const isAllowed = SHARED.includes(target) || roomOf(target) === roomOf(file) || allowed?.includes(roomOf(target));
      if (allowed && !isAllowed) wrong.push(`${file} → ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

it("imports: enter the vault by its front door", () => {
  const wrong: string[] = [];
  for (const [file, targets] of imports) {
    for (const target of targets) {
      const doors = FRONT[roomOf(target)];
      const isInside = roomOf(file) === roomOf(target) || file === "src/index.ts";
      if (doors && !isInside && !doors.includes(target.split("/").slice(2).join("/")))
        wrong.push(`${file} → ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

it("imports: of the client are types of the wire, and nothing of a package comes with them", () => {
  const isClient = (file: string): boolean => roomOf(file) === "client";
  const wrong = sources.filter(isClient).flatMap((file) =>
    [...read(file).matchAll(/^(import|export)( type)? [^;]*?from "([^"]+)";/gm)]
      .filter(([, , type, target = ""]) => {
        const isInside = target.startsWith(".") && isClient(normalize(join(dirname(file), target)));
        return !isInside && (type === undefined || !target.startsWith("."));
      })
      .map(([statement]) => `${file}: ${statement}`),
  );
  expect(wrong).toEqual([]);

  // What the declarations of the client refer to. A package that is used there for its values is in no declaration.
  const reached = new Set<string>(sources.filter(isClient));
  for (const file of reached) for (const target of imports.get(file) ?? []) reached.add(target);
  expect([...reached].filter((file) => /^(?:import|export) [^;]*?from "(?!\.|ulid")/m.test(read(file)))).toEqual([]);
  expect([...reached]).toContain("src/api/types.ts");
});

it("imports: have no cycle, in src or in bench", () => {
  const files = [...sources, ...bench];
  const graph = new Map(files.map((file) => [file, importsOf(file)]));
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    expect(path, `cycle: ${[...path, file].join(" → ")}`).not.toContain(file);
    if (done.has(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

it("imports: have no cycle between the rooms of the console", () => {
  const inside = (file: string): string | undefined => /^src\/console\/(\w+)\//.exec(file)?.[1];
  const graph = new Map<string, Set<string>>();
  for (const [file, targets] of imports) {
    const room = inside(file);
    if (room === undefined) continue;
    const others = graph.get(room) ?? new Set();
    for (const other of targets.map(inside)) if (other !== undefined && other !== room) others.add(other);
    graph.set(room, others);
  }
  const reached = (room: string, seen = new Set<string>()): Set<string> => {
    for (const other of graph.get(room) ?? []) if (!seen.has(other)) reached(other, seen.add(other));
    return seen;
  };
  expect(graph.size).toBeGreaterThan(5);
  expect([...graph.keys()].filter((room) => reached(room).has(room))).toEqual([]);
});

it("SQL: stands in one module per database", () => {
  const withSql = sources.filter((file) =>
    /\b(?:SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)\b/.test(read(file)),
  );
  // The last is that of R2's stand-in.
  const others = ["src/d1/", "src/local/sweep-bodies.ts"];
  const rooms = withSql.filter((file) => !others.some((other) => file.startsWith(other)));
  expect(rooms.toSorted()).toEqual(
    [
      "asset-list",
      "database",
      "doubts",
      "feed",
      "folders",
      "former-starts",
      "key-table",
      "migrations",
      "outbox",
      "receipts",
      "recount",
      "sessions",
      "tags",
      "tickets",
      "unindexed",
      "voids",
    ].map((name) => `src/vault/state/${name}.ts`),
  );
});

it("R2: is called in its own folder, but for the stream of an upload", () => {
  const streams = ["src/upload/body-sink.ts", "src/upload/r2-part.ts"];
  // Nobody else can have a bucket of R2's: no other file names its type, and the binding is handed to a Bucket and to
  // nothing else.
  const bare = /\bR2(?:Bucket|MultipartUpload)\b|(?<!new Bucket\((?:[\w#]+\.)*)\bBUCKET\b/;
  const others = sources.filter((file) => !["r2", "local"].includes(roomOf(file)) && file !== "src/env.ts");
  expect(others.filter((file) => bare.test(read(file))).toSorted()).toEqual(streams);
});

it("files: are small", () => {
  const long = [...sources, ...bench]
    .map((file) => [file, read(file).split("\n").length] as const)
    .filter(([, lines]) => lines > 300);
  expect(long).toEqual([]);
});

it("faults: the methods that are never left hanging are those that the router calls as reads", () => {
  const called = sources
    .filter((file) => roomOf(file) === "routes" || roomOf(file) === "http" || roomOf(file) === "upload")
    .flatMap((file) => [...read(file).matchAll(/"read", \(stub\b[^;]*?stub\.(\w+)/g)].map(([, name = ""]) => name));
  expect([...new Set(called)].toSorted((a, b) => a.localeCompare(b))).toEqual(VAULT_READS);
});
