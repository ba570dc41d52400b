import { createServer } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { Log, LogLevel, Miniflare } from "miniflare";
import { afterAll, describe, expect, it } from "vitest";
import { Browser, noBrowser } from "../support/browser.ts";
import { listen } from "../support/listen.ts";
import type { Report } from "./everywhere.ts";
import { useServer } from "./server.ts";

const ROOT = join(import.meta.dirname, "../..");

/** What the client may add to a page, compressed. Bytes. */
const MOST_BYTES = 10 * 1024;

const MIB = 1024 * 1024;
const RESUMABLE = { resumable: 12 * MIB, "resumable, untold": 12 * MIB };

/** Nothing listens there, and browsers let themselves be sent there. */
const DEAD = "http://127.0.0.1:9999";

async function bundle(entry: string, format: "esm" | "iife"): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, entry)],
    bundle: true,
    minify: true,
    format,
    globalName: "Bundle",
    platform: "browser",
    target: "es2022",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

it(`size: at most ${MOST_BYTES} bytes, minified and compressed, and it imports nothing`, async () => {
  const code = await bundle("src/client/index.ts", "esm");
  const size = gzipSync(code, { level: 9 }).length;
  console.log(`the client: ${size} bytes gzip, ${code.length} minified`);
  expect(size).toBeLessThanOrEqual(MOST_BYTES);
  expect(size).toBeGreaterThan(1_000);
  // The word stands in the path of an endpoint, too.
  expect(code).not.toMatch(/(?<!")\bimport\b(?!")/);
});

describe("the client works", () => {
  const server = useServer();
  let browser: Browser | undefined;
  let worker: Miniflare | undefined;

  afterAll(async () => {
    await browser?.stop();
    await worker?.dispose();
  });

  const options = () => ({ url: server.credentials.url, key: server.credentials.secret_key, dead: DEAD });

  const expected = {
    last: { loaded: 12 * MIB, total: 12 * MIB },
    isRising: true,
    sizes: { progress: 12 * MIB, whole: MIB, stream: MIB, "told stream": MIB, form: MIB, ...RESUMABLE },
    // A MiB ends with a 5, and the next begins with a 0.
    range: "4501",
    refusal: { code: "PRECONDITION_FAILED", status: 412, requestId: "req_" },
    aborted: expect.stringMatching(/^AbortError/) as string,
    thrown: "Error: of onProgress",
    unreachable: { code: "NETWORK_ERROR", status: 0, requestId: undefined },
  };

  it("in a browser, where XMLHttpRequest tells of progress", async ({ skip }) => {
    skip(noBrowser !== undefined, noBrowser);
    browser = await Browser.start();
    const page = await browser.context.newPage();
    await page.goto(`${options().url}/healthz`);
    await page.addScriptTag({ content: await bundle("test/client/everywhere.ts", "iife") });
    const report = await page.evaluate<Report>(`Bundle.run(${JSON.stringify(options())})`);
    expect(report).toMatchObject(expected);
    expect(report.told).toBeGreaterThan(1);
  });

  it("in workerd, where streams have a length", async () => {
    worker = new Miniflare({
      workers: [
        {
          config: {
            name: "user",
            compatibilityDate: "2026-11-02",
            manifest: {
              mainModule: "user.js",
              modulesRoot: ROOT,
              modules: { "user.js": { type: "esm", contents: await bundle("test/client/everywhere.ts", "esm") } },
            },
          },
        },
      ],
      host: "127.0.0.1",
      port: 0,
      logRequests: false,
      enableDevRegistry: false,
      cf: false,
      log: new Log(LogLevel.ERROR),
    });
    const ask = async (body: object): Promise<unknown> =>
      (await worker?.dispatchFetch("http://user.test", { method: "POST", body: JSON.stringify(body) }))?.json();
    const report = (await ask(options())) as Report;
    expect(report).toMatchObject({ ...expected, unreachable: { code: "NETWORK_ERROR", status: 0 } });
    expect(report.told).toBeGreaterThan(12);

    let length: string | undefined;
    const recorder = createServer((request, response) => {
      length = request.headers["content-length"];
      request.resume().on("end", () => response.end('{"metadata":"{}","tags":"[]"}'));
    });
    await ask({ ...options(), url: await listen(recorder), only: "upload" });
    recorder.close();
    expect(length).toBe("5");
  });
});
