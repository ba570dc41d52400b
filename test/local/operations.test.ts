/**
 * docs/operations.md is read when something is wrong, so what it names must exist: log lines and their fields, commands
 * with their flags, pages and headings, and the settings that it has people write into wrangler.toml.
 */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import * as wrangler from "wrangler";
import { parseCommand } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands/index.ts";
import { readWrangler } from "../../src/local/wrangler.ts";
import { vaultNotFound } from "../../src/model/refusal.ts";
import { beingDeleted } from "../../src/vault/urgency.ts";

const ROOT = join(import.meta.dirname, "../..");
const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const page = text("docs/operations.md");

/** The blocks of a language, without the indentation that they have in a list. */
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([^]*?)\\n *\`\`\`$`, "gm"))].map(
    ([, indent = "", code = ""]) => code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );

const inline = [...page.replaceAll(/^ *```[^]*?^ *```$/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);

/** The calls of a program, in the shell blocks and in sentences: the words of each, up to a pipe or its like. */
function calls(program: string): string[][] {
  const call = new RegExp(`(?:^|[;$(] ?|do )${program} ([^|;>#)]*)`);
  return [...blocks("sh").flatMap((block) => block.split("\n")), ...inline].flatMap((line) => {
    const [, words] = call.exec(line.replaceAll(/"[^"]*"/g, "QUOTED")) ?? [];
    return words === undefined ? [] : [words.trim().split(/\s+/)];
  });
}

/** The part of wrangler's registry of commands that is used here. */
interface Node {
  readonly definition?: { readonly type: string; readonly args?: Readonly<Record<string, { type?: string }>> };
  readonly subtree: ReadonlyMap<string, Node>;
}

const { experimental_getWranglerCommands: commandsOfWrangler } = wrangler as unknown as {
  experimental_getWranglerCommands: () => { registry: Node };
};

it("operations: every wrangler command exists, with its flags", () => {
  const { registry } = commandsOfWrangler();
  const found = calls("(?:npx )?wrangler");
  for (const words of found) {
    let node = registry;
    const rest = [...words];
    while (node.subtree.has(rest[0] ?? "")) node = node.subtree.get(rest.shift() ?? "") ?? node;
    const command = words.join(" ");
    expect(node.definition?.type, command).toBe("command");
    const flags = rest.filter((word) => word.startsWith("--")).map((word) => word.slice(2));
    expect(Object.keys(node.definition?.args ?? {}), command).toEqual(expect.arrayContaining(flags));
  }
  expect(found.length).toBeGreaterThan(15);
});

it("operations: every command of strongroom exists, and takes what it is given", () => {
  const found = calls("strongroom");
  for (const words of found) {
    const command = COMMANDS.find(({ name }) => `${words.join(" ")} `.startsWith(`${name} `));
    expect(command, words.join(" ")).toBeDefined();
    const rest = words.slice(command?.name.split(" ").length);
    // In a sentence a command may stand by its name alone.
    if (command && rest.length > 0) parseCommand(command, rest);
  }
  expect(found.length).toBeGreaterThan(10);
});

it("operations: every line of the log exists, and the fields of the queries too", () => {
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => text(join("src", path)))
    .join("\n");
  // A relay puts its name in front.
  const inSource = (event: string): boolean =>
    sources.includes(`"${event}"`) || sources.includes(`: ${event.split(": ")[1]}\``);
  const events = inline.filter((code) => /^[a-z][a-z0-9-]*: [A-Za-z]/.test(code));
  for (const event of events) expect(inSource(event), event).toBe(true);
  expect(events.length).toBeGreaterThan(12);

  const line = /log\("request", \{([^]*?)\}\);/.exec(text("src/http/request.ts"))?.[1] ?? "";
  const logged = [...line.matchAll(/^\s*(\w+):/gm)].map(([, field]) => field);
  const queries = blocks("text").filter((block) => block.startsWith("Visualization"));
  const fields = queries.flatMap((query) =>
    [...query.matchAll(/\b\w+ms\b|(?:Filter|Group by) +([\w, ]+?)(?: {2}|$)/gm)].flatMap(([all, names]) =>
      (names ?? all).split(", "),
    ),
  );
  expect([...logged, "event", "error"]).toEqual(expect.arrayContaining(fields));
  expect([queries.length, new Set(fields).size]).toEqual([3, 8]);
});

/** The custom domains that a piece of a wrangler.toml names. */
const hosts = (piece: string): object[] =>
  [...piece.matchAll(/pattern = "([^"]+)"/g)].map(([, pattern]) => ({ pattern, custom_domain: true }));

it("operations: wrangler reads each piece of a wrangler.toml where the page puts it", () => {
  const folder = mkdtempSync(join(tmpdir(), "strongroom-"));
  const pieces = blocks("toml");
  for (const piece of pieces) {
    // What is not a table of its own stands above the first one.
    const present = text("wrangler.toml");
    const config = piece.startsWith("[[") ? `${present}\n${piece}` : present.replace(/^\[\[/m, `${piece}\n\n[[`);
    writeFileSync(join(folder, "wrangler.toml"), config);
    const read = readWrangler(join(folder, "wrangler.toml"), "");
    expect(read.d1_databases.length).toBe(piece.startsWith("[[") ? 2 : 1);
    const whole = wrangler.unstable_readConfig({ config: join(folder, "wrangler.toml") }, { hideWarnings: true });
    if (piece.startsWith("routes")) expect(whole).toMatchObject({ routes: hosts(piece), workers_dev: false });
  }
  expect(pieces.length).toBe(3);
  rmSync(folder, { recursive: true });
});

it("operations: every link leads somewhere", () => {
  const anchors = (markdown: string): string[] => [
    ...[...markdown.matchAll(/<a id="([^"]+)">/g)].map(([, id = ""]) => id),
    ...[...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replaceAll(/[^a-z0-9 -]/g, "")
        .replaceAll(" ", "-"),
    ),
  ];
  for (const [, path = "", anchor] of page.matchAll(/\]\((?!https:)([^)#]*)(?:#([^)]+))?\)/g)) {
    const target = path === "" ? "docs/operations.md" : join("docs", path);
    expect(existsSync(join(ROOT, target)), path).toBe(true);
    if (anchor !== undefined) expect(anchors(text(target)), `${path}#${anchor}`).toContain(anchor);
  }
});

it("operations: what vaults answer that have been deleted", () => {
  const answers = [beingDeleted({ status: "deleting" }), vaultNotFound()].map((refusal) => refusal?.message);
  expect(inline).toEqual(expect.arrayContaining(answers));
});
