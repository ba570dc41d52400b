import { decodeCursor, encodeCursor } from "../../src/model/cursor.ts";
import { ask } from "../connection.ts";
import type { Shot } from "../shot.ts";
import type { Bench, Scenario } from "../scenario.ts";
import { READ_SET, type Vault } from "../vault.ts";
import { fill } from "../vaults.ts";
import { loads } from "./one.ts";

/** Requests of every kind, in one vault, with small files. */
export async function small(bench: Bench): Promise<Scenario[]> {
  const { files, options, deployment } = bench;
  const { ceiling } = deployment;
  const vault = await deployment.vaults.one();
  const { label, body } = files;
  const scenario = loads(bench, `Small files (${label})`, "requests", options.concurrency);
  const everyVersion = true;

  const readable = (): Promise<void> => fill([vault], READ_SET);
  const readableBoth = async (): Promise<void> => {
    await readable();
    await ceiling?.store("small", body);
  };
  /** Makes as many assets as a round of deletions may use up. A round that runs out of them ends early. */
  const deletable = (): Promise<void> => fill([vault], READ_SET + Math.ceil(1_500 * options.duration));

  const put = { name: "bare R2.put", next: ceiling?.put(body) };
  const call = { name: "empty DO call", next: ceiling?.call };
  const page = { name: "DO answering a constant page", next: ceiling?.page };
  const insert = { name: "one DO insert", next: ceiling?.insert };
  const d1 = { name: "one D1 insert", next: ceiling?.d1 };
  const bare = { name: "bare R2.get", next: ceiling?.get("small") };
  const bareRange = { name: "bare R2.get of the range", next: ceiling?.get("small", files.smallRange) };

  const list = (name: string, query: string): Scenario =>
    scenario(name, { next: () => vault.list(query), ceiling: page, goal: 0.6, prepare: readable, everyVersion });
  const anywhere = new Anywhere(vault);
  const pages = new Pages(vault);

  return [
    scenario(`upload ${label}, form`, { next: () => vault.upload("form"), ceiling: put, goal: 0.75, everyVersion }),
    scenario(`upload ${label}, raw`, { next: () => vault.upload("raw"), ceiling: put, goal: 0.85, everyVersion }),
    scenario("get", { next: () => vault.get(vault.any()), ceiling: call, goal: 0.75, prepare: readable, everyVersion }),
    list("list 50", "limit=50"),
    list("list 50, 1 filter", "limit=50&partition=p1"),
    list("list 50, 3 filters", "limit=50&partition=p1&collection=c1&channel=h1"),
    scenario("list 50, anywhere", {
      next: () => anywhere.next(),
      ceiling: page,
      prepare: async () => {
        await readable();
        await anywhere.look();
      },
      everyVersion,
    }),
    scenario("page through everything, by 200", { next: () => pages.next(), prepare: readable, connections: 1 }),
    scenario("patch", { next: patches(vault, options.concurrency), ceiling: insert, prepare: readable, everyVersion }),
    scenario(`download ${label}`, {
      next: () => vault.content(vault.any()),
      ceiling: bare,
      goal: 0.85,
      prepare: readableBoth,
      everyVersion,
    }),
    scenario(`download ${label}, range`, {
      next: () => vault.content(vault.any(), "small"),
      ceiling: bareRange,
      goal: 0.85,
      prepare: readableBoth,
    }),
    scenario("mixed 80/15/5", { next: mixed(vault), prepare: readable }),
    scenario("delete", { next: () => vault.removeNewest(), ceiling: d1, prepare: deletable, everyVersion }),
  ];
}

/**
 * Patches assets. Each asset is patched by one connection only, which therefore knows what the asset was patched to
 * last.
 */
function patches(vault: Vault, connections: number): (connection: number) => Shot {
  const each = Math.floor(READ_SET / connections);
  let n = 0;
  return (connection) => {
    n++;
    return vault.patch(vault.small[connection + connections * (n % each)] ?? "none", n);
  };
}

/** A mix of requests: of 20 there are 16 reads, 3 writes and a delete. */
function mixed(vault: Vault): () => Shot {
  let n = 0;
  return () => {
    const turn = n++ % 20;
    if (turn % 6 === 5) return vault.upload("form");
    // Early on there may be nothing yet that can be deleted.
    return (turn === 19 && vault.removeNewest()) || vault.get(vault.any());
  };
}

/**
 * Walks the list from page to page, over and over. Each walk begins with a page of another length, so that the pages
 * after it begin at other places, and the vault has none of them ready.
 */
class Pages {
  readonly #vault: Vault;
  #walks = 0;
  #cursor: string | null = null;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  next(): Shot {
    const query =
      this.#cursor === null ? `limit=${1 + ((this.#walks++ * 7) % 200)}` : `limit=200&cursor=${this.#cursor}`;
    return {
      ...this.#vault.list(query),
      answered: (body) => {
        this.#cursor = (JSON.parse(body.toString()) as { cursor: string | null }).cursor;
      },
    };
  }
}

/** Pages that begin anywhere in the list. The vault hardly ever has such a page ready. */
class Anywhere {
  readonly #vault: Vault;
  #newest = { created_at: "", seq: 0 };

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Finds out how far the list reaches. */
  async look(): Promise<void> {
    const { cursor } = JSON.parse((await ask(this.#vault.url, this.#vault.list("limit=1"))).toString()) as {
      cursor: string;
    };
    this.#newest = decodeCursor(cursor) as { created_at: string; seq: number };
  }

  next(): Shot {
    // Below a seq of 100 there may not be 50 assets left. Whatever else the server's version put into the cursor is
    // given back to it.
    const position = { ...this.#newest, seq: 100 + Math.floor(Math.random() * (this.#newest.seq - 100)) };
    return this.#vault.list(`limit=50&cursor=${encodeCursor(position)}`);
  }
}
