import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ServerScene } from "../local/server-scene.ts";
import { Browser, noBrowser } from "../support/browser.ts";
import { listen } from "../support/listen.ts";
import { filesOf, installed, noNode20, packed, ROOT, temporaryFolder, terminal, type } from "./stranger.ts";

/** The client as it is installed: alone, in a folder that has nothing else. */

const server = new ServerScene();
const folder = temporaryFolder();
let home: string;

beforeAll(async () => {
  home = await installed(folder, await packed(folder));
});

afterAll(() => rmSync(folder, { recursive: true }));

const options = (): string => {
  const { url, secret_key: key } = server.credentials;
  return JSON.stringify({ url, key });
};

const used = { told: 5, names: ["a.txt", "b.txt", "c.txt"], tags: ["two"], code: "PRECONDITION_FAILED", text: "hello" };

it.for([20, 24] as const)("the client works on Node %i", async (node, { skip }) => {
  if (node === 20) skip(noNode20 !== undefined, noNode20);
  copyFileSync(join(import.meta.dirname, "use.js"), join(home, "use.mjs"));
  writeFileSync(
    join(home, "main.mjs"),
    `import * as client from "strongroom";
     import { use } from "./use.mjs";
     console.log(JSON.stringify({ node: process.version, ...(await use(client, ${options()})) }));`,
  );
  const { stdout, stderr } = await type(home, terminal(node), "node", "main.mjs");
  expect(JSON.parse(stdout)).toEqual({ ...used, node: expect.stringMatching(`^v${node}\\.`) as string });
  expect(stderr).toBe("");
});

it("the client works in a page that loads its file as a module", async ({ skip }) => {
  skip(noBrowser !== undefined, noBrowser);
  const files: Record<string, [string, string]> = {
    "/": ["text/html", "<!doctype html><title>A page of somebody's</title>"],
    "/strongroom.js": ["text/javascript", join(home, "node_modules/strongroom/dist/client/index.js")],
    "/use.js": ["text/javascript", join(import.meta.dirname, "use.js")],
  };
  const site = createServer(({ url = "" }, response) => {
    const [mediaType, file = ""] = files[url] ?? [];
    if (mediaType === undefined) response.writeHead(404).end();
    else response.setHeader("Content-Type", mediaType).end(url === "/" ? file : readFileSync(file));
  });
  const address = await listen(site);
  const browser = await Browser.start();
  try {
    const page = await browser.context.newPage();
    await page.goto(`${address}/`);
    const report = await page.evaluate<unknown>(
      `Promise.all([import("/strongroom.js"), import("/use.js")]).then(([client, { use }]) => use(client, ${options()}))`,
    );
    expect(report).toEqual(used);
  } finally {
    await browser.stop();
    site.close();
  }
});

/** A program, and below it what must not compile. */
const PROGRAM = `
import { Strongroom, StrongroomAdmin, StrongroomError, type Asset, type StoredAsset, type UploadOutcome } from "strongroom";

export async function compiles(file: File, key: string): Promise<string[]> {
  const { assets, keys } = new Strongroom({ url: "https://assets.example.com", key });
  const path = { partition: "marketing", collection: "blog", channel: "hero-images" };
  const asset: StoredAsset = await assets.upload(file, { ...path, tags: ["hero"] }, { onProgress: ({ loaded }) => loaded });
  await assets.update(asset.id, { metadata: { alt: "A cat" } }, { ifMatch: asset.etag });
  for await (const outcome of assets.uploadMany([file], path)) {
    const { error }: UploadOutcome<File> = outcome;
    if (error instanceof StrongroomError) return [error.code, String(error.status)];
  }
  const names: string[] = [];
  for await (const each of assets.list()) {
    const { filename, width }: Asset = each;
    names.push(filename, String(width));
  }
  const { cursor } = await keys.list();
  const admin = new StrongroomAdmin({ url: "https://assets.example.com", token: "t" });
  const { recorded_rev, lost_windows } = await admin.vaults.get("vault_1");
  return [...names, cursor ?? "", String(recorded_rev), String(lost_windows.length)];
}

export async function doesNot({ assets }: Strongroom, id: string, file: Blob): Promise<void> {
  await assets.update(id, { tags: [] }, { ifMatch: undefined }); // 1
  await assets.upload(file, { partition: "a", collection: "b", channel: "c" }); // 2
  await assets.list({ partitoin: "marketing" }); // 3
}
`;

/** What the compiler says of a program in the folder that has the package, a line each. */
async function compiled(program: string, module: string, moduleResolution: string): Promise<string[]> {
  writeFileSync(join(home, "program.mts"), program);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    target: "es2022",
    lib: ["es2022", "dom", "dom.iterable"],
    types: [],
    module,
    moduleResolution,
  };
  writeFileSync(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.mts"] }));
  const tsc = type(home, terminal(24), "node", join(ROOT, "node_modules/typescript/bin/tsc"), "--pretty", "false");
  const { stdout } = await tsc.catch((error: { stdout: string }) => error);
  return stdout.split("\n").filter((line) => line !== "" && !line.startsWith(" "));
}

it.each([
  ["nodenext", "nodenext"],
  ["esnext", "bundler"],
])("its types need nothing but a library with fetch, under module %s and resolution %s", async (module, resolution) => {
  const lines = PROGRAM.split("\n");
  const marks = (await compiled(PROGRAM, module, resolution)).map((error) => {
    const line = lines[Number(/^program\.mts\((\d+),/.exec(error)?.[1]) - 1];
    return /\/\/ (\d)$/.exec(line ?? "")?.[1] ?? error;
  });
  expect(marks).toEqual(["1", "2", "3"]);
});

/** What the examples of the guide take for given. */
const GIVEN = `
declare const vault: Strongroom;
declare const [file, files, bytes, stream, id]: [File, File[], Uint8Array, ReadableStream<Uint8Array>, string];
declare const path: { partition: string; collection: string; channel: string };
declare const [saved, signal, ids, day]: [string | undefined, AbortSignal, string[], string];
declare const copy: Map<string, object>;
declare const url: string;
declare const kept: Map<string, string>;
declare const ticket: { url: string; ticket_id: string };
declare const [img, a]: [HTMLImageElement, HTMLAnchorElement];
declare const asset: typeof path & { id: string; filename: string };
declare function save(copy: Map<string, object>, cursor: string): Promise<void>;
`;

it.each(["README.md", "docs/client.md"])("the examples of %s compile", async (page) => {
  const text = readFileSync(join(ROOT, page), "utf8");
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  expect(blocks.length).toBeGreaterThan(0);
  const isImport = /^import .*;$/gm;
  const imports = new Set([
    `import { Strongroom } from "strongroom";`,
    ...blocks.flatMap((each) => each.match(isImport) ?? []),
  ]);
  const functions = blocks.map((each, n) => `export async function example${n}() {\n${each.replace(isImport, "")}}`);
  expect(await compiled([...imports, GIVEN, ...functions].join("\n"), "nodenext", "nodenext")).toEqual([]);
});

it("its declarations refer to each other by the names that are published, and to nothing else", () => {
  const types = join(home, "node_modules/strongroom/dist/client/types");
  const targets = filesOf(types).flatMap((file) => {
    const text = readFileSync(join(types, file), "utf8").replace(/\/\*.*?\*\//gs, "");
    return [...text.matchAll(/\b(?:from |import\()"([^"]+)"/g)].map(([, target = ""]) =>
      target.startsWith(".") ? join(dirname(file), target) : target,
    );
  });
  expect(targets.length).toBeGreaterThan(10);
  const published = filesOf(types).map((file) => file.replace(/\.d\.ts$/, ".js"));
  expect(targets.filter((target) => !published.includes(target))).toEqual([]);
});
