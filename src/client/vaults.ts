import { type List, listAt } from "./list.ts";
import { sentOver } from "./sending.ts";
import { inVault, jsonBody, queryOf, type Transport } from "./transport.ts";
import type {
  CallOptions,
  CreatedVault,
  IdListParameters,
  ImportAnswer,
  ImportedLine,
  ImportPage,
  NewVault,
  VaultChange,
  VaultInfo,
  VaultReport,
} from "./types.ts";

/** The vaults of a server: see `StrongroomAdmin`. */
export class Vaults {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Makes a vault with a secret and a public key, whose tokens are shown this once.
   *
   * @example
   * const { id, secret_key } = await admin.vaults.create({ name: "shop" });
   * const vault = new Strongroom({ url, key: secret_key });
   */
  async create(vault: NewVault, { signal }: CallOptions = {}): Promise<CreatedVault> {
    return this.#transport.json(
      { method: "POST", path: ["vaults"], ...jsonBody(vault), signal },
      (value) => value as CreatedVault,
    );
  }

  /**
   * Lists vaults, newest first: awaited one page, looped over all.
   *
   * @example
   * for await (const { id, name } of admin.vaults.list()) console.log(id, name);
   */
  list(parameters: IdListParameters = {}, options: CallOptions = {}): List<VaultInfo> {
    return listAt(this.#transport, ["vaults"], parameters, options, (vault: VaultInfo) => vault);
  }

  /**
   * Gets what an operator wants to see of a vault. A secret key opens it for its own vault, too.
   *
   * @throws StrongroomError `NOT_FOUND`
   */
  async get(id: string, { signal }: CallOptions = {}): Promise<VaultReport> {
    return this.#transport.json({ method: "GET", path: inVault(id), signal }, (value) => value as VaultReport);
  }

  /**
   * Renames a vault and changes its settings. What is not named stays as it is, and null takes one away. They act at
   * once, even if the call fails with `UNAVAILABLE` because they could not be recorded yet: then make it again.
   *
   * @example
   * await admin.vaults.update(id, { quota_bytes: 10e9, allowed_types: ["image/*"], requests_per_second: 50 });
   *
   * @throws StrongroomError `NOT_FOUND`
   */
  async update(id: string, change: VaultChange, { signal }: CallOptions = {}): Promise<VaultReport> {
    const call = { method: "PATCH", path: inVault(id), ...jsonBody(change), signal } as const;
    return this.#transport.json(call, (value) => value as VaultReport);
  }

  /**
   * Deletes a vault with all that it holds. Its keys are refused from then on; the rest follows in the background.
   *
   * @throws StrongroomError `NOT_FOUND`
   */
  async delete(id: string, { signal }: CallOptions = {}): Promise<VaultReport> {
    return this.#transport.json({ method: "DELETE", path: inVault(id), signal }, (value) => value as VaultReport);
  }

  /**
   * Brings up to 20 lines of an export into an empty vault, as `changes.list` gives them with `full`: ids, order, times and
   * entity tags stay. Assets whose file is not there yet are in `missing`: bring it by {@link importBody}, and the line again.
   * Lines may come again and in any order. The vault takes no other writes of assets until a call with `finish` has found
   * that all is there.
   *
   * @example
   * const { missing } = await admin.vaults.importPage(id, { top, assets, bytes, records });
   *
   * @throws StrongroomError `CONFLICT` for a vault that is not empty, `INVALID_PARAMS` for a line that breaks a rule
   */
  async importPage(id: string, page: ImportPage, { signal }: CallOptions = {}): Promise<ImportAnswer> {
    const call = { method: "POST", path: inVault(id, "import"), ...jsonBody(page), signal, isHarmless: true } as const;
    return this.#transport.json(call, (value) => value as ImportAnswer);
  }

  /**
   * Brings the file of an asset that is to be imported. It is stored only if its SHA-256 is the one of its line.
   *
   * @throws StrongroomError `CONFLICT` while no import is under way, `INVALID_PARAMS` for another file
   */
  async importBody(
    id: string,
    { asset, sha256 }: ImportedLine,
    file: Blob,
    { signal }: CallOptions = {},
  ): Promise<void> {
    const { r2_key, mime_type } = asset;
    const body = { pieces: [file], length: file.size, before: 0, size: file.size };
    await this.#transport.done({
      method: "POST",
      path: inVault(id, "import", "bodies"),
      query: queryOf({ r2_key, mime_type, sha256 }),
      headers: { "Content-Type": "application/octet-stream" },
      signal,
      isHarmless: true,
      ...sentOver("whole", body, undefined),
    });
  }

  /**
   * Compares the vault's index, D1 and R2 and makes them agree, now and in the background: {@link get} tells how it goes. A
   * secret key opens it for its own vault, too.
   *
   * @throws StrongroomError `NOT_FOUND`
   */
  async reconcile(id: string, { signal }: CallOptions = {}): Promise<VaultReport> {
    const call = { method: "POST", path: inVault(id, "reconcile"), signal } as const;
    return this.#transport.json(call, (value) => value as VaultReport);
  }

  /**
   * Says that nothing more is to be found of what was lost: `lost_windows` is empty from then on, and bodies that no asset
   * names are deleted.
   *
   * @throws StrongroomError `NOT_FOUND`
   */
  async clearLostWindows(id: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#transport.done({ method: "DELETE", path: inVault(id, "lost-windows"), signal });
  }
}
