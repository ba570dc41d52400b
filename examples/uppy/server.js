/** The server of the page with Uppy. It alone has the secret key, and makes a ticket for each file. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Strongroom } from "strongroom";

const { STRONGROOM_URL, STRONGROOM_KEY, PORT = "3000" } = process.env;
if (!STRONGROOM_URL || !STRONGROOM_KEY) {
  console.error("set STRONGROOM_URL, and STRONGROOM_KEY to a secret key");
  process.exit(1);
}

const vault = new Strongroom({ url: STRONGROOM_URL, key: STRONGROOM_KEY });

const page = await readFile(new URL("index.html", import.meta.url));
const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL("page.js", import.meta.url))],
  bundle: true,
  format: "esm",
  write: false,
});
const script = outputFiles[0].contents;

// Whoever may upload is asked for here.
async function ticket() {
  const { url } = await vault.tickets.create({
    partition: "inbox",
    collection: "uploads",
    channel: "large",
    metadata: {},
    tags: [],
    max_file_bytes: 5_000_000_000,
    expires_in: 3600,
  });
  return JSON.stringify({ url });
}

const routes = {
  "GET /": () => ["text/html; charset=utf-8", page],
  "GET /page.js": () => ["text/javascript", script],
  "POST /ticket": async () => ["application/json", await ticket()],
};

async function answer(request, response) {
  try {
    const [type, body] = (await routes[`${request.method} ${request.url}`]?.()) ?? ["text/plain"];
    response.writeHead(body ? 200 : 404, { "Content-Type": type, "Cache-Control": "no-store" }).end(body);
  } catch (error) {
    console.error(error.message);
    response.writeHead(502).end();
  }
}

const server = createServer((request, response) => void answer(request, response));
server.listen(Number(PORT), "127.0.0.1", () => console.log(`uppy: http://127.0.0.1:${server.address().port}`));
