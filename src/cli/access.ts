/** Where commands go, and as whom. */

import { type ConnectionOptions, type Keys, Strongroom, StrongroomAdmin, type Vaults } from "../client/index.ts";
import type { Output } from "./terminal/output.ts";
import { visible } from "./terminal/visible.ts";
import { type Credentials, isProfileOpen, LOCAL_FILE, profileFile, readLocal, readProfile } from "./profile.ts";
import { UsageError } from "./usage-error.ts";

/** What the command line says of it. */
export interface AccessFlags {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly "admin-token"?: string | undefined;
}

/** How often a call is repeated that failed, where that is not as often as usual. */
export type Patience = Pick<ConnectionOptions, "maxRetries">;

/** A value, and where it comes from. */
interface Found {
  readonly value: string;
  readonly from: string;
}

/** A file that says something. */
interface File {
  readonly credentials: Credentials;
  readonly from: string;
}

/**
 * The address, the key and the admin token: each from the command line, else from the environment, else from the server
 * that runs in this folder, else from the profile of `strongroom login`. A secret from a file goes to that file's address and
 * to no other.
 */
export class Access {
  readonly #flags: AccessFlags;
  readonly #env: NodeJS.ProcessEnv;
  readonly #output: Output;
  #read: readonly File[] | undefined;
  #url: Found | undefined;
  /** How every client of the command says that it waits. */
  readonly #connection: Pick<ConnectionOptions, "onRetry">;
  /** The last secret that was used, and its origin, for messages. */
  #secretUsed: string | undefined;

  constructor(flags: AccessFlags, env: NodeJS.ProcessEnv, output: Output) {
    this.#flags = flags;
    this.#env = env;
    this.#output = output;
    this.#connection = { onRetry: saidOnce(output) };
    for (const secret of [flags.key, flags["admin-token"], env["STRONGROOM_KEY"], env["STRONGROOM_ADMIN_TOKEN"]]) {
      if (secret) output.hide(secret);
    }
  }

  /** The vault whose key is at hand. @throws UsageError */
  vault(): Strongroom {
    const url = this.#address();
    const key = this.#secret("key");
    if (!key) throw new UsageError(`no key: ${this.#howTo("--key", "STRONGROOM_KEY")}`);
    return this.#made(key, () => new Strongroom({ ...this.#connection, url, key: key.value }));
  }

  /** A vault by a key that the command itself has made. */
  vaultBy(key: string, patience: Patience = {}): Strongroom {
    this.#output.hide(key);
    return new Strongroom({ ...this.#connection, ...patience, url: this.server, key });
  }

  /** The server's operator. @throws UsageError */
  admin(patience: Patience = {}): StrongroomAdmin {
    const url = this.#address();
    const token = this.#secret("adminToken");
    if (!token) throw new UsageError(`no admin token: ${this.#howTo("--admin-token", "STRONGROOM_ADMIN_TOKEN")}`);
    return this.#made(token, () => new StrongroomAdmin({ ...this.#connection, ...patience, url, token: token.value }));
  }

  /**
   * A vault's report: for its operator of any vault, for the holder of a secret key of the key's own, which need not be named.
   *
   * @throws UsageError
   */
  report(vaultId: string | undefined): { vaults: Vaults; vaultId: string } {
    const url = this.#address();
    const token = (vaultId === undefined ? undefined : this.#secret("adminToken")) ?? this.#secret("key");
    if (!token) {
      if (vaultId === undefined) throw new UsageError("no vault: name one, or give one of its secret keys");
      throw new UsageError(`no admin token: ${this.#howTo("--admin-token", "STRONGROOM_ADMIN_TOKEN")}`);
    }
    return this.#made(token, () => ({
      vaults: new StrongroomAdmin({ ...this.#connection, url, token: token.value }).vaults,
      vaultId: vaultId ?? new Strongroom({ url, key: token.value }).vaultId,
    }));
  }

  /** The keys of a vault that is named, for its operator, or those of the key's own. */
  keys(vaultId: string | undefined): Keys {
    return vaultId === undefined ? this.vault().keys : this.admin().keys(vaultId);
  }

  /** Where the server is. @throws UsageError */
  get server(): string {
    return withoutUser(this.#address());
  }

  /** Whether the key only uploads, and may read nothing. */
  get isUploadKey(): boolean {
    return this.#secret("key")?.value.startsWith("uk_") === true;
  }

  /** The address, if one is given on the command line or in the environment. */
  get givenUrl(): string | undefined {
    return this.#flags.url || this.#env["STRONGROOM_URL"] || undefined;
  }

  /** Which server was asked and as whom, for a message. */
  get described(): string | undefined {
    if (!this.#url) return undefined;
    const who = this.#secretUsed === undefined ? "" : `, with ${this.#secretUsed}`;
    return `${withoutUser(this.#url.value)} (from ${this.#url.from})${who}`;
  }

  #address(): string {
    const url = this.#findUrl();
    if (!url) throw new UsageError("no server: give --url, set STRONGROOM_URL, or let strongroom login keep one");
    if (!/^https?:\/\/./i.test(url.value) || !URL.canParse(url.value))
      throw new UsageError(`${url.from}: the address must begin with http:// or https://`);
    return url.value;
  }

  #findUrl(): Found | undefined {
    this.#url ??=
      this.#given("url") ?? this.#files().map(({ credentials, from }) => ({ value: credentials.url, from }))[0];
    return this.#url;
  }

  #secret(name: "key" | "adminToken"): Found | undefined {
    const given = this.#given(name);
    const file = given
      ? undefined
      : this.#files().find(({ credentials }) => credentials[name] && isSame(credentials.url, this.#findUrl()?.value));
    const found = given ?? (file && { value: file.credentials[name] ?? "", from: file.from });
    if (!found) return undefined;
    this.#output.hide(found.value);
    this.#secretUsed = `${name === "key" ? "the key" : "the admin token"} from ${found.from}`;
    return found;
  }

  /** On the command line or in the environment. What is empty is not there. */
  #given(name: keyof Credentials): Found | undefined {
    const [flag, variable] = NAMES[name];
    const [onLine, inEnv] = [this.#flags[flag], this.#env[variable]];
    if (onLine !== undefined) {
      if (onLine === "") throw new UsageError(`--${flag}: must not be empty`);
      return { value: onLine, from: `--${flag}` };
    }
    return inEnv ? { value: inEnv, from: variable } : undefined;
  }

  /** The files that say something, the first one first. Read once, and only when they are needed. */
  #files(): readonly File[] {
    if (this.#read) return this.#read;
    const local = readLocal();
    const profile = readProfile(this.#env);
    const file = profileFile(this.#env);
    if (profile && isProfileOpen(this.#env)) this.#output.warn(`others can read ${file}: chmod 600 ${file}`);
    this.#read = [
      ...(local ? [{ credentials: local, from: LOCAL_FILE }] : []),
      ...(profile ? [{ credentials: profile, from: file }] : []),
    ];
    return this.#read;
  }

  /** The client says what is wrong with a key or an address by a TypeError. */
  #made<T>({ from }: Found, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (error instanceof TypeError) throw new UsageError(`${from}: ${error.message}`);
      throw error;
    }
  }

  #howTo(flag: string, variable: string): string {
    const url = this.#findUrl();
    const where = url ? ` for ${withoutUser(url.value)} (from ${url.from})` : "";
    return `give ${flag}, set ${variable}, or let strongroom login keep one${where}`;
  }
}

/** How long a pause must be that is told. Milliseconds. */
const LONG_MS = 2_000;

/** Says why the command waits, when it first does so for longer than a moment. */
function saidOnce(output: Output): (error: Error, pause: number) => void {
  let isSaid = false;
  return (error, pause) => {
    if (isSaid || pause < LONG_MS) return;
    isSaid = true;
    output.warn(`${visible(error.message)}; trying again in ${Math.round(pause / 1_000)} s`);
  };
}

const NAMES = {
  url: ["url", "STRONGROOM_URL"],
  key: ["key", "STRONGROOM_KEY"],
  adminToken: ["admin-token", "STRONGROOM_ADMIN_TOKEN"],
} as const satisfies Record<keyof Credentials, readonly [keyof AccessFlags, string]>;

/** An address without the name and the password that may stand in it: nothing of them is ever sent. */
export function withoutUser(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/+$/, "");
}

/** The same server, however its address is written. */
const isSame = (one: string, other: string | undefined): boolean =>
  other !== undefined && URL.canParse(one) && URL.canParse(other) && withoutUser(one) === withoutUser(other);
