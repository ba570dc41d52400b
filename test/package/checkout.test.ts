import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import {
  checkOut,
  filesOf,
  installed,
  linkPackages,
  noNode20,
  pack,
  ROOT,
  temporaryFolder,
  terminal,
  type,
} from "./stranger.ts";

/** A clone, `npm ci` in it, and the package that is made there. What `npm ci` fetches is linked, but for `npm run test:long`. */

const folder = temporaryFolder();
const checkout = join(folder, "checkout");

/** Milliseconds for `npm ci`, which takes 16 seconds on an idle machine. */
const CI_MS = 180_000;

const migrations = readdirSync(join(ROOT, "src/d1/migrations")).map((name) => `migrations/${name}`);
const pages = filesOf(join(ROOT, "src/site")).map((name) => `site/${name}`);

const DIST = [
  "cli.js",
  "client/index.js",
  "licenses.txt",
  ...migrations,
  ...pages,
  "site/docs/swagger-ui-bundle.js",
  "site/icon.svg",
  "site/index.html",
  "site/docs/swagger-ui.css",
  "worker.js",
  "worker.json",
].toSorted();

/** Of the declarations there are as many as the compiler makes, and of the console's parts as many as the bundler makes. */
const withoutParts = (files: readonly string[]): string[] =>
  files.filter(
    (file) => !/^client\/types\/.*\.d\.ts$/.test(file) && !/^site\/console\/[\w-]+-[A-Z0-9]{8}\.(?:js|css)$/.test(file),
  );

beforeAll(async () => {
  checkOut(checkout);
  if (inject("install") === "linked") {
    linkPackages(checkout);
    // What npm runs at the end of `npm ci`.
    await type(checkout, terminal(24), "npm", "run", "prepare");
    return;
  }
  // As in the README: on the Node of the machine.
  await type(checkout, terminal(noNode20 === undefined ? 20 : 24), "npm", "ci", "--prefer-offline");
}, CI_MS);

afterAll(() => rmSync(folder, { recursive: true }));

it("npm ci: leaves everything in dist/ that the package holds", () => {
  const dist = filesOf(join(checkout, "dist"));
  expect(withoutParts(dist)).toEqual(DIST);
  expect(dist).toContain("client/types/client/index.d.ts");
  for (const named of readFileSync(join(checkout, "dist/site/index.html"), "utf8").match(/console\/[\w.-]+/g) ?? [])
    expect(dist).toContain(`site/${named}`);
});

it("npm pack: packs that, what a reader wants to see, and nothing else", async () => {
  const tarball = await pack(checkout);
  const home = await installed(folder, tarball);
  const strongroom = join(home, "node_modules/strongroom");
  const files = filesOf(strongroom);
  const others = ["CHANGELOG.md", "LICENSE", "README.md", "package.json"];
  expect(files.filter((file) => !file.startsWith("dist/"))).toEqual(others);
  expect(files.filter((file) => file.startsWith("dist/"))).toEqual(
    filesOf(join(checkout, "dist")).map((file) => `dist/${file}`),
  );
  // It brings nothing with it.
  expect(readdirSync(join(home, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["strongroom"]);
  expect(statSync(join(strongroom, "dist/cli.js")).mode & 0o111).toBe(0o111);
});

it("the license of whatever is bundled comes with it", () => {
  const licenses = readFileSync(join(checkout, "dist/licenses.txt"), "utf8");
  for (const name of ["@preact/signals", "itty-router", "mime", "preact", "swagger-ui-dist", "ulid", "valibot"]) {
    const { version } = JSON.parse(readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8")) as {
      version: string;
    };
    expect(licenses).toContain(`\n${name} ${version}\n`);
  }
  expect(licenses.match(/^Copyright/gm)?.length).toBeGreaterThan(4);
});

it("package.json: brings nothing along, and wants Miniflare as the tests have it, if at all", () => {
  const { devDependencies, peerDependencies, peerDependenciesMeta } = packageJson;
  expect(packageJson).not.toHaveProperty("dependencies");
  expect(peerDependencies).toEqual({ miniflare: devDependencies.miniflare });
  expect(peerDependenciesMeta).toEqual({ miniflare: { optional: true } });
});

it("docs/command-line.md: names the Miniflare that is wanted", () => {
  const named = readFileSync(join(ROOT, "docs/command-line.md"), "utf8").match(/miniflare@[\w.-]+/g);
  expect(new Set(named)).toEqual(new Set([`miniflare@${packageJson.peerDependencies.miniflare}`]));
});
