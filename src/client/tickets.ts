import { inVault, jsonBody, type Transport } from "./transport.ts";
import type { Asset, CallOptions, NewTicket, Ticket, TicketState } from "./types.ts";
import { assetOf } from "./values.ts";
import type { AssetRecord } from "../api/types.ts";

/** The tickets of a vault, by which somebody without a key uploads one file each. */
export class Tickets {
  readonly #transport: Transport;
  readonly #vaultId: string;

  /** @internal */
  constructor(transport: Transport, vaultId: string) {
    this.#transport = transport;
    this.#vaultId = vaultId;
  }

  /**
   * Makes a ticket: give its `url` to whoever is to upload, and keep its `ticket_id`. What it says of the file cannot be
   * changed by the uploader. It ends with the key that made it.
   *
   * @example
   * // On the server, for a signed-in user; in the page: uploadWithTicket(url, input.files[0]).
   * const { url, ticket_id } = await vault.tickets.create({
   *   partition: "users", collection: "u-42", channel: "avatar",
   *   filename: "avatar", max_file_bytes: 5_000_000, allowed_types: ["image/*"], expires_in: 600,
   * });
   *
   * @throws StrongroomError `INVALID_PARAMS` when its terms are too long for a URL
   */
  async create(ticket: NewTicket, { signal }: CallOptions = {}): Promise<Ticket> {
    // Another one does no harm, and nothing is stored of any.
    const call = { method: "POST", path: this.#path(), ...jsonBody(ticket), isHarmless: true, signal } as const;
    return this.#transport.json(call, (value) => value as Ticket);
  }

  /**
   * What came of a ticket, for the key that made it.
   *
   * @example
   * const { status, asset } = await vault.tickets.get(ticket_id);
   * if (status === "used" && asset) await saveAvatar(asset.id);
   *
   * @throws StrongroomError `NOT_FOUND` for another key's, and six days after the ticket's end
   */
  async get(id: string, { signal }: CallOptions = {}): Promise<TicketState> {
    return this.#transport.json({ method: "GET", path: this.#path(id), signal }, (value) => {
      const { asset, ...rest } = value as Omit<TicketState, "asset"> & { asset?: AssetRecord | null };
      const found: Asset | null = asset ? assetOf(asset) : null;
      return { ...rest, asset: found };
    });
  }

  #path(...rest: string[]): string[] {
    return inVault(this.#vaultId, "tickets", ...rest);
  }
}
