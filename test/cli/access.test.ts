import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listen, urlOf } from "../support/listen.ts";
import { accessTo, type Result, useProgram } from "./program.ts";
import { CommandScene } from "./server.ts";

const program = useProgram();
const server = new CommandScene();

/** Hears who comes, and has no assets. */
class Ear {
  readonly #server: Server;
  heard: (string | undefined)[] = [];

  constructor() {
    this.#server = createServer((request, response) => {
      this.heard.push(request.headers.authorization);
      response.setHeader("Content-Type", "application/json");
      response.end('{"data":[],"cursor":null,"has_more":false}');
    });
  }
  listen = (): Promise<string> => listen(this.#server);
  close = (): void => {
    this.#server.close();
    this.#server.closeAllConnections();
  };
  get url(): string {
    return urlOf(this.#server);
  }
}

const [one, two] = [new Ear(), new Ear()];
const key = (letter: string): string => `sk_${letter.repeat(52)}${letter.toUpperCase().repeat(43)}`;

beforeAll(async () => {
  await Promise.all([one.listen(), two.listen()]);
});
afterAll(() => {
  one.close();
  two.close();
});

/** A folder with the credentials of a server that runs there, and a home with a profile. */
function place({ local, profile }: { local?: object; profile?: object }): { cwd: string; env: Record<string, string> } {
  const cwd = mkdtempSync(join(program.work, "place-"));
  const home = mkdtempSync(join(program.home, "home-"));
  if (local) {
    mkdirSync(join(cwd, ".strongroom"));
    writeFileSync(join(cwd, ".strongroom/credentials.json"), JSON.stringify(local));
  }
  if (profile) {
    mkdirSync(join(home, ".config/strongroom"), { recursive: true });
    writeFileSync(join(home, ".config/strongroom/profile.json"), JSON.stringify(profile), { mode: 0o600 });
  }
  return { cwd, env: { HOME: home } };
}

/** Which server hears of a command, and as whom. */
async function heard(
  args: string[],
  { cwd, env }: ReturnType<typeof place>,
  more: Record<string, string> = {},
): Promise<{ result: Result; one: (string | undefined)[]; two: (string | undefined)[] }> {
  [one.heard, two.heard] = [[], []];
  const result = await program.run(args, { cwd, env: { ...env, ...more } });
  return { result, one: one.heard, two: two.heard };
}

it("access: the command line goes before the environment, that before this folder, and that before the profile", async () => {
  const local = { url: one.url, secret_key: key("c"), admin_token: "local-operator" };
  const profile = { url: two.url, key: key("d"), admin_token: "kept-operator" };
  const everything = place({ local, profile });
  const env = accessTo({ url: two.url, key: key("b"), token: "operator-of-env" });

  expect(await heard(["ls", "--url", one.url, "--key", key("a")], everything, env)).toMatchObject({
    one: [`Bearer ${key("a")}`],
    two: [],
  });
  expect(await heard(["ls"], everything, env)).toMatchObject({ one: [], two: [`Bearer ${key("b")}`] });
  expect(await heard(["ls"], everything)).toMatchObject({ one: [`Bearer ${key("c")}`], two: [] });
  expect(await heard(["ls"], place({ profile }))).toMatchObject({ one: [], two: [`Bearer ${key("d")}`] });

  expect(await heard(["vaults", "ls", "--admin-token", "typed"], everything, env)).toMatchObject({
    two: ["Bearer typed"],
  });
  expect(await heard(["vaults", "ls"], everything, env)).toMatchObject({ two: ["Bearer operator-of-env"] });
  expect(await heard(["vaults", "ls"], everything)).toMatchObject({ one: ["Bearer local-operator"] });
  expect(await heard(["vaults", "ls"], place({ profile }))).toMatchObject({ two: ["Bearer kept-operator"] });
});

it("access: a key from a file goes to no other server than the file's", async () => {
  const kept = place({ local: { url: one.url, secret_key: key("c") }, profile: { url: one.url, key: key("d") } });
  const elsewhere = await heard(["ls", "--url", two.url], kept);
  expect(elsewhere).toMatchObject({ result: { code: 2, stdout: "" }, one: [], two: [] });
  expect(elsewhere.result.stderr).toContain("no key: give --key");
  // The same address, however it is written.
  expect(await heard(["ls", "--url", `${one.url}/`], kept)).toMatchObject({ one: [`Bearer ${key("c")}`] });
});

it("access: this folder counts only if its server is on this machine", async () => {
  const local = { url: "http://strongroom.invalid", secret_key: key("c"), admin_token: "x" };
  expect(await heard(["ls"], place({ local, profile: { url: two.url, key: key("d") } }))).toMatchObject({
    two: [`Bearer ${key("d")}`],
  });
  const { result } = await heard(["ls"], place({ local }));
  expect(result).toMatchObject({ code: 2 });
  expect(result.stderr).toContain("no server: give --url");
});

it("access: says what is wrong with a profile, and repeats nothing of it", async () => {
  const kept = place({ profile: { url: two.url, key: "no key at all" } });
  const { result } = await heard(["ls"], kept);
  expect(result).toMatchObject({ code: 2 });
  expect(result.stderr).toMatch(/profile\.json: key: must be a key of a vault/);
  expect(result.stderr).not.toContain("no key at all");

  const file = join(kept.env["HOME"] ?? "", ".config/strongroom/profile.json");
  writeFileSync(file, `{"key": "${key("e")}`);
  const broken = await heard(["ls"], kept);
  expect(broken.result.stderr).toMatch(/profile\.json: is not JSON\n$/);
});

it("access: warns of a profile that others can read", async () => {
  const kept = place({ profile: { url: two.url, key: key("d") } });
  const file = join(kept.env["HOME"] ?? "", ".config/strongroom/profile.json");
  rmSync(file);
  writeFileSync(file, JSON.stringify({ url: two.url, key: key("d") }), { mode: 0o644 });
  expect((await heard(["ls"], kept)).result).toEqual({
    code: 0,
    stdout: "",
    stderr: `strongroom: others can read ${file}: chmod 600 ${file}\n`,
  });
});

it("login: keeps a key that is good, for this user alone", async () => {
  const { cwd, env } = place({});
  const { url, secret_key, public_key, admin_token, vault_id } = server.credentials;
  const config = join(env["HOME"] ?? "", "elsewhere");
  const run = (args: string[], input?: string): Promise<Result> =>
    program.run(args, { cwd, env: { ...env, XDG_CONFIG_HOME: config }, ...(input === undefined ? {} : { input }) });
  const file = join(config, "strongroom/profile.json");

  const result = await run(["login", "--url", `${url}/`], `${secret_key}\nand more\n`);
  expect(result).toEqual({ code: 0, stdout: "", stderr: `a secret key of ${vault_id} at ${url} is kept in ${file}\n` });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(config, "strongroom")).mode & 0o777).toBe(0o700);
  expect(await run(["vaults", "show"])).toMatchObject({ code: 0 });
  expect(await run(["vaults", "ls"])).toMatchObject({ code: 2 });

  // The admin token joins the key, another key takes its place, a second server that of all.
  expect(await run(["login", "--admin", "--url", url], admin_token)).toMatchObject({ code: 0 });
  expect(await run(["login", "--url", url], `${public_key}\n`)).toMatchObject({ code: 0 });
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ url, key: public_key, admin_token });
  expect(await run(["login", "--url", two.url], key("a"))).toMatchObject({ code: 0 });
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ url: two.url, key: key("a") });
});

it("login: keeps nothing that is not good, and takes no key from the command line", async () => {
  const { cwd, env } = place({});
  const { url } = server.credentials;
  const run = (args: string[], input?: string): Promise<Result> =>
    program.run(args, { cwd, env, ...(input === undefined ? {} : { input }) });
  const refused = await run(["login", "--url", url], key("a"));
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).not.toContain(key("a"));
  expect(await run(["login", "--url", url], "secret-that-is-no-key")).toMatchObject({
    code: 2,
    stderr: "strongroom: key: must be a key of a vault, such as sk_… or pk_…\n",
  });
  expect(await run(["login", "--url", url])).toMatchObject({ code: 2, stderr: "strongroom: no key was given\n" });
  expect(await run(["login"], key("a"))).toMatchObject({ code: 2, stderr: "strongroom: no server: give --url\n" });
  const typed = await run(["login", "--url", url, "--key", server.credentials.secret_key]);
  expect(typed).toMatchObject({ code: 2 });
  expect(typed.stderr).toContain("others could see it on the command line");
  expect(() => statSync(join(env["HOME"] ?? "", ".config"))).toThrow("ENOENT");
});
