import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { ServerScene } from "../local/server-scene.ts";
import { installed, noNode20, packed, temporaryFolder, terminal, type } from "./stranger.ts";

/** The command line as it is installed: alone, in a folder that has nothing else. */

const STRONGROOM = "node_modules/.bin/strongroom";
const MINIFLARE = packageJson.peerDependencies.miniflare;

const server = new ServerScene();
const folder = temporaryFolder();
let home: string;

beforeAll(async () => {
  home = await installed(folder, await packed(folder));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** What a command says that fails, and its exit code. */
const refusal = (env: NodeJS.ProcessEnv, ...args: string[]): Promise<unknown> =>
  type(home, env, STRONGROOM, ...args).then(
    () => "no failure",
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
  );

it.for([20, 24] as const)("every other command works on Node %i without Miniflare", async (node, { skip }) => {
  if (node === 20) skip(noNode20 !== undefined, noNode20);
  const { url, secret_key: key, admin_token } = server.credentials;
  const env = { ...terminal(node), STRONGROOM_URL: url, STRONGROOM_KEY: key, STRONGROOM_ADMIN_TOKEN: admin_token };
  const strongroom = async (...args: string[]): Promise<string> => (await type(home, env, STRONGROOM, ...args)).stdout;

  expect(await strongroom("--version")).toBe(`${packageJson.version}\n`);
  writeFileSync(join(home, "hello.txt"), "hello");
  await strongroom("put", "hello.txt", "marketing/blog/hero/");
  expect(await strongroom("ls", "marketing/")).toContain("marketing/blog/hero/hello.txt");
  expect(await strongroom("cat", "marketing/blog/hero/hello.txt")).toBe("hello");
  await strongroom("get", "marketing/blog/hero/hello.txt", "copy.txt");
  expect(readFileSync(join(home, "copy.txt"), "utf8")).toBe("hello");
  rmSync(join(home, "copy.txt"));
  expect(await strongroom("vaults", "ls")).toContain("local");
  await strongroom("rm", "marketing/blog/hero/hello.txt");
  expect(await strongroom("ls", "--json")).toBe("");
});

it("start: says in one line that it needs a newer Node, and writes nothing", async ({ skip }) => {
  skip(noNode20 !== undefined, noNode20);
  expect(await refusal(terminal(20), "start")).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(
      /^strongroom: start needs Node 22 or newer, and this is 20\.\d+\.\d+: install a newer one\n$/,
    ) as string,
  });
  expect(existsSync(join(home, ".strongroom"))).toBe(false);
});

it("start: says in one line that it needs Miniflare, or that it is another one, and writes nothing", async () => {
  const needs = (why: string) => ({
    code: 1,
    stdout: "",
    stderr: `strongroom: start needs Miniflare, ${why}: npm install miniflare@${MINIFLARE}\n`,
  });
  expect(await refusal(terminal(24), "start")).toEqual(needs("which is not installed"));
  const other = join(home, "node_modules/miniflare");
  mkdirSync(other);
  writeFileSync(join(other, "package.json"), '{ "name": "miniflare", "version": "4.0.0" }');
  expect(await refusal(terminal(24), "start")).toEqual(needs("and 4.0.0 is installed"));
  rmSync(other, { recursive: true });
  expect(existsSync(join(home, ".strongroom"))).toBe(false);
});

it("start: prints its help and the version where it could not start", async () => {
  const env = terminal(noNode20 === undefined ? 20 : 24);
  const { stdout: help } = await type(home, env, STRONGROOM, "start", "--help");
  for (const flag of ["port", "host", "state", "quiet"]) expect(help).toContain(`  --${flag} `);
  expect(help).toContain("strongroom start [flags]");
  expect(help).not.toContain("npm");
  const { stdout: version } = await type(home, env, STRONGROOM, "start", "--version");
  expect(version).toBe(`${packageJson.version}\n`);
});

it("start: refuses a flag that it does not know", async () => {
  expect(await refusal(terminal(24), "start", "--nonsense")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^strongroom: .*'--nonsense'.*; strongroom start --help shows what there is\n$/,
    ) as string,
  });
});
