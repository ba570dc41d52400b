import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** Where the declarations of the client begin, among those of src/. */
const ENTRY = "client/index.d.ts";

/**
 * Writes the declarations of the client into a folder: of each file that its types refer to, in src's own folders. They
 * need no package. Throws when the client does not compile, or when a type of it comes from elsewhere.
 */
export function writeDeclarations(folder: string): void {
  const made = mkdtempSync(join(tmpdir(), "strongroom-types-"));
  try {
    emit(made);
    const files = new Set([ENTRY]);
    for (const file of files) {
      const text = readFileSync(join(made, file), "utf8");
      for (const target of targets(text)) {
        if (!/^\..*\.ts$/.test(target)) throw new Error(`${file}: the client's types need ${target}`);
        files.add(normalize(join(dirname(file), target.replace(/\.ts$/, ".d.ts"))));
      }
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), withRealNames(text));
    }
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** Everything that the client imports has a declaration then, also of what its types say nothing about. */
function emit(folder: string): void {
  const flags = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--stripInternal"];
  const args = ["-p", "src/client", ...flags, "--rootDir", "src", "--outDir", folder];
  // Errors go to standard output.
  execFileSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), ...args], {
    cwd: ROOT,
    stdio: ["ignore", 2, 2],
  });
}

const IMPORT = /(?<=^(?:import|export) [^;]*? from "|\bimport\(")[^"]+(?=")/gm;

const targets = (text: string): string[] => withoutComments(text).match(IMPORT) ?? [];

const withoutComments = (text: string): string => text.replace(/\/\*.*?\*\//gs, "");

/** The compiler leaves the names of the sources in place; those of what is published end in `.js`. */
const withRealNames = (text: string): string => text.replace(IMPORT, (target) => target.replace(/\.ts$/, ".js"));
