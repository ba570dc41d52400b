/** The command line of the bench: its flags, checked, and its help. */

import { parseArgs } from "node:util";
import { OperatorError } from "../src/local/operator-error.ts";
import { READ_SET } from "./vault.ts";

export const USAGE = `npm run bench -- [flags]

Measures a fresh local server beside the platform's ceilings, or a deployment of yours, or two checkouts of this
repository beside each other.

  --url URL          a deployment; it needs --key or --admin-token
  --key sk_…         a secret key of a vault that may be written to; several give several vaults
  --admin-token TEXT vaults are made for the run, and deleted at its end
  --against DIR      another checkout, with its packages installed: the servers of this one and of that one are measured
                     in turns, by what every version can do
  --state WHERE      of the local server: disk (default), ram (/dev/shm), or a folder; removed at the end
  --concurrency N    connections (32)
  --duration S       seconds of each round (2; with --against 1)
  --rounds N         rounds of each scenario, in turns with its ceiling (5; with --against 9)
  --size BYTES       of a small file (20480)
  --vaults N         of the scenarios with many vaults (64)
  --assets N         in the large vault (1000000); 0 leaves it out
  --rate N           requests per second with small files, begun whether or not earlier ones are answered; latencies then
                     count from when a request should have begun, and are what is compared
  --only TEXT        scenarios whose name, or whose group's, contains it
  --help

Prints a table; writes results.json and results.html, but not with --against. Exits with 1 if anything went wrong, with 2 if a flag is wrong.`;

export interface Options {
  /** The origin of the deployment, without a trailing slash; undefined for a fresh local server. */
  readonly url: string | undefined;
  readonly keys: readonly string[];
  readonly adminToken: string | undefined;
  /** The folder of another checkout; undefined when the ceilings are what is compared with. */
  readonly against: string | undefined;
  readonly state: string;
  readonly concurrency: number;
  /** Seconds. */
  readonly duration: number;
  readonly rounds: number;
  /** Bytes. */
  readonly size: number;
  readonly vaults: number;
  readonly assets: number;
  /** Requests per second; undefined when each connection sends as fast as it can. */
  readonly rate: number | undefined;
  readonly only: string;
}

/** The flags, checked; "help" when they ask for help. Throws OperatorError. */
export function parseOptions(args: readonly string[]): Options | "help" {
  const values = flags(args);
  if (values.help) return "help";
  const { url, key: keys = [], "admin-token": adminToken, against } = values;
  const pointless = (["url", "key", "admin-token", "vaults", "assets"] as const).find(
    (name) => values[name] !== undefined,
  );
  if (against !== undefined && pointless) throw new OperatorError(`--${pointless} has no part in --against`);
  if (url === undefined && (keys.length > 0 || adminToken !== undefined)) {
    throw new OperatorError("--key and --admin-token need --url: a local server makes its own");
  }
  if (url !== undefined && keys.length === 0 && adminToken === undefined) {
    throw new OperatorError("--url needs --key or --admin-token");
  }
  const bad = keys.find((key) => !/^sk_[0-9a-z]{52}[\w-]{43}$/.test(key));
  if (bad !== undefined)
    throw new OperatorError(`--key must be a secret key (sk_ and 95 characters): ${bad.slice(0, 8)}…`);
  return {
    url: url === undefined ? undefined : origin(url),
    keys,
    adminToken,
    against,
    state: values.state ?? "disk",
    // Each connection patches assets of its own.
    concurrency: whole("concurrency", values.concurrency, 32, 1, READ_SET),
    duration: number("duration", values.duration, against === undefined ? 2 : 1, 0.05, 3_600),
    rounds: whole("rounds", values.rounds, against === undefined ? 5 : 9, 1, 1_000),
    // Larger files are for the scenarios of 100 MiB.
    size: whole("size", values.size, 20_480, 1, 10_485_760),
    vaults: whole("vaults", values.vaults, 64, 1, 1_024),
    assets: values.assets === "0" ? 0 : whole("assets", values.assets, 1_000_000, 1_000, 100_000_000),
    rate: values.rate === undefined ? undefined : number("rate", values.rate, 0, 0.1, 1_000_000),
    only: values.only ?? "",
  };
}

function flags(args: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        url: text,
        key: { type: "string", multiple: true },
        "admin-token": text,
        against: text,
        state: text,
        concurrency: text,
        duration: text,
        rounds: text,
        size: text,
        vaults: text,
        assets: text,
        rate: text,
        only: text,
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new OperatorError(`${(error as Error).message.split(". ")[0]} (--help lists the flags)`);
  }
}

function origin(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw new OperatorError(`--url must be an http or https URL: ${text}`);
  return url.origin;
}

function number(name: string, text: string | undefined, otherwise: number, least: number, most: number): number {
  if (text === undefined) return otherwise;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= least && value <= most)) {
    throw new OperatorError(`--${name} must be a number from ${least} to ${most}: ${text}`);
  }
  return value;
}

function whole(name: string, text: string | undefined, otherwise: number, least: number, most: number): number {
  const value = number(name, text, otherwise, least, most);
  if (!Number.isInteger(value)) throw new OperatorError(`--${name} must be a whole number: ${text}`);
  return value;
}
