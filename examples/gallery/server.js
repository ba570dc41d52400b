/**
 * The server of the gallery. It alone has the secret key. What the page gets can do less: URLs that open pictures of one
 * folder, and tickets that each take one picture.
 */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { Strongroom } from "strongroom";

const { STRONGROOM_URL, STRONGROOM_KEY, PORT = "3000" } = process.env;
if (!STRONGROOM_URL || !STRONGROOM_KEY) {
  console.error("set STRONGROOM_URL, and STRONGROOM_KEY to a secret key");
  process.exit(1);
}

const vault = new Strongroom({ url: STRONGROOM_URL, key: STRONGROOM_KEY });
const folder = { partition: "gallery", collection: "visitors", channel: "pictures" };

// Pages show this key to everybody. It opens files of the folder and does nothing else. Its successor ends it.
const label = "gallery example";
for await (const key of vault.keys.list()) {
  if (key.label === label && key.revoked_at === null) await vault.keys.revoke(key.id);
}
const { token } = await vault.keys.create({ type: "delivery", scope: folder, label });

async function pictures() {
  const { data } = await vault.assets.list({ ...folder, mime_type: "image/*", limit: 60 });
  return data.map((asset) => ({
    src: vault.assets.url(asset, { token }),
    name: asset.filename,
    width: asset.width ?? 4,
    height: asset.height ?? 3,
  }));
}

// Whoever may add pictures is asked for here. This gallery lets everybody.
async function ticket() {
  const { url } = await vault.tickets.create({
    ...folder,
    // What is set here cannot be changed by whoever uploads.
    metadata: {},
    tags: [],
    max_file_bytes: 10_000_000,
    allowed_types: ["image/jpeg", "image/png", "image/webp", "image/avif", "image/gif"],
    expires_in: 600,
  });
  return { url };
}

const file = (url, type) => async () => [type, await readFile(fileURLToPath(url))];
const json = (make) => async () => ["application/json", JSON.stringify(await make())];

const routes = {
  "GET /": file(new URL("index.html", import.meta.url), "text/html; charset=utf-8"),
  "GET /page.js": file(new URL("page.js", import.meta.url), "text/javascript"),
  "GET /style.css": file(new URL("style.css", import.meta.url), "text/css"),
  "GET /strongroom.js": file(import.meta.resolve("strongroom"), "text/javascript"),
  "GET /pictures": json(pictures),
  "POST /ticket": json(ticket),
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
server.listen(Number(PORT), "127.0.0.1", () => console.log(`gallery: http://127.0.0.1:${server.address().port}`));
