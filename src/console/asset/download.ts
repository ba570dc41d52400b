import type { Asset, Strongroom } from "../../client/index.ts";

/** Long enough for the browser to begin with it. Seconds. */
const LINK_SECONDS = 60;

/** How long a browser may take to begin with what it was given. Milliseconds. */
const HANDED_OVER_MS = 60_000;

/**
 * Has the browser save a file. With a secret key it gets a link and fetches by itself, so that the file is never in this
 * page's memory; a public key cannot make links, and then the file is fetched here, into a blob: browsers keep a large one on
 * disk.
 */
export async function saveFile(vault: Strongroom, asset: Asset, mayLink: boolean): Promise<void> {
  if (mayLink) {
    const { url } = await vault.assets.createLink(asset.id, { expires_in: LINK_SECONDS, disposition: "attachment" });
    click(url, asset.filename);
    return;
  }
  const file = await (await vault.assets.download(asset.id)).blob();
  const url = URL.createObjectURL(file.slice(0, file.size, "application/octet-stream"));
  click(url, asset.filename);
  setTimeout(() => URL.revokeObjectURL(url), HANDED_OVER_MS);
}

function click(url: string, filename: string): void {
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = filename;
  anchor.click();
}
