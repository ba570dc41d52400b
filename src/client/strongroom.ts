import { Assets } from "./assets.ts";
import { Changes } from "./changes.ts";
import { Folders } from "./folders.ts";
import { Keys } from "./keys.ts";
import { Tickets } from "./tickets.ts";
import { Transport } from "./transport.ts";
import type { ConnectionOptions } from "./types.ts";
import { Uploads } from "./uploads.ts";
import { Vaults } from "./vaults.ts";

const DEFAULT_CONCURRENCY = 6;

/** `sk_`, `pk_`, `dk_` or `uk_`, the vault's ULID, the key's ULID, and a signature: cut by position. */
const KEY = /^[spdu]k_([0-9a-z]{26})([0-9a-z]{26})[\w-]{43}$/;

/** How a vault is reached. */
export interface StrongroomOptions extends ConnectionOptions {
  /**
   * A key of the vault: `sk_…` reads and writes, `pk_…` reads, `dk_…` downloads files, `uk_…` uploads them. It says which
   * vault it is.
   */
  key: string;
  /** Uploads that `uploadMany` makes at a time; 6 unless given. */
  concurrency?: number | undefined;
}

/**
 * A vault, opened by one of its keys. It holds nothing open and need not be closed.
 *
 * Calls that fail reject with a `StrongroomError`. They are repeated before, with growing pauses, where that is safe: new
 * keys and links only when it has certainly done nothing, everything else after whatever may pass.
 *
 * @example
 * import { Strongroom } from "strongroom";
 *
 * const vault = new Strongroom({ url: "https://assets.example.com", key: "sk_…" });
 * const asset = await vault.assets.upload(file, { partition: "marketing", collection: "blog", channel: "hero-images" });
 */
export class Strongroom {
  /** `vault_…` */
  readonly vaultId: string;
  /** `key_…`: the key by which it is opened, as a list of keys has it. */
  readonly keyId: string;
  readonly assets: Assets;
  readonly changes: Changes;
  readonly folders: Folders;
  readonly keys: Keys;
  readonly tickets: Tickets;
  /** The vault itself, for a secret key of the whole vault: how it is, and what its stores hold compared. */
  readonly vaults: Pick<Vaults, "get" | "reconcile">;
  readonly uploads: Uploads;

  /** @throws TypeError when the key is none, or the URL */
  constructor(options: StrongroomOptions) {
    const [, ulid, keyUlid] = KEY.exec(options.key) ?? [];
    // Not the key itself: messages end up in logs.
    if (ulid === undefined || keyUlid === undefined)
      throw new TypeError("key: must be a key of a vault, such as sk_… or pk_…");
    const transport = new Transport(options.key, options);
    this.vaultId = `vault_${ulid}`;
    this.keyId = `key_${keyUlid}`;
    this.assets = new Assets(transport, this.vaultId, options.concurrency ?? DEFAULT_CONCURRENCY);
    this.changes = new Changes(transport, this.vaultId);
    this.folders = new Folders(transport, this.vaultId);
    this.keys = new Keys(transport, this.vaultId);
    this.tickets = new Tickets(transport, this.vaultId);
    this.vaults = new Vaults(transport);
    this.uploads = new Uploads(transport, this.vaultId);
  }
}

/** How a server is reached by its operator. */
export interface StrongroomAdminOptions extends ConnectionOptions {
  /** The admin token. */
  token: string;
}

/**
 * A server's vaults and their keys, for its operator. The admin token opens no assets: those need a key of their vault.
 *
 * @example
 * import { StrongroomAdmin } from "strongroom";
 *
 * const admin = new StrongroomAdmin({ url: "https://assets.example.com", token: "…" });
 * const { id, secret_key } = await admin.vaults.create({ name: "shop" });
 */
export class StrongroomAdmin {
  readonly #transport: Transport;
  readonly vaults: Vaults;

  /** @throws TypeError when the token is none, or the URL */
  constructor(options: StrongroomAdminOptions) {
    this.#transport = new Transport(options.token, options);
    this.vaults = new Vaults(this.#transport);
  }

  /**
   * The keys of a vault. No request is made.
   *
   * @example
   * const { token } = await admin.keys(id).create({ label: "a new secret key" });
   */
  keys(vaultId: string): Keys {
    return new Keys(this.#transport, vaultId);
  }
}
