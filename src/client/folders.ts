import { type List, listAt } from "./list.ts";
import { inVault, type Transport } from "./transport.ts";
import type { CallOptions, Folder, FolderListParameters } from "./types.ts";

/** The folders of a vault: see `Strongroom`. */
export class Folders {
  readonly #transport: Transport;
  readonly #vaultId: string;

  /** @internal */
  constructor(transport: Transport, vaultId: string) {
    this.#transport = transport;
    this.#vaultId = vaultId;
  }

  /**
   * Lists the folders in a folder by name, with the exact number of assets and of bytes in them and below: the partitions,
   * the collections of a partition, or the channels of a collection. Awaited one page, looped over all.
   *
   * @example
   * for await (const { name, assets, bytes } of vault.folders.list({ partition: "marketing" })) console.log(name, assets);
   */
  list(parameters: FolderListParameters = {}, options: CallOptions = {}): List<Folder> {
    const path = inVault(this.#vaultId, "folders");
    return listAt(this.#transport, path, { ...parameters }, options, (folder: Folder) => folder);
  }
}
