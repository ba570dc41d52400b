/**
 * Uploads by the clients that people have. A client that is not installed is skipped, since none of them is needed to
 * build or test the rest.
 */

import { execFile, execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream, openAsBlob, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { credentialsIn, BuiltServer, temporaryState } from "./server-process.ts";

const state = temporaryState();
const scratch = temporaryState();
const file = join(scratch, "näme with spaces.bin");
const content = randomBytes(12 * 1024 * 1024 + 5);
const FIELDS = { partition: "clients", collection: "real", channel: "files", tags: '["t"]' };
let server: BuiltServer;
let assets: string;
let authorization: string;

beforeAll(async () => {
  writeFileSync(file, content);
  server = await new BuiltServer(state).ready();
  const { url, vault_id, secret_key } = credentialsIn(state);
  assets = `${url}/api/v1/vaults/${vault_id}/assets`;
  authorization = `Bearer ${secret_key}`;
});

afterAll(() => {
  server.killGroup();
  for (const directory of [state, scratch]) rmSync(directory, { recursive: true });
});

const succeeds = (command: string, ...args: string[]): boolean => {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

/**
 * What a command prints. It runs beside this process, because Node must see meanwhile that the server closes idle
 * connections.
 */
const output = async (command: string, ...args: string[]): Promise<string> =>
  (await promisify(execFile)(command, args)).stdout;

/** A package, if it is installed. The compiler does not know its name, so it does not know its type either. */
async function installed<T>(name: string): Promise<T | undefined> {
  try {
    return (await import(name)) as T;
  } catch {
    return undefined;
  }
}

const rawUrl = (): string =>
  `${assets}?${new URLSearchParams({ ...FIELDS, filename: "näme with spaces.bin" }).toString()}`;

async function check(record: AssetRecord, tags = '["t"]'): Promise<void> {
  expect(record).toMatchObject({ ...FIELDS, tags, filename: "näme with spaces.bin", size: content.length });
  // No connection is kept: the server ends one that is idle for five seconds while this process waits for the next
  // client.
  const headers = { Authorization: authorization, Connection: "close" };
  const response = await fetch(`${assets}/${record.id}/content`, { headers });
  const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
  expect(hash(new Uint8Array(await response.arrayBuffer()))).toBe(hash(content));
  expect(response.headers.get("ETag")).toBe(`"${hash(content)}"`);
}

const formFields = Object.entries(FIELDS);

it("curl: a form, and a raw body", async ({ skip }) => {
  skip(!succeeds("curl", "--version"), "curl is not installed");
  const run = async (...args: string[]): Promise<AssetRecord> =>
    JSON.parse(await output("curl", "-sS", "-H", `Authorization: ${authorization}`, ...args)) as AssetRecord;
  const fields = formFields.flatMap(([name, value]) => ["-F", `${name}=${value}`]);
  await check(await run(...fields, "-F", `file=@${file}`, assets));
  await check(await run("-F", `file=@${file}`, ...fields, "-H", "Transfer-Encoding: chunked", assets));
  await check(await run("--data-binary", `@${file}`, rawUrl()));
  await check(await run("-T", file, "-X", "POST", rawUrl()));
});

it("Node fetch: FormData, a blob from disk, and a stream", async () => {
  const form = new FormData();
  for (const [name, value] of formFields) form.set(name, value);
  form.set("file", await openAsBlob(file), "näme with spaces.bin");
  const headers = { Authorization: authorization };
  await check(await (await fetch(assets, { method: "POST", headers, body: form })).json());
  const body = Readable.toWeb(createReadStream(file)) as unknown as BodyInit;
  const streamed = { method: "POST", headers, body, duplex: "half" } as RequestInit;
  await check(await (await fetch(rawUrl(), streamed)).json());
});

it("axios with form-data", async ({ skip }) => {
  const axios = await installed<{
    default: { post(url: string, body: unknown, options: object): Promise<{ data: AssetRecord }> };
  }>("axios");
  const FormDataPackage = await installed<{
    default: new () => { append(name: string, value: unknown): void; getHeaders(): object };
  }>("form-data");
  if (!axios || !FormDataPackage) {
    skip("axios or form-data is not installed");
    return;
  }
  const form = new FormDataPackage.default();
  for (const [name, value] of formFields) form.append(name, value);
  form.append("file", createReadStream(file));
  const headers = { Authorization: authorization, ...form.getHeaders() };
  await check((await axios.default.post(assets, form, { headers, maxBodyLength: Infinity })).data);
});

it("undici", async ({ skip }) => {
  const undici = await installed<{
    request(url: string, options: object): Promise<{ body: { json(): Promise<AssetRecord> } }>;
  }>("undici");
  if (!undici) {
    skip("undici is not installed");
    return;
  }
  const headers = { authorization, "content-type": "application/octet-stream" };
  const { body } = await undici.request(rawUrl(), { method: "POST", headers, body: createReadStream(file) });
  await check(await body.json());
});

it("superagent", async ({ skip }) => {
  interface Chain extends Promise<{ body: AssetRecord }> {
    set(name: string, value: string): Chain;
    field(name: string, value: string): Chain;
    attach(name: string, path: string): Chain;
  }
  const superagent = await installed<{ default: { post(url: string): Chain } }>("superagent");
  if (!superagent) {
    skip("superagent is not installed");
    return;
  }
  let chain = superagent.default.post(assets).set("Authorization", authorization).attach("file", file);
  for (const [name, value] of formFields) chain = chain.field(name, value);
  await check((await chain).body);
});

it("Python requests", async ({ skip }) => {
  skip(!succeeds("python3", "-c", "import requests"), "Python's requests is not installed");
  const script = `
import json, sys, requests
file, url, raw, auth, fields = sys.argv[1:]
headers = {"Authorization": auth}
a = requests.post(url, headers=headers, data=json.loads(fields), files={"file": open(file, "rb")})
b = requests.post(raw, headers=headers, data=open(file, "rb"))
print(json.dumps([a.json(), b.json()]))`;
  const printed = await output("python3", "-c", script, file, assets, rawUrl(), authorization, JSON.stringify(FIELDS));
  for (const record of JSON.parse(printed) as AssetRecord[]) await check(record);
});

it("Python's http.client, from its standard library", async ({ skip }) => {
  skip(!succeeds("python3", "--version"), "Python is not installed");
  const script = `
import http.client, sys, urllib.parse
file, raw, auth = sys.argv[1:]
u = urllib.parse.urlparse(raw)
c = http.client.HTTPConnection(u.hostname, u.port)
c.request("POST", u.path + "?" + u.query, open(file, "rb"), {"Authorization": auth}, encode_chunked=True)
print(c.getresponse().read().decode())`;
  const printed = await output("python3", "-c", script, file, rawUrl(), authorization);
  await check(JSON.parse(printed) as AssetRecord);
});

it("Java's HttpClient", async ({ skip }) => {
  skip(!succeeds("java", "--version"), "Java is not installed");
  const source = join(scratch, "Upload.java");
  writeFileSync(
    source,
    `import java.net.*; import java.net.http.*; import java.nio.file.*;
public class Upload { public static void main(String[] a) throws Exception {
  var request = HttpRequest.newBuilder(URI.create(a[1])).header("Authorization", a[2])
    .POST(HttpRequest.BodyPublishers.ofFile(Path.of(a[0]))).build();
  System.out.print(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body()); } }`,
  );
  const plain = join(scratch, "plain.bin");
  writeFileSync(plain, readFileSync(file));
  await check(JSON.parse(await output("java", source, plain, rawUrl(), authorization)) as AssetRecord);
});
