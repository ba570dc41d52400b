/** A copy of a vault that is built from its feed of changes alone, as a client builds one. */

import { expect } from "vitest";
import type { ChangesPage } from "../../src/api/types.ts";
import type { AssetRecord } from "../../src/model/asset.ts";
import { bearer, patiently, send, type TestVault } from "./api.ts";

export const askChanges = (
  vault: TestVault,
  query: Record<string, string | number> = {},
  token = vault.publicKey,
): Promise<Response> => {
  const params = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  return send(`${vault.path}/changes?${params.toString()}`, { headers: bearer(token) });
};

/** A page of changes, which must come. */
export async function changes(vault: TestVault, query: Record<string, string | number> = {}): Promise<ChangesPage> {
  const response = await askChanges(vault, query);
  expect(response.status, await response.clone().text()).toBe(200);
  return response.json();
}

/** What a page says, in short: filenames of assets, and ids of those that were deleted. */
export const told = ({ data }: ChangesPage): string[] =>
  data.map((change) => (change.type === "asset" ? change.asset.filename : `deleted ${change.id}`));

export class Replica {
  readonly #vault: TestVault;
  readonly #token: string;
  readonly copy = new Map<string, AssetRecord>();
  readonly etags = new Map<string, string>();
  cursor: string | undefined;
  /** What the feed has named since the copy was begun anew. */
  #named: Set<string> | undefined = new Set();
  /** How often the cursor expired. */
  expired = 0;

  constructor(vault: TestVault, token = vault.publicKey) {
    this.#vault = vault;
    this.#token = token;
  }

  /** Reads a page. Returns whether there is more. */
  async read(limit: number): Promise<boolean> {
    const query = { limit, ...(this.cursor === undefined ? {} : { cursor: this.cursor }) };
    const response = await patiently(() => askChanges(this.#vault, query, this.#token));
    if (response.status === 410) {
      expect(this.cursor).toBeDefined();
      await response.text();
      this.cursor = undefined;
      this.#named = new Set();
      this.expired++;
      return true;
    }
    expect(response.status, await response.clone().text()).toBe(200);
    const page = await response.json<ChangesPage>();
    this.#apply(page, limit);
    return page.has_more;
  }

  /** Reads until there is no more. */
  async drain(limit: number): Promise<void> {
    while (await this.read(limit));
  }

  #apply({ data, cursor, has_more }: ChangesPage, limit: number): void {
    expect(data.length).toBeLessThanOrEqual(limit);
    const ids = data.map((change) => (change.type === "asset" ? change.asset.id : change.id));
    expect(new Set(ids).size).toBe(ids.length);
    for (const change of data) {
      if (change.type === "asset") {
        this.copy.set(change.asset.id, change.asset);
        this.etags.set(change.asset.id, change.etag);
        this.#named?.add(change.asset.id);
      } else this.copy.delete(change.id);
    }
    this.cursor = cursor;
    if (has_more || !this.#named) return;
    for (const id of this.copy.keys()) if (!this.#named.has(id)) this.copy.delete(id);
    this.#named = undefined;
  }
}

/** All assets of a vault, as its list has them. */
export async function listed(vault: TestVault): Promise<AssetRecord[]> {
  const assets: AssetRecord[] = [];
  for (let cursor: string | null = null; ;) {
    const page = await vault.list({ limit: 200, ...(cursor === null ? {} : { cursor }) });
    assets.push(...page.data);
    ({ cursor } = page);
    if (cursor === null) return assets;
  }
}

/** Asserts that a copy that has read everything is what the list has, and that its entity tags are those of the records. */
export async function expectCopy(vault: TestVault, replica: Replica, limit: number): Promise<void> {
  await replica.drain(limit);
  const assets = await listed(vault);
  expect(Object.fromEntries(replica.copy)).toEqual(Object.fromEntries(assets.map((asset) => [asset.id, asset])));
  for (const { id } of assets.slice(0, 3))
    expect((await vault.get(id)).headers.get("ETag")).toBe(replica.etags.get(id));
}
