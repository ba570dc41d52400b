/**
 * Publishes a folder: uploads the files that are not there yet, and prints a link to each that is good for a day.
 *
 *     node publish.js photos
 */

import { openAsBlob } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Strongroom } from "strongroom";

const { STRONGROOM_URL, STRONGROOM_KEY } = process.env;
const [folder] = process.argv.slice(2);
if (!STRONGROOM_URL || !STRONGROOM_KEY || folder === undefined) {
  console.error("usage: node publish.js <folder>, with STRONGROOM_URL and STRONGROOM_KEY set");
  process.exit(2);
}

const vault = new Strongroom({ url: STRONGROOM_URL, key: STRONGROOM_KEY });
const place = { partition: "published", collection: "files", channel: "all" };
const DAY = 24 * 60 * 60;

const published = new Map();
for await (const asset of vault.assets.list(place)) published.set(asset.filename, asset);

// A file is opened when its turn has come, and is never read into memory as a whole.
async function* newFiles() {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isFile() || published.has(entry.name)) continue;
    yield { file: await openAsBlob(join(folder, entry.name)), filename: entry.name };
  }
}

for await (const { file, asset, error } of vault.assets.uploadMany(newFiles(), { ...place, tags: ["published"] })) {
  if (asset) published.set(asset.filename, asset);
  else process.exitCode = 1;
  console.error(
    asset ? `uploaded ${asset.filename}, ${asset.size} bytes` : `failed ${file.filename}: ${error.message}`,
  );
}

for (const { id, filename } of published.values()) {
  const { url } = await vault.assets.createLink(id, { expires_in: DAY });
  console.log(`${filename}\t${url}`);
}
