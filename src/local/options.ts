/** The flags and the help of the commands that start a server. */

import { parseArgs, type ParseArgsConfig } from "node:util";
import { STATE } from "./layout.ts";
import { FlagError } from "./operator-error.ts";

export interface Options {
  host: string;
  port: number;
  state: string;
  quiet: boolean;
  /** What to print instead of starting a server; undefined to start one. */
  instead: "help" | "version" | undefined;
}

/** What starts a server, as it is typed before the flags. */
export type Command = "npm start --" | "strongroom start";

export const helpOf = (command: Command): string => `Starts Strongroom on this machine, until Ctrl-C.

  ${command} [flags]

  --port 8787          the port to listen on; 0 takes any free one
  --host 127.0.0.1     the address to listen on
  --state ${STATE}  the folder of everything that is stored; it is made if need be
  --quiet              prints no line for each request
  --version            prints the version
  --help               prints this${
    command === "npm start --"
      ? "\n\nThe two dashes before the flags are npm's: it keeps what stands before them for itself."
      : ""
  }`;

const FLAGS = {
  port: { type: "string", default: "8787" },
  host: { type: "string", default: "127.0.0.1" },
  state: { type: "string", default: STATE },
  quiet: { type: "boolean", default: false },
  version: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const satisfies ParseArgsConfig["options"];

/** Reads the flags of a command. Throws FlagError when one is wrong. */
export function readOptions(args: readonly string[], command: Command): Options {
  try {
    const { values } = parseArgs({ args: [...args], options: FLAGS });
    const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
    if (!(port <= 65_535)) throw new Error("--port must be a number from 0 to 65535");
    for (const name of ["host", "state"] as const)
      if (values[name] === "") throw new Error(`--${name} must not be empty`);
    const { host, state, quiet } = values;
    return { port, host, state, quiet, instead: values.help ? "help" : values.version ? "version" : undefined };
  } catch (error) {
    throw new FlagError(`${(error as Error).message}; ${command} --help shows what there is`);
  }
}
