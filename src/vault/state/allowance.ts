/** How much one request may change: what a batch or the deletion of a folder may write in one transaction. */

import type { Asset } from "../../model/asset.ts";
import { MAX_BATCH_RECORD_BYTES, MAX_BATCH_TAGS } from "../../model/limits.ts";
import { utf8Length } from "../../model/metadata.ts";
import { refuse, type Refusal } from "../../model/refusal.ts";
import { tagChanges } from "./tags.ts";

/** What a record takes beside its metadata and tags. Bytes. */
const RECORD_BYTES = 1_000;

/**
 * What one request may still change. It bounds how long the request keeps the vault from everybody else, and it sees to
 * it that one flush carries all of it to D1.
 */
export class Allowance {
  #bytes = MAX_BATCH_RECORD_BYTES;
  #tags = MAX_BATCH_TAGS;

  /**
   * Takes what it costs to read an asset and to work out what becomes of it, which costs as much when it is refused. Takes
   * nothing and returns a 413 when that is more than is left.
   */
  read(asset: Asset): Refusal | undefined {
    return this.#takeBytes(bytesOf(asset));
  }

  /**
   * Takes what it costs beyond that to make `next` of an asset, or to delete it when there is no `next`. Takes nothing and
   * returns a 413 when that is more than is left.
   */
  write(asset: Asset, next?: Asset): Refusal | undefined {
    const { gone, added } = tagChanges(asset.tags, next?.tags ?? "[]");
    const rows = gone.length + added.length;
    if (rows > this.#tags) return tooMuch(`it gives assets, and takes from them, at most ${MAX_BATCH_TAGS} tags`);
    const grown = next ? Math.max(0, bytesOf(next) - bytesOf(asset)) : 0;
    const over = this.#takeBytes(grown);
    if (!over) this.#tags -= rows;
    return over;
  }

  #takeBytes(bytes: number): Refusal | undefined {
    if (bytes > this.#bytes) {
      return tooMuch(`the records that it changes or deletes have at most ${MAX_BATCH_RECORD_BYTES} bytes together`);
    }
    this.#bytes -= bytes;
    return undefined;
  }
}

const bytesOf = ({ metadata, tags }: Asset): number => utf8Length(metadata) + utf8Length(tags) + RECORD_BYTES;

const tooMuch = (rule: string): Refusal => refuse("PAYLOAD_TOO_LARGE", `this is too much for one batch: ${rule}`);
