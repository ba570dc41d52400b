import { FlagError } from "./operator-error.ts";

/*
 * What npm does with the flags of `npm start`. It matters to that alone: every other command gets its flags from whoever
 * types it, while npm's settings may stand in its environment for other reasons.
 */

/**
 * `npm start --port 9000` gives the server no flag at all: npm takes it for a setting of its own, which it hands on as
 * npm_config_port=true, and the value for an argument. Throws FlagError then, for a server at another address or on other
 * data than was asked for would be worse than none. (`npm start --help` and `--version` are answered by npm alone.)
 */
export function refuseKeptFlags(args: readonly string[], env: NodeJS.ProcessEnv): void {
  const given = new Set(args.map((arg) => /^--([^=]+)/.exec(arg)?.[1]));
  const kept = (["port", "host", "state"] as const).filter(
    (name) => env[`npm_config_${name}`] !== undefined && !given.has(name),
  );
  if (kept.length === 0) return;
  // Which of several values belongs to which flag can no longer be told.
  const [lone] = kept.length === 1 && args.length === 1 ? args : [];
  const flags = kept.map((name) => {
    const value = env[`npm_config_${name}`] ?? "true";
    return `--${name} ${value === "true" ? quoted(lone) : quoted(value)}`;
  });
  throw new FlagError(
    `npm keeps flags that stand before two dashes for itself; write: npm start -- ${flags.join(" ")}`,
  );
}

/** As a shell takes it for one word; what is not known is left open. */
const quoted = (value = "…"): string => (/^[\w./:@…-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`);

/**
 * npm's own `--quiet` leaves one trace, its log level, which a setting of the user's leaves too: so this is only a hint.
 */
export function quietHint(args: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  return !args.includes("--quiet") && env["npm_config_loglevel"] === "warn"
    ? "npm keeps a --quiet that stands before two dashes for itself; for a quiet server: npm start -- --quiet"
    : undefined;
}
