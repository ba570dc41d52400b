import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands/index.ts";
import { commandHelp, generalHelp } from "../../src/cli/help.ts";
import { helpOf } from "../../src/local/options.ts";

/** Its reference is written again by `npm test -- test/local/command-line.test.ts -u`. */
const PAGE = join(import.meta.dirname, "../../docs/command-line.md");
const HEADING = "## Reference";

const block = (text: string): string => `\`\`\`text\n${text.trim()}\n\`\`\``;

/** What every command prints, which the general help has already, is said once. */
const own = (help: string): string => help.split("\n\nWith every command")[0] ?? "";

it("docs/command-line.md: its reference is what the commands say of themselves", async () => {
  const [before = ""] = readFileSync(PAGE, "utf8").split(HEADING);
  const commands = COMMANDS.map((command) => `### ${command.name}\n\n${block(own(commandHelp(command)))}`);
  const start = `### start\n\n${block(helpOf("strongroom start"))}`;
  const reference = [HEADING, block(generalHelp(COMMANDS)), ...commands, start].join("\n\n");
  await expect(`${before.trimEnd()}\n\n${reference}\n`).toMatchFileSnapshot(PAGE);
});
