import { type Command, GLOBAL, type Options } from "./command.ts";

/** Columns of a line of help: those of the terminal, within what is read well. */
const WIDTH = Math.min(100, Math.max(60, process.stdout.columns || 80));

const GENERAL = `
An ASSET is asset_… or partition/collection/channel/name: the newest of that name.
A FOLDER is partition/, partition/collection/ or partition/collection/channel/, and / is the whole vault.

The server, the key and the admin token are each taken from the first of these that has it.
A secret from a file is sent to that file's server alone.
`;

const SOURCES = [
  ["options", "--url, --key, --admin-token"],
  ["environment", "STRONGROOM_URL, STRONGROOM_KEY, STRONGROOM_ADMIN_TOKEN"],
  ["this folder", "./.strongroom/credentials.json, which a server that was started here keeps"],
  ["profile", "what strongroom login keeps"],
] as const;

const CODES = [
  ["0", "all went well"],
  ["1", "something failed"],
  ["2", "the command cannot be carried out as it was typed; nothing was done"],
  ["130", "interrupted"],
] as const;

const START = ["start [FLAGS]", "runs a server on this machine"] as const;

/** What `strongroom --help` prints. */
export function generalHelp(commands: readonly Command[]): string {
  return `Strongroom keeps files with metadata, in vaults.

  strongroom COMMAND …

Commands
${columns([
  ...commands.map(line),
  START,
  ["COMMAND --help", "what a command does and takes"],
  ["--version", "the version"],
])}

With every command
${optionLines(GLOBAL)}
${paragraphs(GENERAL)}
${columns(SOURCES)}

Data goes to standard output, everything else to standard error. Exit codes:
${columns(CODES)}`;
}

/** What `strongroom keys` prints. */
export const groupHelp = (commands: readonly Command[]): string => `${columns(
  commands.map((command) => [`strongroom ${line(command)[0]}`, command.about]),
)}

strongroom --help has the rest.`;

/** What `strongroom COMMAND --help` prints. */
export function commandHelp(command: Command): string {
  const { about, help = "", options } = command;
  const first = `${about.slice(0, 1).toUpperCase()}${about.slice(1)}.`;
  const own = Object.keys(options).length === 0 ? [] : [`Options\n${optionLines(options)}`];
  return [
    `  strongroom ${line(command)[0]}`,
    first,
    ...(help === "" ? [] : [paragraphs(help).trim()]),
    ...own,
    `With every command\n${optionLines(GLOBAL)}`,
  ].join("\n\n");
}

const line = ({ name, usage, about }: Command): readonly [string, string] => [`${name} ${usage}`.trim(), about];

const optionLines = (options: Options): string =>
  columns(
    Object.entries(options).map(([name, { short, value, about }]) => [
      `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`,
      about,
    ]),
  );

/** Two columns; what does not fit into the second goes on below it. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  const indent = `\n${" ".repeat(width + 4)}`;
  return rows
    .map(([left, right]) => `  ${left.padEnd(width)}  ${wrapped(right, WIDTH - width - 4).join(indent)}`)
    .join("\n");
}

/** Each line of the source is one: a sentence begins on a line of its own only where it is read by itself. */
const paragraphs = (text: string): string =>
  text
    .split("\n")
    .flatMap((each) => wrapped(each, WIDTH))
    .join("\n");

function wrapped(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.length - 1;
    const before = lines[last] ?? "";
    if (before === "") lines[last] = word;
    else if (before.length + 1 + word.length <= width) lines[last] = `${before} ${word}`;
    else lines.push(word);
  }
  return lines;
}
