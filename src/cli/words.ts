import { parseArgs } from "node:util";
import { nearest } from "../model/names.ts";
import { type Command, GLOBAL } from "./command.ts";
import { UsageError } from "./usage-error.ts";

/** The command that starts the server. Its arguments are the server's own. */
export const START = "start";

/** What a line asks for. */
export type Found =
  | { readonly kind: "command"; readonly command: Command; readonly args: readonly string[] }
  | { readonly kind: "start"; readonly args: readonly string[] }
  /** Of a group of commands, or of all. */
  | { readonly kind: "help"; readonly group?: readonly Command[]; readonly isAsked: boolean }
  | { readonly kind: "version" };

/**
 * Finds the command in what was typed. Options that all commands take may stand before it.
 *
 * @throws UsageError when there is no such command
 */
export function find(args: readonly string[], commands: readonly Command[]): Found {
  if (args[0] === START) return { kind: "start", args: args.slice(1) };
  // `strongroom help put` is `strongroom put --help`.
  if (args[0] === "help") return find([...args.slice(1), "--help"], commands);

  const { tokens } = parseArgs({ args: [...args], options: GLOBAL, strict: false, tokens: true });
  const options = tokens.flatMap((token) => (token.kind === "option" ? [token.name] : []));
  const words = tokens.filter((token) => token.kind === "positional");
  const isAsked = options.includes("help");
  const [first, second] = words;
  if (!first) return options.includes("version") ? { kind: "version" } : { kind: "help", isAsked };

  const group = commands.filter(({ name }) => name.startsWith(`${first.value} `));
  const taken = group.length > 0 ? [first, second] : [first];
  if (group.length > 0 && !second) return { kind: "help", group, isAsked };
  const name = taken.map((word) => word?.value).join(" ");
  const command = commands.find((each) => each.name === name);
  if (!command) throw new UsageError(unknown(name, second?.value, commands));
  const rest = args.filter((_, at) => !taken.some((word) => word?.index === at));
  return { kind: "command", command, args: rest };
}

function unknown(name: string, next: string | undefined, commands: readonly Command[]): string {
  const names = [...commands.map((command) => command.name), START];
  // Of `key list` both words count, of `lst marketing/` the first alone.
  const meant = nearest(name, names) ?? (next === undefined ? undefined : nearest(`${name} ${next}`, names));
  const hint = meant === undefined ? "strongroom --help lists them" : `did you mean strongroom ${meant}?`;
  return `${name}: there is no such command; ${hint}`;
}
