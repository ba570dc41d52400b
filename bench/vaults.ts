/** The vaults of a run, and how they are filled and emptied. */

import { StrongroomAdmin } from "../src/client/index.ts";
import type { Files } from "./files.ts";
import { fire } from "./load.ts";
import { Vault } from "./vault.ts";

/** How many writes of each kind are read back at the end, from the first vault and from each of the others. */
const SAMPLES = { first: 50, other: 4 };

/** The vaults of a run: those whose keys were given, and as many more as the admin token can make. */
export class Vaults {
  readonly #url: string;
  readonly #files: Files;
  readonly #admin: StrongroomAdmin | undefined;
  readonly #vaults: Vault[];
  readonly #made: string[] = [];

  constructor(url: string, files: Files, keys: readonly string[], adminToken: string | undefined) {
    this.#url = url;
    this.#files = files;
    this.#admin = adminToken === undefined ? undefined : new StrongroomAdmin({ url, token: adminToken });
    this.#vaults = keys.map((key, i) => this.#vault(key, i));
  }

  /** How many vaults there can be. */
  get most(): number {
    return this.#admin === undefined ? this.#vaults.length : Infinity;
  }

  /** The vaults that have been used. */
  get all(): readonly Vault[] {
    return this.#vaults;
  }

  /** The first vaults, so many of them. Those that do not exist yet are made. */
  async first(count: number): Promise<Vault[]> {
    while (this.#vaults.length < count) this.#vaults.push(this.#vault(await this.#make(), this.#vaults.length));
    return this.#vaults.slice(0, count);
  }

  async one(): Promise<Vault> {
    const [vault] = await this.first(1);
    if (!vault) throw new Error("there is no vault");
    return vault;
  }

  /** Makes a vault apart from the others, which nobody has sent a request to. */
  async fresh(): Promise<Vault> {
    return this.#vault(await this.#make(), Infinity);
  }

  /** Deletes the vaults that were made, and the large files of the others. */
  async close(): Promise<void> {
    for (const vault of this.#vaults) {
      if (!this.#made.includes(vault.id)) await removeLarge(vault);
    }
    for (const id of this.#made) await this.#admin?.vaults.delete(id);
  }

  #vault(key: string, i: number): Vault {
    return new Vault(this.#url, key, this.#files, i === 0 ? SAMPLES.first : SAMPLES.other);
  }

  async #make(): Promise<string> {
    if (!this.#admin) throw new Error("no vault can be made without the admin token");
    const { id, secret_key } = await this.#admin.vaults.create({ name: "bench" });
    this.#made.push(id);
    return secret_key;
  }
}

/** How many connections set something up. */
const SETUP_CONNECTIONS = 32;

/** Uploads small files until each of the vaults has at least so many. */
export async function fill(vaults: readonly Vault[], count: number): Promise<void> {
  let turn = 0;
  await setUp("filling the vault", vaults[0]?.url ?? "", () => {
    // The vaults take turns, so that what is under way when a vault is full is spread over all.
    for (let tries = 0; tries < vaults.length; tries++) {
      const vault = vaults[turn++ % vaults.length];
      if (vault && vault.small.length < count) return vault.upload("raw");
    }
    return undefined;
  });
}

/** Deletes large files, all but the newest `keep` of each kind. */
export async function removeLarge(vault: Vault, keep = 0): Promise<void> {
  const old = Object.values(vault.large).flatMap((ids) => ids.splice(0, Math.max(0, ids.length - keep)));
  await setUp("deleting large files", vault.url, () => {
    const id = old.pop();
    return id === undefined ? undefined : vault.remove(id);
  });
}

export async function setUp(what: string, url: string, next: Parameters<typeof fire>[0]["next"]): Promise<void> {
  const { unexpected } = await fire({ url, connections: SETUP_CONNECTIONS, seconds: Infinity, next, strict: true });
  if (unexpected.size > 0) throw new Error(`${what}: ${[...unexpected].map((each) => each.join(" × ")).join(", ")}`);
}
