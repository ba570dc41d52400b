import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Asset } from "../../src/client/index.ts";
import { Announcer } from "../../src/console/upload/announce.ts";
import type { GateState } from "../../src/console/upload/gate.ts";
import { Meter, timeLeft } from "../../src/console/upload/meter.ts";
import type { Totals } from "../../src/console/upload/totals.ts";
import { noBrowser } from "../support/browser.ts";
import { Line } from "../support/line.ts";
import { asksToStay, consoleScene, PHONE, picture } from "./scene.ts";

const MIB = 1024 * 1024;

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const scene = consoleScene();
const home = mkdtempSync(join(tmpdir(), "strongroom-upload-"));
let line: Line;

beforeAll(async () => {
  if (!noBrowser) line = await Line.to(scene.credentials.url);
});

afterAll(() => {
  line?.close();
  rmSync(home, { recursive: true });
});

/** Writes a file below a folder of its own; gives its path. */
function write(name: string, bytes: Uint8Array | string): string {
  const path = join(home, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** What a channel holds: the SHA-256 of each file's bytes, by its name. */
async function stored(channel: string): Promise<Record<string, string>> {
  const { vault } = scene;
  const found: Asset[] = [];
  for await (const asset of vault.assets.list({ partition: "up", collection: "load", channel })) found.push(asset);
  const pairs = found.map(async ({ id, filename }) => {
    const bytes = new Uint8Array(await (await vault.assets.download(id)).arrayBuffer());
    return [filename, sha256(bytes)] as const;
  });
  // A name that is there twice would be lost here.
  expect(new Set(found.map(({ filename }) => filename)).size).toBe(found.length);
  return Object.fromEntries(await Promise.all(pairs));
}

/** Opens a channel in the console, over the line that can be held and cut, and runs `work`. */
async function inChannel(
  channel: string,
  work: (page: Page) => Promise<void>,
  { key = scene.credentials.secret_key, ...options }: { key?: string; viewport?: typeof PHONE } = {},
): Promise<void> {
  const { vault_id } = scene.credentials;
  await scene.openConsole(
    key,
    async (page) => {
      await page.goto(`${line.url}/#/${vault_id}/up/load${channel && `/${channel}`}`);
      await page.locator("[data-announced]").waitFor({ state: "attached" });
      await work(page);
    },
    options,
  );
}

/** Drops files and folders as a person does: what the page gets are real entries. */
async function drop(page: Page, ...files: string[]): Promise<void> {
  await dropOn("Drop to upload", page, ...files);
}

/** @param words what the page says while they are held over it */
async function dropOn(words: string, page: Page, ...files: string[]): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const data = { items: [], files, dragOperationsMask: 1 };
  // A browser tells again and again where they are held, also a page that listens only now.
  const hold = async (): Promise<boolean> => {
    for (const type of ["dragEnter", "dragOver"] as const)
      await devtools.send("Input.dispatchDragEvent", { type, x: 200, y: 200, data });
    return page.getByText(words).isVisible();
  };
  await expect.poll(hold).toBe(true);
  await picture(page, "upload-drop");
  await devtools.send("Input.dispatchDragEvent", { type: "drop", x: 200, y: 200, data });
}

const dialog = (page: Page) => page.getByRole("dialog");
const list = (page: Page) => page.getByRole("region", { name: "Uploads" });
const title = (page: Page, words: string | RegExp) => list(page).getByRole("heading", { name: words });
const press = (page: Page, name: string) => list(page).getByRole("button", { name, exact: true }).click();

/** Drops files and says yes to the place that is proposed. */
async function upload(page: Page, ...files: string[]): Promise<void> {
  await drop(page, ...files);
  await dialog(page)
    .getByRole("button", { name: /^Upload/ })
    .click();
}

/** What axe finds of the page in both themes that keeps somebody out. */
async function barriers(page: Page): Promise<string[]> {
  const found: string[] = [];
  await page.evaluate(AXE);
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate<AxeResults>(`axe.run({ resultTypes: ["violations"] })`);
    for (const { id, impact, nodes } of violations)
      if (impact === "serious" || impact === "critical") found.push(`${id} ${impact} ${nodes[0]?.html}`);
  }
  return found;
}

it("a folder that is dropped arrives with all that is in it, byte by byte", async () => {
  const files = { "a.txt": "first", "deep/er/a.txt": "second", "b ä.bin": randomBytes(300_000) };
  for (const [name, bytes] of Object.entries(files)) write(`Summer 2024/${name}`, bytes);
  write("Summer 2024/.DS_Store", "clutter");
  await inChannel("", async (page) => {
    await drop(page, join(home, "Summer 2024"), write("single.txt", "third"));
    await dialog(page).getByRole("heading", { name: "Upload 4 files" }).waitFor();
    expect(await dialog(page).getByLabel("Partition").inputValue()).toBe("up");
    expect(await dialog(page).getByLabel("Collection").inputValue()).toBe("load");
    expect(await dialog(page).textContent()).toContain("1 system file left out");
    // Two have the same name: their folders keep them apart.
    expect(await dialog(page).getByLabel("With the names of their folders").isChecked()).toBe(true);
    await picture(page, "upload-where");
    expect(await barriers(page)).toEqual([]);
    await dialog(page).getByRole("button", { name: "Upload 4 files" }).click();
    expect(await dialog(page).getByLabel("Channel").getAttribute("aria-invalid")).toBe("true");
    await dialog(page).getByLabel("Channel").fill("folder");
    await dialog(page).getByRole("button", { name: "Upload 4 files" }).click();
    await title(page, "4 files uploaded").waitFor();
    await page.locator("[data-announced]", { hasText: "4 files uploaded." }).waitFor({ state: "attached" });
    await picture(page, "upload-done");
    expect(await asksToStay(page)).toBe(false);
    expect(await stored("folder")).toEqual({
      "Summer 2024_a.txt": sha256("first"),
      "Summer 2024_deep_er_a.txt": sha256("second"),
      "Summer 2024_b ä.bin": sha256(files["b ä.bin"]),
      "single.txt": sha256("third"),
    });
  });
});

it("what is dropped while one is asked where is added, and a name that cannot be stored is no reason to try again", async () => {
  await inChannel("added", async (page) => {
    await drop(page, write("good.txt", "good"), write("ev\\il.txt", "evil"));
    await dialog(page).getByRole("heading", { name: "Upload 2 files" }).waitFor();
    await drop(page, write("wide.txt", "wide"));
    await dialog(page).getByRole("heading", { name: "Upload 3 files" }).waitFor();
    // Nothing to take is said, and takes nothing away.
    mkdirSync(join(home, "nothing"));
    await drop(page, join(home, "nothing"));
    await page.getByText("There are no files in it.").waitFor();
    await dialog(page).getByRole("button", { name: "Upload 3 files" }).click();
    await title(page, "2 files uploaded, 1 failed").waitFor();
    expect(await stored("added")).toEqual({ "good.txt": sha256("good"), "wide.txt": sha256("wide") });
    await list(page).getByText("Rename it on your disk, then choose it again.").waitFor();
    expect(
      await list(page)
        .getByRole("button", { name: /^Retry/ })
        .count(),
    ).toBe(0);
    await press(page, "Dismiss ev\\il.txt");
    await title(page, "2 files uploaded").waitFor();
  });
});

it("a file that is dropped by whoever may not upload is not opened in its place, and they are told", async () => {
  const file = write("mine.txt", "mine");
  const { public_key, admin_token } = scene.credentials;
  for (const [credential, words] of [
    [public_key, "This key may not upload"],
    [admin_token, "The admin token uploads nothing"],
  ] as const) {
    await scene.openConsole(credential, async (page) => {
      const at = page.url();
      await dropOn(words, page, file);
      await page.locator(".toast", { hasText: words }).waitFor();
      expect(page.url()).toContain(new URL(at).origin);
      expect(await dialog(page).count()).toBe(0);
    });
  }
});

it("a large file pauses, and goes on from what has arrived", async () => {
  const bytes = randomBytes(20 * MIB + 1);
  const file = write("film.mp4", bytes);
  await inChannel("pause", async (page) => {
    const offsets: number[] = [];
    page.on("request", (request) => {
      if (request.method() === "PATCH") offsets.push(Number(request.headers()["upload-offset"]));
    });
    const held = line.holdAfter(12 * MIB);
    const choosing = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Upload", exact: true }).click();
    await page.getByRole("menuitem", { name: "Files…" }).click();
    await (await choosing).setFiles(file);
    await dialog(page).getByRole("button", { name: "Upload", exact: true }).click();
    await held;
    await list(page).getByText("MB of 21.0 MB").first().waitFor();
    await picture(page, "upload-sending");
    await page.emulateMedia({ colorScheme: "dark" });
    await picture(page, "upload-dark");
    await press(page, "Pause film.mp4");
    line.cut();
    await title(page, "1 file paused").waitFor();
    expect(await asksToStay(page)).toBe(true);
    await press(page, "Resume film.mp4");
    await title(page, "1 file uploaded").waitFor();
    expect(offsets[0]).toBe(0);
    expect(offsets.at(-1)).toBeGreaterThanOrEqual(8 * MIB);
    expect(await stored("pause")).toEqual({ "film.mp4": sha256(bytes) });
  });
});

it("a key that is revoked pauses what it uploads, and nothing of it is left to the next one", async () => {
  const [small, large] = [randomBytes(1_000), randomBytes(20 * MIB)];
  const { id, token } = await scene.vault.keys.create({ type: "secret" });
  await inChannel(
    "revoked",
    async (page) => {
      await upload(page, write("small.bin", small));
      await title(page, "1 file uploaded").waitFor();
      const held = line.holdAfter(9 * MIB);
      await upload(page, write("large.bin", large));
      await held;
      await scene.vault.keys.revoke(id);
      line.cut();
      await list(page).getByText("The key no longer works.").waitFor();
      await title(page, "1 file paused").waitFor();
      const another = page.getByRole("button", { name: "Sign in with another key" });
      await another.waitFor();
      expect(await list(page).innerText()).toContain("small.bin");
      await picture(page, "upload-revoked");
      await press(page, "Resume large.bin");
      await title(page, "1 file paused").waitFor();
      await another.click();
      await dialog(page).getByRole("button", { name: "Sign out" }).click();
      await page.getByLabel("Key or admin token").fill(scene.credentials.secret_key);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("link", { name: "small.bin" }).waitFor();
      expect(await list(page).count()).toBe(0);
      expect(await stored("revoked")).toEqual({ "small.bin": sha256(small) });
    },
    { key: token },
  );
});

it("a lost connection is waited for, and everything arrives once", async () => {
  const large = randomBytes(20 * MIB);
  const small = randomBytes(MIB);
  await inChannel("lost", async (page) => {
    // It arrives, and its answer does not.
    line.isMute = true;
    await upload(page, write("small.bin", small));
    await expect.poll(() => stored("lost")).toEqual({ "small.bin": sha256(small) });
    await title(page, "The server does not answer").waitFor();
    line.isMute = false;
    await title(page, "1 file uploaded").waitFor();
    const held = line.holdAfter(9 * MIB);
    await upload(page, write("large.bin", large));
    await held;
    await page.context().setOffline(true);
    try {
      await title(page, "You are offline").waitFor();
      await picture(page, "upload-offline");
      line.cut();
    } finally {
      await page.context().setOffline(false);
    }
    await title(page, "2 files uploaded").waitFor();
    expect(await stored("lost")).toEqual({ "large.bin": sha256(large), "small.bin": sha256(small) });
  });
});

it("a server that is busy is waited for and tried when one wants, and what waits can be cancelled", async () => {
  await inChannel("busy", async (page) => {
    const busy = list(page).getByText(/^The server is busy: next try in \d+ s\.$/);
    let tries = 0;
    await page.route("**/assets?**", (route) => {
      if (route.request().method() !== "POST") return route.continue();
      tries++;
      // So long a pause the client does not wait for by itself.
      return route.fulfill({ status: 503, headers: { "Retry-After": "40" }, json: {} });
    });
    await upload(page, write("first.txt", "first"), write("second.txt", "second"));
    await busy.waitFor();
    await page.locator("[data-announced]", { hasText: "The server is busy." }).waitFor({ state: "attached" });
    expect(await busy.innerText()).toMatch(/in (?:40|3\d) s/);
    expect(await barriers(page)).toEqual([]);
    await picture(page, "upload-busy");
    await press(page, "Cancel first.txt");
    await list(page).getByText("first.txt").waitFor({ state: "detached" });
    const before = tries;
    await press(page, "Try now");
    await expect.poll(() => tries).toBeGreaterThan(before);
    await busy.waitFor();
    await page.unroute("**/assets?**");
    await press(page, "Try now");
    await title(page, "1 file uploaded").waitFor();
    await expect.poll(() => stored("busy")).toEqual({ "second.txt": sha256("second") });
    await expect.poll(() => busy.count()).toBe(0);
  });
});

it("what is cancelled leaves neither an asset nor a session", async () => {
  const { admin, credentials } = scene;
  const usage = async () => (await admin.vaults.get(credentials.vault_id)).usage;
  const before = await usage();
  const files = [
    write("one.bin", randomBytes(16 * MIB)),
    write("two.bin", randomBytes(12 * MIB)),
    write("3.bin", randomBytes(5 * MIB)),
  ];
  await inChannel("cancel", async (page) => {
    const held = line.holdAfter(5 * MIB);
    await upload(page, ...files);
    await held;
    expect(await usage()).not.toEqual(before);
    await press(page, "Cancel one.bin");
    await list(page).getByText("one.bin").waitFor({ state: "detached" });
    await press(page, "Pause two.bin");
    await press(page, "Cancel all");
    await dialog(page)
      .getByRole("button", { name: /^Cancel the upload/ })
      .click();
    // Not before: what goes on after it could be stored before it is cancelled.
    line.cut();
    await list(page).waitFor({ state: "detached" });
    await expect.poll(() => asksToStay(page)).toBe(false);
    // One that was stored, which only the server knows.
    line.isMute = true;
    await upload(page, write("tiny.txt", "tiny"));
    await expect.poll(() => stored("cancel")).toEqual({ "tiny.txt": sha256("tiny") });
    await title(page, "The server does not answer").waitFor();
    await press(page, "Cancel tiny.txt");
    await title(page, "Removing 1 cancelled upload…").waitFor();
    line.isMute = false;
    await list(page).waitFor({ state: "detached" });
    expect(await asksToStay(page)).toBe(false);
    await expect.poll(usage).toEqual(before);
    expect(await stored("cancel")).toEqual({});
  });
});

it("a refusal says in words why, and can be tried again", async () => {
  const { admin, credentials } = scene;
  const set = (settings: Parameters<typeof admin.vaults.update>[1]) =>
    admin.vaults.update(credentials.vault_id, settings);
  const free = { allowed_types: null, max_file_bytes: null, quota_assets: null, quota_bytes: null };
  const { usage } = await admin.vaults.get(credentials.vault_id);
  await set({ allowed_types: ["text/*"], max_file_bytes: 500_000, quota_bytes: usage.bytes + 1_000 });
  const files = { "p.png": randomBytes(10), "big.txt": randomBytes(600_000), "full.txt": randomBytes(2_000) };
  try {
    await inChannel(
      "refused",
      async (page) => {
        const gone = write("gone.txt", "gone");
        await drop(page, ...Object.entries(files).map(([name, bytes]) => write(name, bytes)), gone);
        await dialog(page).getByRole("heading", { name: "Upload 4 files" }).waitFor();
        rmSync(gone);
        await dialog(page).getByRole("button", { name: "Upload 4 files" }).click();
        await title(page, "4 files failed").waitFor();
        await list(page).getByText("The file can no longer be read.").waitFor();

        await list(page).getByText("image/png is not taken here.").waitFor();
        await list(page).getByText("This vault takes text/*.").waitFor();
        await list(page).getByText("Too large: 600 KB.").waitFor();
        await list(page).getByText("Needs 2.00 KB, and 1.00 KB are free.").waitFor();
        await picture(page, "upload-refused");
        expect(await barriers(page)).toEqual([]);
        await press(page, "Dismiss gone.txt");
        expect(await stored("refused")).toEqual({});
        await set({ ...free, max_file_bytes: 500_000 });
        await press(page, "Retry p.png");
        await title(page, "1 file uploaded, 2 failed").waitFor();
        await set({ ...free, quota_assets: usage.assets + 1 });
        await press(page, "Retry 2");
        const full = list(page).getByText(`The vault is full: it holds ${usage.assets + 1} files at most.`);
        await expect.poll(() => full.count()).toBe(2);
        await set(free);
        await press(page, "Retry 2");
        await title(page, "3 files uploaded").waitFor();
        const all = Object.entries(files).map(([name, bytes]) => [name, sha256(bytes)]);
        expect(await stored("refused")).toEqual(Object.fromEntries(all));
      },
      { viewport: PHONE },
    );
  } finally {
    await set(free);
  }
});

it("thousands of files make no long page, and all of them can be stopped", async () => {
  for (let n = 0; n < 1_500; n++) write(`many/${String(n).padStart(4, "0")}.txt`, String(n));
  await inChannel("many", async (page) => {
    const held = line.holdAfter(50_000);
    await upload(page, join(home, "many"));
    await held;
    await press(page, "Pause all");
    line.release();
    await title(page, /files paused$/).waitFor();
    await press(page, "All 1,500");
    await picture(page, "upload-many");
    const rows = list(page).getByRole("listitem");
    expect(await rows.count()).toBeLessThan(40);
    await list(page).getByRole("group", { name: "Files" }).press("End");
    await expect.poll(() => rows.last().getAttribute("aria-posinset")).toBe("1500");
    expect(await rows.count()).toBeLessThan(40);
    await press(page, "Cancel all");
    await dialog(page).getByRole("button", { name: "Cancel the uploads" }).click();
    await list(page).waitFor({ state: "detached" });
  });
});

it("a screen reader is told what matters, once, and how far uploads are now and then", () => {
  const announcer = new Announcer();
  const none = {
    count: 0,
    queued: 0,
    sending: 0,
    paused: 0,
    failed: 0,
    final: 0,
    done: 0,
    size: 1_000,
    loaded: 0,
    left: 0,
  };
  const totals = { ...none, rate: undefined };
  const said: string[] = [];
  const at = (seconds: number, now: Partial<Totals>, gate: GateState = "open"): void => {
    const words = announcer.next({ ...totals, ...now }, gate, seconds * 1_000);
    if (words !== undefined) said.push(`${Math.floor(seconds)}: ${words}`);
  };
  at(0, {});
  at(1, { count: 12, queued: 8, sending: 4 });
  for (let n = 20; n < 400; n++) {
    at(n / 10, { count: 12, queued: 8, sending: 4, loaded: n * 2, failed: n > 200 ? 2 : 0 });
  }
  at(41, { count: 12, queued: 8, sending: 4, loaded: 800, failed: 2 }, "lost");
  at(42, { count: 12, queued: 8, sending: 4, loaded: 800, failed: 2 }, "lost");
  at(43, { count: 12, queued: 8, sending: 4, loaded: 800, failed: 2 });
  at(44, { count: 12, done: 10, loaded: 1_000, failed: 2 });
  at(45, { count: 12, done: 10, loaded: 1_000, failed: 2 });
  at(46, { count: 10, done: 10, loaded: 1_000 });
  at(50, { count: 11, done: 10, queued: 1, loaded: 1_000 });
  at(51, { count: 11, done: 10, queued: 1, loaded: 1_000 }, "held");
  at(52, { count: 11, done: 10, sending: 1, loaded: 1_000 }, "held");
  expect(said).toEqual([
    "1: Uploading 12 files.",
    "16: 32 percent uploaded.",
    "31: 2 files failed.",
    "41: The connection is lost. Uploads go on when it is back.",
    "43: The connection is back. Uploads go on.",
    "44: 10 files uploaded, 2 failed.",
    "50: Uploading 1 file.",
    "51: The server is busy. Uploads go on when it is not.",
  ]);
});

it("a rate is that of the last seconds, and what is left of it is said as a person would", () => {
  const meter = new Meter();
  expect(meter.rate(0)).toBeUndefined();
  for (let ms = 0; ms <= 10_000; ms += 50) meter.add(50, ms);
  for (let ms = 10_050; ms <= 20_000; ms += 50) meter.add(100, ms);
  expect(meter.rate(20_000)).toBeCloseTo(2_000, -2);
  const left = [
    [100, undefined],
    [4, 1],
    [31, 1],
    [100, 1],
    [3_700, 1],
    [7_200, 1],
    [400_000, 1],
  ] as const;
  expect(left.map(([bytes, rate]) => timeLeft(bytes, rate))).toEqual([
    undefined,
    "seconds left",
    "30 s left",
    "2 min left",
    "1 h 1 min left",
    "2 h left",
    "5 days left",
  ]);
});
