import { parseArgs } from "node:util";
import { nearest } from "../model/names.ts";
import type { Access } from "./access.ts";
import type { Output } from "./terminal/output.ts";
import { UsageError } from "./usage-error.ts";

/** An option as node's parseArgs takes it, and as the help shows it. */
export interface Option {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: true;
  /** What stands for its value in the help. */
  readonly value?: string;
  readonly about: string;
}

export type Options = Readonly<Record<string, Option>>;

/** What was given for each option. */
export type Values<O extends Options> = {
  readonly [Name in keyof O]?:
    | (O[Name]["type"] extends "boolean" ? boolean : O[Name] extends { multiple: true } ? string[] : string)
    | undefined;
};

/** One call of the program. */
export interface Call {
  readonly arguments: readonly string[];
  readonly access: Access;
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted when the program is to end: by Ctrl-C, or when nobody reads any more. */
  readonly signal: AbortSignal;
}

export interface Command<O extends Options = Options> {
  /** One word, or two: `keys ls`. */
  readonly name: string;
  /** What stands behind the name. */
  readonly usage: string;
  /** One line. */
  readonly about: string;
  /** More, if there is more to know. */
  readonly help?: string;
  /** How many arguments it takes. */
  readonly takes: readonly [least: number, most: number];
  readonly options: O;
  /** Resolves to the exit code; 0 unless it says so. */
  // A method: commands with options of their own are commands.
  run(call: Call, values: Values<O>): Promise<number | void>;
}

/** Gives a command's `run` the types of its options. */
export const command = <const O extends Options>(definition: Command<O>): Command => definition;

/** What every command takes. */
export const GLOBAL = {
  url: { type: "string", value: "URL", about: "the server" },
  key: {
    type: "string",
    value: "KEY",
    about: "a key of the vault; others can see it here",
  },
  "admin-token": { type: "string", value: "TOKEN", about: "the admin token; others can see it here" },
  json: { type: "boolean", about: "data as JSON, one object a line" },
  help: { type: "boolean", short: "h", about: "this" },
} as const satisfies Options;

export type GlobalValues = Values<typeof GLOBAL>;

/**
 * Reads what stands behind a command's name.
 *
 * @throws UsageError
 */
export function parseCommand(
  { name, usage, takes: [least, most], options: own }: Command,
  args: readonly string[],
): { arguments: readonly string[]; values: GlobalValues & Values<Options> } {
  const options = { ...GLOBAL, ...own };
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(unknownOption(args, options) ?? (error as Error).message);
  }
  const { positionals, values } = parsed;
  if (values["help"] !== true && (positionals.length < least || positionals.length > most)) {
    const problem =
      positionals.length < least ? "something is missing" : `too much: ${positionals.slice(most).join(" ")}`;
    throw new UsageError(`${problem}; it is: strongroom ${name} ${usage}`.trimEnd());
  }
  return { arguments: positionals, values: values as GlobalValues & Values<Options> };
}

/** What to say of the first option that there is not. */
function unknownOption(args: readonly string[], options: Options): string | undefined {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const isKnown = token.rawName.startsWith("--")
      ? token.name in options
      : Object.values(options).some(({ short }) => short === token.name) || token.name in options;
    if (isKnown) continue;
    const meant = nearest(token.name, Object.keys(options));
    return `${token.rawName}: there is no such option${meant === undefined ? "" : `; did you mean --${meant}?`}`;
  }
  return undefined;
}
