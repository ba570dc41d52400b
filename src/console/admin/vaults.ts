/** The vaults of a server, newest first, as far as they were loaded. For the operator. */

import type { CreatedVault, VaultInfo, Vaults } from "../../client/index.ts";
import { Paged } from "../vault/paged.ts";

/** How many are loaded at a time: as many as fill a large screen. */
const PAGE = 50;

export class AllVaults extends Paged<VaultInfo> {
  readonly #vaults: Vaults;

  constructor(vaults: Vaults) {
    super((asked) => vaults.list({ limit: PAGE, ...asked }));
    this.#vaults = vaults;
  }

  /** Makes a vault. Its keys are told this once. */
  async create(name: string): Promise<CreatedVault> {
    const made = await this.#vaults.create({ name });
    const { id, created_at, status } = made;
    this.prepend({ id, name: made.name, created_at, status });
    return made;
  }
}
