import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { listen } from "../support/listen.ts";
import { type Result, useProgram } from "./program.ts";

/** What a server answers that wishes whoever asks ill: a real one gives no such names. */
const program = useProgram();
const VAULT = `vault_${"0".repeat(26)}`;
const KEY = `sk_${"0".repeat(52)}${"A".repeat(43)}`;
const BODY = "what is served";
const SHA256 = createHash("sha256").update(BODY);
const DIGEST = SHA256.digest("base64");

let url = "";
let records: AssetRecord[] = [];
/** What the feed says of an asset beside its record. */
let place: object;
let serve: (response: ServerResponse, id: string, request: IncomingMessage) => void;
/** What becomes of an upload, which has arrived. */
let store: (response: ServerResponse, filename: string, request: IncomingMessage) => void;

/** An asset that the server says it has. */
function record(filename: string, path: Partial<AssetRecord> = {}): AssetRecord {
  const number = String(records.length).padStart(26, "0");
  const made: AssetRecord = {
    id: `asset_${number}`,
    vault_id: VAULT,
    partition: "p",
    collection: "c",
    channel: "h",
    filename,
    r2_key: "",
    size: BODY.length,
    mime_type: "text/plain",
    width: null,
    height: null,
    metadata: "{}",
    tags: "[]",
    created_at: "2026-01-15T10:30:00Z",
    updated_at: "2026-01-15T10:30:00Z",
    ...path,
  };
  records.push(made);
  return made;
}

/** An answer as it should be. */
function good(response: ServerResponse, id: string, body = BODY): void {
  response.writeHead(200, {
    "Content-Type": "text/plain",
    "Content-Length": body.length,
    "Content-Location": `/api/v1/vaults/${VAULT}/assets/${id}/content`,
    "Repr-Digest": `sha-256=:${DIGEST}:`,
  });
  response.end(body);
}

const server = createServer((request, response) => {
  const path = new URL(request.url ?? "", "http://x").pathname.split("/").map(decodeURIComponent);
  // "", api, v1, vaults, {id}, …
  const [, , , , , kind, ...rest] = path;
  if (request.method === "POST") {
    const filename = new URL(request.url ?? "", "http://x").searchParams.get("filename") ?? "";
    request.resume().on("end", () => store(response, filename, request));
  } else if (kind === "changes") {
    response.setHeader("Content-Type", "application/json");
    const data = records.map((asset) => ({ type: "asset", asset, etag: '"1"', ...place }));
    response.end(JSON.stringify({ data, cursor: "c", has_more: false }));
  } else if (kind === "assets" && rest.length === 0) {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ data: records, cursor: null, has_more: false }));
  } else if (kind === "assets" && rest.length === 1) {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(records.find(({ id }) => id === rest[0])));
  } else {
    const found = records.find((each) =>
      kind === "files" ? each.filename === rest.slice(3).join("/") : each.id === rest[0],
    );
    if (found) serve(response, found.id, request);
    else {
      response.writeHead(404, { "Content-Type": "application/json" });
      response.end('{"error":{"code":"ASSET_NOT_FOUND","message":"there is none","status":404}}');
    }
  }
});

beforeAll(async () => {
  url = await listen(server);
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  records = [];
  serve = (response, id) => good(response, id);
});

const run = (...args: string[]): Promise<Result> =>
  program.run(args, { env: { STRONGROOM_URL: url, STRONGROOM_KEY: KEY } });

/** Everything below the folder that commands are run in. */
const everything = (folder = ""): string[] =>
  readdirSync(join(program.work, folder), { recursive: true, encoding: "utf8" }).toSorted();

it("get: writes nothing outside of DEST, whatever an asset is called", async () => {
  record("../../escaped");
  record("..");
  record("/tmp/strongroom-escaped");
  record("a\\..\\..\\escaped");
  record("nul\0");
  record("\u001b]0;title\u0007");
  record("x".repeat(256));
  record("file", { partition: "..", collection: "..", channel: ".." });
  record("file", { channel: "../../up" });
  record("file", { channel: "/abs" });
  record("fine");
  mkdirSync(join(program.work, "inside"));
  const { code, stdout, stderr } = await run("get", "/", "inside/dest");
  expect(code).toBe(1);
  expect(stdout).toBe("inside/dest/p/c/h/fine\n");
  const failures = stderr.split("\n").filter((line) => line.startsWith("strongroom: "));
  expect(failures).toHaveLength(10);
  // Nothing that a terminal would obey.
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  expect(everything("inside")).toEqual(["dest", "dest/p", "dest/p/c", "dest/p/c/h", "dest/p/c/h/fine"]);
  expect(existsSync("/tmp/strongroom-escaped")).toBe(false);
  expect(existsSync(join(program.work, "../escaped"))).toBe(false);
});

it("get: an asset by its id is written under a name that is one, or not at all", async () => {
  const { id } = record("../escaped-by-id");
  const refused = await run("get", id);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain("cannot be written: filename: must not contain / or \\");
  expect(existsSync(join(program.work, "../escaped-by-id"))).toBe(false);
  // What the user names is the user's choice.
  expect(await run("get", id, "chosen")).toMatchObject({ code: 0, stdout: "chosen\n" });
});

it("get: follows no link that lies in DEST, and replaces one that has a file's name", async () => {
  record("through");
  record("name", { channel: "g" });
  mkdirSync(join(program.work, "outside"));
  writeFileSync(join(program.work, "outside/kept"), "kept");
  mkdirSync(join(program.work, "linked/c/g"), { recursive: true });
  symlinkSync(join(program.work, "outside"), join(program.work, "linked/c/h"));
  symlinkSync(join(program.work, "outside/kept"), join(program.work, "linked/c/g/name"));
  const { code, stdout, stderr } = await run("get", "p/", "linked");
  expect(code).toBe(1);
  expect(stdout).toBe("linked/c/g/name\n");
  expect(stderr).toMatch(/^strongroom: p\/c\/h\/through: .*linked\/c\/h is a link or a file, and no folder\n/);
  expect(everything("outside")).toEqual(["kept"]);
  expect(readFileSync(join(program.work, "outside/kept"), "utf8")).toBe("kept");
  expect(readFileSync(join(program.work, "linked/c/g/name"), "utf8")).toBe(BODY);
});

it("get: a file with another SHA-256 than it should have never gets its name", async () => {
  const { id } = record("wrong");
  let times = 0;
  serve = (response, served) => {
    times++;
    good(response, served, "what was served");
  };
  mkdirSync(join(program.work, "digest"));
  writeFileSync(join(program.work, "digest/wrong"), "what there was");
  for (const args of [
    ["get", id, "digest/"],
    ["get", "p/c/h/", "digest"],
  ]) {
    const { code, stderr } = await run(...args);
    expect(code).toBe(1);
    expect(stderr).toContain("what came is not what was stored: its SHA-256 is another one");
    expect(everything("digest")).toEqual(["wrong"]);
    expect(readFileSync(join(program.work, "digest/wrong"), "utf8")).toBe("what there was");
  }
  expect(times).toBe(6);
  // cat cannot take back what it has written, and says so.
  const cat = await run("cat", id);
  expect(cat).toMatchObject({ code: 1, stdout: "what was served" });
});

it("export: a file that is not its line's never gets its name, and a line must say which file it is of", async () => {
  const { id } = record("a.txt", { r2_key: `${VAULT}/p/c/h/asset_${"0".repeat(26)}_a.txt` });
  const exporting = ["export", "all.ndjson", "--bodies", "bodies"];
  place = { seq: 1, sha256: "0".repeat(64) };
  const other = await run(...exporting);
  expect(other).toMatchObject({ code: 1, stdout: "" });
  expect(other.stderr).toContain(`a.txt: what came is not the file of ${id}: its SHA-256 is another one`);
  place = {};
  const old = await run(...exporting);
  expect(old).toMatchObject({ code: 1, stdout: "" });
  expect(old.stderr).toContain(`${id}: the server does not tell its seq and SHA-256, without which no import takes it`);
  expect(readdirSync(join(program.work, "bodies/p/c/h"))).toEqual([]);
  expect(existsSync(join(program.work, "all.ndjson"))).toBe(false);
  place = { seq: 1, sha256: Buffer.from(DIGEST, "base64").toString("hex") };
  expect(await run(...exporting)).toMatchObject({ code: 0 });
});

it("get: begins anew when the connection breaks off", async () => {
  record("broken");
  let times = 0;
  serve = (response, id) => {
    if (++times > 1) {
      good(response, id);
      return;
    }
    response.writeHead(200, {
      "Content-Length": BODY.length,
      "Content-Location": `/api/v1/vaults/${VAULT}/assets/${id}/content`,
      "Repr-Digest": `sha-256=:${DIGEST}:`,
    });
    response.write(BODY.slice(0, 5), () => response.destroy());
  };
  expect(await run("get", "p/", "anew")).toMatchObject({ code: 0, stdout: "anew/c/h/broken\n" });
  expect(times).toBe(2);
  expect(everything("anew")).toEqual(["c", "c/h", "c/h/broken"]);
  expect(readFileSync(join(program.work, "anew/c/h/broken"), "utf8")).toBe(BODY);
});

it("get: an answer that names no SHA-256 is no answer", async () => {
  const { id } = record("unnamed");
  serve = (response, served) => {
    response.setHeader("Content-Location", `/api/v1/vaults/${VAULT}/assets/${served}/content`);
    response.setHeader("ETag", 'W/"weak"');
    response.end(BODY);
  };
  const { code, stderr } = await run("get", id);
  expect(code).toBe(1);
  expect(stderr).toContain("does not say what its SHA-256 should be");
  expect(existsSync(join(program.work, "unnamed"))).toBe(false);
});

it("ls, show: what others chose is shown, and not obeyed", async () => {
  const { id } = record("a\u001b[31m\u009b1m\u202egpj.exe\n👩‍👩‍👧", {
    metadata: '{"k\\u0007":"v\\u001b]0;x","two":"a\\nb"}',
    tags: '["\\u0085t"]',
  });
  const [ls, show, json] = await Promise.all([run("ls"), run("show", id), run("ls", "--json")]);
  expect(ls.stdout).toContain("p/c/h/a\\u001b[31m\\u009b1m\\u202egpj.exe\\u000a👩‍👩‍👧\n");
  expect(show.stdout).toContain("metadata.k\\u0007  v\\u001b]0;x\nmetadata.two      a\n                  b\n");
  for (const { stdout } of [ls, show, json]) {
    // eslint-disable-next-line no-control-regex -- control characters are what it looks for
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  }
  // As JSON it is the same text.
  expect(JSON.parse(json.stdout)).toMatchObject({
    filename: "a\u001b[31m\u009b1m\u202egpj.exe\n👩‍👩‍👧",
    tags: ["\u0085t"],
  });
});

it("errors: repeat no key and no signed URL, even if the server does", async () => {
  const { id } = record("echo");
  const others = ["pk", "dk", "uk"].map((type) => `${type}_${"1".repeat(52)}${"B".repeat(43)}`);
  const mac = "C".repeat(43);
  const urls = [
    `/content?token=${others[1]}&x=1`,
    `/content?expires=1&key=key_1&signature=${mac}`,
    `/assets?ticket=e30.${mac}&filename=a`,
    `/login?to=%2Fassets%3Fticket%3De30.${mac}%26x%3Ddk_${"2".repeat(52)}${mac}`,
  ];
  serve = (response, _, request) => {
    response.writeHead(404, { "Content-Type": "application/json" });
    const message = `no such thing \u001b[2J ${[request.headers.authorization, ...others, ...urls].join(" ")}`;
    response.end(JSON.stringify({ error: { code: "ASSET_NOT_FOUND", message, status: 404 } }));
  };
  const { code, stderr } = await run("cat", id);
  expect(code).toBe(1);
  expect(stderr).toBe(
    "strongroom: no such thing \\u001b[2J Bearer … pk_… dk_… uk_… /content?token=…&x=1 " +
      "/content?expires=1&key=key_1&signature=… /assets?ticket=…&filename=a " +
      "/login?to=%2Fassets%3Fticket%3D…%26x%3Ddk_…\n",
  );
});

it("put: an upload whose answer was lost is repeated as the same one", async () => {
  writeFileSync(join(program.work, "lost"), BODY);
  const keys: unknown[] = [];
  store = (response, filename, request) => {
    keys.push(request.headers["idempotency-key"]);
    if (keys.length < 3) response.destroy();
    else response.end(JSON.stringify(record(filename)));
  };
  const stored = await run("put", "lost", "p/c/h/");
  expect(stored).toEqual({ code: 0, stdout: `${records[0]?.id}  p/c/h/lost\n`, stderr: "" });
  expect(keys).toEqual([expect.stringMatching(/^".+"$/), keys[0], keys[0]]);

  keys.length = 0;
  store = (response, _filename, request) => {
    keys.push(request.headers["idempotency-key"]);
    response.destroy();
  };
  expect(await run("put", "lost", "p/c/h/")).toMatchObject({ code: 1, stdout: "" });
  expect(keys).toHaveLength(4);
  expect(new Set(keys).size).toBe(1);
});
