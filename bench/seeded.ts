/** A vault whose assets were seeded, and the pages of its list that are measured. */

import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { canonicalSearch } from "../src/model/asset-search.ts";
import { encodeCursor } from "../src/model/cursor.ts";
import { ask, Connection } from "./connection.ts";
import type { Shot } from "./shot.ts";
import { SEEDED_AT, TAGGED } from "./seed.ts";
import type { Vault } from "./vault.ts";

const FILTERS = { partition: "p1", collection: "c1", channel: "h1" };
export type Filter = Partial<typeof FILTERS>;

/** All eight combinations of filters. */
export const COMBINATIONS: readonly Filter[] = Array.from({ length: 8 }, (_, i) =>
  Object.fromEntries(Object.entries(FILTERS).filter((_entry, bit) => i & (1 << bit))),
);

/**
 * How many places in the middle of the list are asked for in turn. These are more pages than a vault keeps ready, so
 * that none of them is.
 */
const PLACES = 500;

/** The part of a digest that stands in a cursor. */
const DIGEST_BYTES = 16;

/** How often the vault is asked whether it is ready. Milliseconds. */
const POLL_MS = 100;

/** A vault with seeded assets, of seqs from 1 to `size`, and its list. Each page has 50 assets. */
export class SeededVault {
  /** How many seconds it took the vault to build its index. */
  readonly rebuilt: string;
  readonly #vault: Vault;
  readonly #size: number;
  #turn = 0;

  private constructor(vault: Vault, size: number, rebuilt: string) {
    this.#vault = vault;
    this.#size = size;
    this.rebuilt = rebuilt;
  }

  /** Seeds a vault that nobody has sent a request to, and waits until it has built its index. */
  static async make(vault: Vault, size: number, seed: (vaultId: string, count: number) => void): Promise<SeededVault> {
    seed(vault.id, size);
    const seconds = await ready(vault);
    const seeded = new SeededVault(vault, size, seconds.toFixed(1));
    await check(vault.url, seeded.tagged(), { partition: TAGGED.partition });
    for (const filter of COMBINATIONS) {
      for (const shot of [seeded.first(filter), seeded.firstAnew(filter), seeded.middle(filter)]) {
        await check(vault.url, shot, filter);
      }
    }
    return seeded;
  }

  /** The first page, in the form in which everybody asks for it. The vault has it ready. */
  first(filter: Filter): Shot {
    return this.#vault.list(query(filter));
  }

  /**
   * The first page, by a cursor above the newest asset. The cursor is another one each time, so the vault has to make
   * the page.
   */
  firstAnew(filter: Filter): Shot {
    return this.#from(this.#size + 1 + this.#turn++, filter);
  }

  /** A page from around the middle. There are as many different ones in a vault of any size. */
  middle(filter: Filter): Shot {
    return this.#from(this.#place(), filter);
  }

  #place(): number {
    return Math.floor(this.#size * (0.45 + (0.5 * (this.#turn++ % PLACES)) / PLACES));
  }

  /** A page by a tag from around the middle, of the assets that are also those of a partition: {@link TAGGED}. */
  tagged(): Shot {
    const search = { tags: [TAGGED.tag], metadata: [], ids: [] };
    const hash = createHash("sha256").update(canonicalSearch(search, "newest")).digest().subarray(0, DIGEST_BYTES);
    const cursor = { created_at: SEEDED_AT, seq: this.#place(), digest: hash.toString("base64url") };
    return this.#vault.list(`limit=50&tag=${TAGGED.tag}&cursor=${encodeCursor(cursor)}`);
  }

  #from(seq: number, filter: Filter): Shot {
    return this.#vault.list(`${query(filter)}&cursor=${encodeCursor({ created_at: SEEDED_AT, seq, ...filter })}`);
  }
}

const query = (filter: Filter): string => new URLSearchParams({ limit: "50", ...filter }).toString();

/** Sends a vault its first request, and asks again until it answers. Returns how many seconds that took. */
async function ready(vault: Vault): Promise<number> {
  const connection = new Connection(vault.url);
  const started = performance.now();
  for (;;) {
    const { status } = await connection.send(vault.list("limit=1"));
    if (status === 200) break;
    // A vault answers 503 while it is rebuilt.
    if (status !== 503) throw new Error(`the seeded vault answered ${status}`);
    await sleep(POLL_MS);
  }
  const seconds = (performance.now() - started) / 1_000;
  await connection.close();
  return seconds;
}

/** Throws unless the answer is the page that it should be: otherwise something else would be compared. */
async function check(url: string, shot: Shot, filter: Filter): Promise<void> {
  const { data } = JSON.parse((await ask(url, shot)).toString()) as { data: Filter[] };
  const others = data.filter((asset) =>
    Object.entries(filter).some(([name, value]) => asset[name as keyof Filter] !== value),
  );
  if (data.length !== 50 || others.length > 0)
    throw new Error(`${shot.path}: ${data.length} assets, ${others.length} do not match`);
}
