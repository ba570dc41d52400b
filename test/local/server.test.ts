/** `npm start` as a user meets it: what it prints, what it serves, and how it starts and stops. */

import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { OWNER_VARIABLE, type Secrets } from "../../src/local/state.ts";
import { workerdsWith } from "../../src/local/processes.ts";
import type { AssetRecord } from "../../src/model/asset.ts";
import { cases } from "../support/at-length.ts";
import { credentialsIn, outputOf, ownLines, ServerProcess, temporaryState } from "./server-process.ts";

const fixture = (name: string): string => join(import.meta.dirname, "../fixtures", name);
const HAS_CURL = (() => {
  try {
    execFileSync("curl", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

const NO_CURL = "curl is not installed";

const started: ServerProcess[] = [];
const start = (state: string, ...flags: string[]): ServerProcess => {
  const server = new ServerProcess(state, ...flags);
  started.push(server);
  return server;
};

describe("a user's session", () => {
  const state = temporaryState();
  const files = temporaryState();
  const assets = (): string => {
    const { url, vault_id } = credentialsIn(state);
    return `${url}/api/v1/vaults/${vault_id}/assets`;
  };
  const authorization = (): string => `Bearer ${credentialsIn(state).secret_key}`;
  let server: ServerProcess;
  const uploaded: AssetRecord[] = [];
  const sources = new Map<string, string>();

  beforeAll(async () => {
    writeFileSync(join(files, "empty.txt"), "");
    writeFileSync(join(files, "large.bin"), randomBytes(20 * 1024 * 1024));
    server = await start(state).ready();
  });

  afterAll(() => {
    server.killGroup();
    for (const directory of [state, files]) rmSync(directory, { recursive: true });
  });

  it("starts with complete credentials that only their owner can read", () => {
    const credentials = credentialsIn(state);
    expect(Object.keys(credentials)).toEqual(["url", "admin_token", "vault_id", "secret_key", "public_key"]);
    for (const value of Object.values(credentials)) expect(server.output).toContain(value);
    expect(statSync(join(state, "credentials.json")).mode & 0o777).toBe(0o600);
    expect(statSync(join(state, "secrets.json")).mode & 0o777).toBe(0o600);
  });

  it("prints a curl line that works as pasted", ({ skip }) => {
    skip(!HAS_CURL, NO_CURL);
    const line = /^ +(curl .*)$/m.exec(server.output)?.[1] ?? "";
    const record = JSON.parse(
      execFileSync("bash", ["-c", `${line} --silent --fail`], { encoding: "utf8" }),
    ) as AssetRecord;
    expect(record).toMatchObject({ filename: "hello.txt", size: 21, partition: "marketing", mime_type: "text/plain" });
    uploaded.push(record);
  });

  it.for([
    ["photo.jpg", "image/jpeg"],
    ["document.pdf", "application/pdf"],
    ["empty.txt", "text/plain"],
    ["large.bin", "application/octet-stream"],
  ] as const)("takes %s from curl", ([name, type], { skip }) => {
    skip(!HAS_CURL, NO_CURL);
    const file = existsSync(fixture(name)) ? fixture(name) : join(files, name);
    for (const order of [["-F", `file=@${file}`], []]) {
      const fields = ["partition=curl", "collection=real", "channel=files"].flatMap((text) => ["-F", text]);
      const args = [
        "-sS",
        "-H",
        `Authorization: ${authorization()}`,
        ...order,
        ...fields,
        ...(order.length === 0 ? ["-F", `file=@${file}`] : []),
        assets(),
      ];
      const record = JSON.parse(execFileSync("curl", args, { encoding: "utf8" })) as AssetRecord;
      expect(record).toMatchObject({ filename: name, size: statSync(file).size, mime_type: type });
      uploaded.push(record);
      sources.set(record.id, file);
    }
  });

  it.each(["photo.jpg", "document.pdf", "empty.txt", "large.bin"])(
    "takes %s from Node's fetch and FormData",
    async (name) => {
      const file = existsSync(fixture(name)) ? fixture(name) : join(files, name);
      const form = new FormData();
      form.set("file", new File([readFileSync(file)], basename(file)));
      for (const [field, value] of [
        ["partition", "node"],
        ["collection", "real"],
        ["channel", "files"],
        ["tags", '["from-node"]'],
      ])
        form.set(field ?? "", value ?? "");
      const response = await fetch(assets(), {
        method: "POST",
        headers: { Authorization: authorization() },
        body: form,
      });
      expect(response.status).toBe(201);
      const record = (await response.json()) as AssetRecord;
      expect(record).toMatchObject({ filename: name, size: statSync(file).size, tags: '["from-node"]' });
      uploaded.push(record);
      sources.set(record.id, file);
    },
  );

  it("lets a client that sends too much read the 413, and one without a key the 401", async () => {
    const form = new FormData();
    for (const field of ["partition", "collection", "channel"]) form.set(field, "x");
    form.set("file", new File([new Uint8Array(104_857_601)], "big.bin"));
    const tooLarge = await fetch(assets(), { method: "POST", headers: { Authorization: authorization() }, body: form });
    expect([tooLarge.status, await errorCode(tooLarge)]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
    form.set("file", new File([new Uint8Array(20_000_000)], "big.bin"));
    const anonymous = await fetch(assets(), { method: "POST", body: form });
    expect([anonymous.status, await errorCode(anonymous)]).toEqual([401, "UNAUTHORIZED"]);
  });

  it("keeps another server from its state directory, which says so in one line", async () => {
    const second = start(state);
    expect(await second.exited).toBe(1);
    expect(ownLines(second.output)).toEqual([
      expect.stringMatching(/^strongroom: the state directory .* is held by another server \(process \d+\)$/),
    ]);
  });

  it("finds everything again after a restart, with the keys of a secret that was replaced meanwhile", async () => {
    const before = credentialsIn(state);
    await server.interrupt();
    const secrets = JSON.parse(readFileSync(join(state, "secrets.json"), "utf8")) as Secrets;
    const replaced = { ...secrets, key_secret: "n".repeat(43), key_secret_previous: secrets.key_secret };
    writeFileSync(join(state, "secrets.json"), JSON.stringify(replaced));
    server = await start(state).ready();
    expect({ ...credentialsIn(state), url: "" }).toEqual({ ...before, url: "" });
    const response = await fetch(`${assets()}?limit=200`, { headers: { Authorization: authorization() } });
    const { data } = (await response.json()) as { data: AssetRecord[] };
    expect(data).toEqual(uploaded.toReversed());
    // The bodies are there too, byte for byte, in the files in which R2 keeps them.
    const hash = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
    const blobs = readdirSync(join(state, "r2"), { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile() && entry.parentPath.endsWith("blobs"),
    );
    const stored = new Set(blobs.map((entry) => hash(join(entry.parentPath, entry.name))));
    for (const [, file] of sources)
      if (statSync(file).size > 0 && statSync(file).size < 8 * 1024 * 1024) expect(stored).toContain(hash(file));
  });
});

describe("starting and stopping", () => {
  afterEach(() => {
    for (const server of started.splice(0)) server.killGroup();
  });

  /** Sends 20 requests, and lets the server log `count` lines for them before it is stopped by Ctrl-C. */
  async function logsAndStops(server: ServerProcess, state: string, count: number): Promise<void> {
    expect(workerdsWith(OWNER_VARIABLE, state)).toHaveLength(1);
    const { url } = credentialsIn(state);
    for (let i = 0; i < 20; i++) await (await fetch(`${url}/healthz`)).text();
    const seen = () => server.output.split("\n").filter((line) => line.includes('"endpoint":"health.get"')).length;
    await expect.poll(seen).toBe(count);
    await server.interrupt();
    expect([seen(), server.output.includes("Strongroom is ready at")]).toEqual([count, true]);
    expect(workerdsWith(OWNER_VARIABLE, state)).toEqual([]);
    expect(existsSync(join(state, "lock"))).toBe(false);
  }

  it("needs nothing more to run, logs a line a request, stops on Ctrl-C and leaves no process and no lock", async () => {
    const state = temporaryState();
    const server = await start(state).ready();
    const others = server.running.filter((line) => !/^npm |workerd|src\/local\/main\.ts/.test(line));
    expect(others).toEqual([]);
    await logsAndStops(server, state, 20);
  });

  it("with --quiet logs no requests, and ignores a stale lock whose process number belongs to another process now", async () => {
    const state = temporaryState();
    writeFileSync(join(state, "lock"), JSON.stringify({ pid: process.pid, started: "long ago" }));
    await logsAndStops(await start(state, "--quiet").ready(), state, 0);
  });

  it.each(cases(["SIGTERM", "SIGKILL"], ["SIGINT", "SIGHUP"]))(
    "ends with npm when npm alone gets %s",
    async (signal) => {
      const state = temporaryState();
      const server = await start(state).ready();
      expect(workerdsWith(OWNER_VARIABLE, state)).toHaveLength(1);
      await server.kill(state, signal);
      expect(existsSync(join(state, "lock"))).toBe(false);
    },
  );

  it("says in one line that the port is in use, and exits with 1", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await once(squatter, "listening");
    const address = squatter.address();
    const port = String(typeof address === "object" && address ? address.port : 0);
    const server = start(temporaryState(), "--port", port);
    expect(await server.exited).toBe(1);
    expect(ownLines(server.output)).toEqual([`strongroom: cannot listen on 127.0.0.1:${port}: the port is in use`]);
    squatter.close();
  });

  it("says in one line that the state directory cannot be written", async () => {
    const file = join(temporaryState(), "file");
    writeFileSync(file, "");
    const server = start(join(file, "state"));
    expect(await server.exited).toBe(1);
    expect(ownLines(server.output)).toEqual([
      expect.stringMatching(/^strongroom: the state directory .* cannot be written \(ENOTDIR\)$/),
    ]);
  });

  it("says in one line that the state directory is read-only", async ({ skip }) => {
    skip(process.getuid?.() === 0, "root can write everywhere");
    const state = join(temporaryState(), "state");
    mkdirSync(state);
    chmodSync(state, 0o500);
    const server = start(state);
    expect(await server.exited).toBe(1);
    expect(ownLines(server.output)).toEqual([expect.stringMatching(/cannot be written \(EACCES\)$/)]);
  });

  it.each([
    ["--port", "x"],
    ["--port", "65536"],
    ["--nonsense", "1"],
  ])("refuses %s %s in one line, and exits with 2", async (flag, value) => {
    const server = start(temporaryState(), flag, value);
    expect(await server.exited).toBe(2);
    expect(ownLines(server.output)).toHaveLength(1);
  });

  it("prints its help and its version, and starts nothing", async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as {
      version: string;
    };
    expect(await outputOf("start", "--", "--version")).toEqual({ lines: [version], code: 0 });
    const help = await outputOf("start", "--", "--help");
    for (const flag of ["port", "host", "state", "quiet", "version", "help"]) {
      expect(help.lines.join("\n")).toContain(`  --${flag} `);
    }
    expect(help.code).toBe(0);
  });

  it.each([
    [["--port", "9000"], "--port 9000"],
    [["--port=9000"], "--port 9000"],
    [["--state", "some where"], "--state 'some where'"],
    [["--host=::1", "--port=9000"], "--port 9000 --host ::1"],
    [["--host", "::1", "--port", "9000"], "--port … --host …"],
  ])("says how flags are written when npm has kept %j for itself", async (args, written) => {
    expect(await outputOf("start", ...args)).toEqual({
      lines: [`strongroom: npm keeps flags that stand before two dashes for itself; write: npm start -- ${written}`],
      code: 2,
    });
  });

  it("starts again after its Node process was killed, and ends the workerd that was left behind", async () => {
    const state = temporaryState();
    const server = await start(state).ready();
    const { url } = credentialsIn(state);
    await server.killNode(state);
    const orphans = workerdsWith(OWNER_VARIABLE, state);
    expect(orphans).toHaveLength(1);
    // It starts on the very port that the orphan holds.
    const next = await start(state, "--port", new URL(url).port).ready();
    const [running, ...more] = workerdsWith(OWNER_VARIABLE, state);
    expect(more).toEqual([]);
    expect(orphans).not.toContain(running);
    await next.interrupt();
  });
});

async function errorCode(response: Response): Promise<string> {
  return (await response.json<{ error: { code: string } }>()).error.code;
}
