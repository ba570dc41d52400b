import { expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { type Result, useProgram } from "./program.ts";

/** What is told from the words alone: there is no server. */
const program = useProgram();
const KEY = `sk_${"0".repeat(52)}${"A".repeat(43)}`;
const VAULT = "vault_01arz3ndektsv4rrffq69g5fav";
const NOBODY = "http://127.0.0.1:2";

const run = (args: readonly string[]): Promise<Result> =>
  program.run(args, { env: { STRONGROOM_URL: NOBODY, STRONGROOM_KEY: KEY } });

const COMMANDS = [
  "ls",
  "put",
  "get",
  "cat",
  "show",
  "set",
  "rm",
  "link",
  "keys ls",
  "keys create",
  "keys set",
  "keys revoke",
  "vaults ls",
  "vaults create",
  "vaults show",
  "vaults set",
  "vaults rm",
  "vaults reconcile",
  "login",
];

it("--help, --version: name every command, and the package's version", async () => {
  const help = await run(["--help"]);
  expect(help).toMatchObject({ code: 0, stderr: "" });
  for (const name of [...COMMANDS, "start"]) expect(help.stdout).toMatch(new RegExp(`^  ${name} `, "m"));
  // A terminal that says nothing of itself has 80 columns.
  expect(Math.max(...help.stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(await run(["--version"])).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: "" });
});

it.each(COMMANDS)("%s --help: says what it takes", async (name) => {
  const result = await run([...name.split(" "), "--help"]);
  expect(result).toMatchObject({ code: 0, stderr: "" });
  expect(result.stdout).toMatch(new RegExp(`^  strongroom ${name}\\b`));
  if (name === "set") expect(result.stdout).toContain("A value that is JSON is taken as JSON, anything else as text");
});

it("help: is another word for it", async () => {
  const [one, other] = await Promise.all([run(["help", "put"]), run(["put", "-h"])]);
  expect(one).toEqual(other);
  expect(one).toMatchObject({ code: 0, stderr: "" });
});

it.each([
  [[], /^Strongroom keeps files/],
  [["keys"], /strongroom keys create/],
  [["lss"], /^strongroom: lss: there is no such command; did you mean strongroom ls\?\n$/],
  [["keys", "lst"], /did you mean strongroom keys ls\?/],
  [["frobnicate"], /there is no such command; strongroom --help lists them/],
  [["ls", "--jsn"], /^strongroom: --jsn: there is no such option; did you mean --json\?\n$/],
  [["put", "only"], /^strongroom: something is missing; it is: strongroom put FILE\|DIR… FOLDER\n$/],
  [["ls", "a/", "b/"], /^strongroom: too much: b\/; it is: strongroom ls \[FOLDER\]\n$/],
  [["ls", "marketing"], /^strongroom: marketing: is no folder; did you mean marketing\/\?\n$/],
  [["ls", "Marketing/"], /the partition "Marketing" must be 1 to 64 lowercase letters/],
  [["ls", "a/b/c/d/"], /has too many levels/],
  [["show", "a/b/c"], /is no asset; the folder is a\/b\/c\//],
  [["rm", "a/b/c/"], /is a folder; an asset is/],
  [["cat", "a/b/c/.."], /filename: must not be/],
  [["get", "/"], /say into which folder/],
  [["get", "a/", "--parallel", "0"], /--parallel: must be a number from 1 to 64/],
  [["keys", "revoke", "pk_x"], /is no id of a key/],
  [["keys", "set", "pk_x", "--label", "x"], /is no id of a key/],
  [["keys", "set", "key_x"], /nothing to change: give --label or --expires/],
  [["keys", "create", "--type", "admin"], /--type admin: must be secret, public, delivery, upload/],
  [["keys", "create", "--scope", "Marketing"], /the partition "Marketing" must be/],
  [["vaults", "show", "second"], /is no id of a vault/],
  [["vaults", "set", VAULT], /nothing to change: give --name, --quota-assets/],
  [["vaults", "set", "second", "--rate", "1"], /is no id of a vault/],
  [["vaults", "set", VAULT, "--rate", "1.5"], /^strongroom: --rate 1\.5: must be a whole number, or none\n$/],
  [["vaults", "set", VAULT, "--quota-bytes", "10 XB"], /--quota-bytes 10 XB: must be a size such as 10GB/],
  [["vaults", "set", VAULT, "--max-file", ""], /--max-file : must be a size/],
  [["show", "\u001b[31mred"], /^strongroom: \\u001b\[31mred: is no asset/],
])("%j: is refused as it was typed", async (args, message) => {
  const result = await run(args);
  expect(result).toMatchObject({ code: 2, stdout: "" });
  expect(result.stderr).toMatch(message);
});

it("errors: say whom they asked, and as whom", async () => {
  const { code, stdout, stderr } = await run(["ls"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain("ECONNREFUSED");
  expect(stderr).toContain(`\n  asked was ${NOBODY} (from STRONGROOM_URL), with the key from STRONGROOM_KEY\n`);
});

it.each([
  [["ls", KEY]],
  [["--kye", KEY, "ls"]],
  [["ls", `--${KEY}`]],
  [["show", KEY]],
  [[KEY]],
  [["set", KEY, KEY]],
  [["keys", "revoke", KEY]],
  [["ls", "--key", `${KEY}x`]],
  [["login", "--key", KEY]],
  [["vaults", "show", "the-operators-token", "--admin-token", "the-operators-token"]],
])("%#: a key that was typed is not printed", async (args) => {
  const { code, stdout, stderr } = await run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).not.toContain(KEY.slice(3, 60));
  expect(stderr).not.toContain("the-operators-token");
});
