import { type List, listAt } from "./list.ts";
import { inVault, jsonBody, type Transport } from "./transport.ts";
import type { CallOptions, CreatedKey, IdListParameters, KeyChangeFields, KeyInfo, NewKeyFields } from "./types.ts";

/** The keys of a vault, which its secret keys and the operator manage. */
export class Keys {
  readonly #transport: Transport;
  readonly #vaultId: string;

  /** @internal */
  constructor(transport: Transport, vaultId: string) {
    this.#transport = transport;
    this.#vaultId = vaultId;
  }

  /**
   * Makes a key: secret unless `type` says otherwise, for the whole vault unless `scope` names a folder, for ever unless
   * `expires_at` says until when. Its `token` is shown this once.
   *
   * @example
   * const { token } = await vault.keys.create({ type: "public", scope: { partition: "marketing", collection: "blog" } });
   *
   * @throws StrongroomError `CONFLICT` when the vault has too many
   */
  async create(fields: NewKeyFields = {}, { signal }: CallOptions = {}): Promise<CreatedKey> {
    return this.#transport.json(
      { method: "POST", path: this.#path(), ...jsonBody(fields), signal },
      (value) => value as CreatedKey,
    );
  }

  /**
   * Lists keys, newest first: awaited one page, looped over all.
   *
   * @example
   * for await (const { id, label } of vault.keys.list()) console.log(id, label);
   */
  list(parameters: IdListParameters = {}, options: CallOptions = {}): List<KeyInfo> {
    return listAt(this.#transport, this.#path(), parameters, options, (key: KeyInfo) => key);
  }

  /**
   * Changes a key's label, and has it expire earlier, never later.
   *
   * @example
   * await vault.keys.update(id, { expires_at: "2030-01-31T00:00:00Z" });
   *
   * @throws StrongroomError `NOT_FOUND`, or `CONFLICT` for a key that is revoked or has expired
   */
  async update(id: string, change: KeyChangeFields, { signal }: CallOptions = {}): Promise<KeyInfo> {
    return this.#transport.json(
      { method: "PATCH", path: this.#path(id), ...jsonBody(change), signal },
      (value) => value as KeyInfo,
    );
  }

  /**
   * Revokes a key: it is refused from the next request on. Links that it made end with it.
   *
   * @throws StrongroomError `NOT_FOUND`
   */
  async revoke(id: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#transport.done({ method: "DELETE", path: this.#path(id), signal });
  }

  #path(...rest: string[]): string[] {
    return inVault(this.#vaultId, "keys", ...rest);
  }
}
