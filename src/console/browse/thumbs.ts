/**
 * Small pictures of the images in view, fetched with the key: a few at a time, and only while somebody looks. The browser
 * holds each until it is given back, so that a bounded number is kept.
 */

import { effect } from "@preact/signals";
import type { Asset, Strongroom } from "../../client/index.ts";
import { essenceOf } from "../../model/essence.ts";
import { session } from "../session.ts";

/** The largest file that is fetched to be shown small. Bytes. */
const MOST_BYTES = 512 * 1024;

/** The most that is unpacked: a small file may hold a huge image. Pixels. */
const MOST_PIXELS = 40_000_000;

/** Fetched at a time. */
const AT_A_TIME = 6;

/** What is kept of those out of view. Bytes. */
const KEPT_BYTES = 16 * 1024 * 1024;

/**
 * The types that are shown, which hold pixels and nothing else. An SVG is none: in a window of its own, a blob of it would
 * be a page of the console's origin.
 */
const TYPES: ReadonlySet<string> = new Set([
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "image/avif",
  "image/bmp",
  "image/vnd.microsoft.icon",
  "image/x-icon",
]);

/** Whether an asset is shown by a picture of itself. */
export const hasThumb = (asset: Asset): boolean =>
  TYPES.has(essenceOf(asset.mime_type)) &&
  asset.size > 0 &&
  asset.size <= MOST_BYTES &&
  (asset.width ?? 0) * (asset.height ?? 0) <= MOST_PIXELS;

interface Kept {
  readonly url: string;
  readonly size: number;
  /** How many places show it. */
  uses: number;
}

/** By the asset's id; those that were shown last stand last. */
const kept = new Map<string, Kept>();

function trim(most: number): void {
  let total = [...kept.values()].reduce((sum, { size }) => sum + size, 0);
  for (const [id, { url, size, uses }] of kept) {
    if (total <= most) return;
    if (uses > 0) continue;
    URL.revokeObjectURL(url);
    kept.delete(id);
    total -= size;
  }
}

// Nothing of a vault outlives the session.
effect(() => {
  if (session.value === undefined) setTimeout(trim, 0, 0);
});

/** The picture of an asset, if it is there. */
export const thumbOf = (id: string): string | undefined => kept.get(id)?.url;

/** Keeps the picture of an asset until the returned function is called. */
export function hold(id: string): () => void {
  const entry = kept.get(id);
  if (!entry) return () => {};
  entry.uses++;
  kept.delete(id);
  kept.set(id, entry);
  return () => {
    entry.uses--;
    trim(session.value === undefined ? 0 : KEPT_BYTES);
  };
}

interface Wanted {
  readonly vault: Strongroom;
  readonly asset: Asset;
  readonly controller: AbortController;
  readonly done: (url: string) => void;
}

const waiting: Wanted[] = [];
let running = 0;

/** Fetches the picture of an asset, in its turn. Returns what calls it off. */
export function fetchThumb(vault: Strongroom, asset: Asset, done: (url: string) => void): () => void {
  const wanted: Wanted = { vault, asset, controller: new AbortController(), done };
  waiting.push(wanted);
  next();
  return () => {
    const at = waiting.indexOf(wanted);
    if (at >= 0) waiting.splice(at, 1);
    wanted.controller.abort();
  };
}

function next(): void {
  while (running < AT_A_TIME) {
    const wanted = waiting.shift();
    if (!wanted) return;
    running++;
    void load(wanted).finally(() => {
      running--;
      next();
    });
  }
}

async function load({ vault, asset, controller, done }: Wanted): Promise<void> {
  try {
    const known = thumbOf(asset.id);
    if (known !== undefined) {
      done(known);
      return;
    }
    const response = await vault.assets.download(asset.id, { signal: controller.signal });
    const body = await response.arrayBuffer();
    if (controller.signal.aborted) return;
    const url = URL.createObjectURL(new Blob([body], { type: essenceOf(asset.mime_type) }));
    kept.set(asset.id, { url, size: body.byteLength, uses: 0 });
    done(url);
    trim(KEPT_BYTES);
  } catch {
    // The sign of its type stays.
  }
}
