import { StrongroomError } from "./error.ts";
import { TUS, uploadIdIn } from "./resumable.ts";
import { inVault, type Transport } from "./transport.ts";
import type { CallOptions, CancelledUpload } from "./types.ts";

/** The resumable uploads of a vault that are under way: `assets.upload` makes them. */
export class Uploads {
  readonly #transport: Transport;
  readonly #vaultId: string;

  /** @internal */
  constructor(transport: Transport, vaultId: string) {
    this.#transport = transport;
    this.#vaultId = vaultId;
  }

  /**
   * Gives up an upload that was broken off, so that nothing is left of it and its bytes count against no quota. One that has
   * ended already is no failure.
   *
   * @example
   * const { asset_id } = await vault.uploads.cancel(url);
   * if (asset_id !== null) await vault.assets.delete(asset_id); // All of it had arrived.
   *
   * @param url as `onUrl` has told it
   */
  async cancel(url: string, { signal }: CallOptions = {}): Promise<CancelledUpload> {
    const path = inVault(this.#vaultId, "uploads", uploadIdIn(url, this.#vaultId, "url"));
    try {
      await this.#transport.done({ method: "DELETE", path, headers: TUS, signal });
    } catch (error) {
      if (!(error instanceof StrongroomError)) throw error;
      // An attempt whose answer was lost may have ended it as well.
      if (error.status === 404 || error.code === "UPLOAD_EXPIRED") return { asset_id: null };
      if (error.status !== 409) throw error;
      return this.#transport.json({ method: "GET", path, headers: TUS, signal }, (value) => ({
        asset_id: (value as CancelledUpload).asset_id,
      }));
    }
    return { asset_id: null };
  }
}
