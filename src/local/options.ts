/** The command line of `npm start`: its flags, its help, and what npm keeps of both. */

import { parseArgs, type ParseArgsConfig } from "node:util";
import { STATE } from "./layout.ts";
import { UsageError } from "./usage-error.ts";

export interface Options {
  host: string;
  port: number;
  state: string;
  quiet: boolean;
  /** What to print instead of starting a server; undefined to start one. */
  instead: "help" | "version" | undefined;
}

export const HELP = `Starts Strongroom on this machine, until Ctrl-C.

  npm start -- [flags]

  --port 8787          the port to listen on; 0 takes any free one
  --host 127.0.0.1     the address to listen on
  --state ${STATE}  the folder of everything that is stored; it is made if need be
  --quiet              prints no line for each request
  --version            prints the version
  --help               prints this

The two dashes before the flags are npm's: it keeps what stands before them for itself.`;

const FLAGS = {
  port: { type: "string", default: "8787" },
  host: { type: "string", default: "127.0.0.1" },
  state: { type: "string", default: STATE },
  quiet: { type: "boolean", default: false },
  version: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const satisfies ParseArgsConfig["options"];

/**
 * Reads the command line. Throws UsageError when a flag is wrong, or when npm has kept one for itself: a server at
 * another address, or on other data, than was asked for would be worse than none.
 */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): Options {
  const kept = keptByNpm(args, env);
  if (kept) throw new UsageError(kept);
  try {
    const { values } = parseArgs({ args: [...args], options: FLAGS });
    const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
    if (!(port <= 65_535)) throw new Error("--port must be a number from 0 to 65535");
    for (const name of ["host", "state"] as const)
      if (values[name] === "") throw new Error(`--${name} must not be empty`);
    const { host, state, quiet } = values;
    return { port, host, state, quiet, instead: values.help ? "help" : values.version ? "version" : undefined };
  } catch (error) {
    throw new UsageError(`${(error as Error).message}; npm start -- --help shows what there is`);
  }
}

/**
 * Says what to write when npm has kept a flag for itself; undefined when it has not. `npm start --port 9000` gives the
 * server no flag at all. npm takes `--port` for a setting of its own, which it hands on as npm_config_port=true, and
 * the value for an argument. (`npm start --help` and `--version` are answered by npm alone.)
 */
function keptByNpm(args: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const given = new Set(args.map((arg) => /^--([^=]+)/.exec(arg)?.[1]));
  const kept = (["port", "host", "state"] as const).filter(
    (name) => env[`npm_config_${name}`] !== undefined && !given.has(name),
  );
  if (kept.length === 0) return undefined;
  // Which of several values belongs to which flag cannot be told any more.
  const [lone] = kept.length === 1 && args.length === 1 ? args : [];
  const flags = kept.map((name) => {
    const value = env[`npm_config_${name}`] ?? "true";
    return `--${name} ${value === "true" ? quoted(lone) : quoted(value)}`;
  });
  return `npm keeps flags that stand before two dashes for itself; write: npm start -- ${flags.join(" ")}`;
}

/** A word in the form that a shell takes for one. A value that is not known is left open. */
const quoted = (value = "…"): string => (/^[\w./:@…-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`);

/**
 * The hint for whoever wrote `npm start --quiet`. npm keeps that flag, which leaves one trace, npm's log level. A
 * setting of the user's leaves the same trace, so this is only a hint and no error.
 */
export function quietHint(options: Options, env: NodeJS.ProcessEnv): string | undefined {
  return !options.quiet && env["npm_config_loglevel"] === "warn"
    ? "npm keeps a --quiet that stands before two dashes for itself; for a quiet server: npm start -- --quiet"
    : undefined;
}
