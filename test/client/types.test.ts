import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

it.each(["browser", "node", "workers"])(
  "types: somebody who has those of %s can use the client as meant",
  async (name) => {
    const project = join("test/client/consumer", `${name}.json`);
    const compiled = promisify(execFile)(process.execPath, ["node_modules/typescript/bin/tsc", "-p", project], {
      cwd: ROOT,
    });
    const { stdout } = await compiled.catch((error: { stdout: string }) => error);
    expect(stdout).toBe("");
  },
);
