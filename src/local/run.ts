/** What every command that starts a server does: it opens the state directory, runs the server and greets its user. */

import packageJson from "../../package.json" with { type: "json" };
import { StrongroomAdmin, StrongroomError, type Vaults } from "../client/index.ts";
import type { Build } from "./dist.ts";
import { type Command, helpOf, readOptions } from "./options.ts";
import { onNpmsEnd } from "./processes.ts";
import { startServer } from "./server.ts";
import { type Credentials, StateDirectory } from "./state.ts";
import { OperatorError } from "./operator-error.ts";

/** A command that starts a server. */
export interface Starter {
  readonly command: Command;
  readonly args: readonly string[];
  /** Throws OperatorError when something is missing that a server needs. It is asked before anything is written. */
  readonly check?: () => void;
  /** Gives what is to be run; `directory` is the state directory. */
  readonly build: (directory: string) => Build | Promise<Build>;
  /** Whether npm runs this process, which is then to end with it. */
  readonly endsWithNpm: boolean;
}

/**
 * Starts a server, and says where it is and how to use it. The server then runs until this process is told to end. Throws
 * OperatorError for what the operator can put right.
 */
export async function run({ command, args, check, build, endsWithNpm }: Starter): Promise<void> {
  const options = readOptions(args, command);
  if (options.instead) {
    console.log(options.instead === "help" ? helpOf(command) : packageJson.version);
    return;
  }
  check?.();
  const { host, port, state: path, quiet } = options;
  const state = await StateDirectory.open(path);
  process.on("exit", () => state.close());
  // These handlers are registered before Miniflare's own, which would end with another exit code. On exit, Miniflare
  // ends workerd at once. That loses nothing: whatever was acknowledged is on disk.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(0));
  // npm hands SIGINT and SIGTERM on to its child. Of anything else that ends npm the child hears nothing, and behind a
  // shell it does not hear of these either.
  if (endsWithNpm) onNpmsEnd(() => process.exit(0));

  const secrets = state.secrets();
  const url = await startServer({
    build: await build(state.path),
    host,
    port,
    directory: state.path,
    secrets,
    quiet: quiet ? "requests" : undefined,
  });
  const credentials = await credentialsFor(url, secrets.admin_token, state.credentials());
  state.saveCredentials(credentials);
  console.log(greeting(credentials, path));
}

/** Says in one line what the operator can put right, and everything of another error; then exits. */
export function fail(error: unknown): never {
  const isOperators = error instanceof OperatorError;
  console.error(isOperators ? `strongroom: ${error.message}` : error);
  process.exit(isOperators ? error.exitCode : 1);
}

/**
 * The credentials for whoever starts the server: those of the vault from last time if it is still there, else of a new
 * one.
 */
async function credentialsFor(url: string, adminToken: string, known: Credentials | undefined): Promise<Credentials> {
  const { vaults } = new StrongroomAdmin({ url, token: adminToken });
  if (known && (await isActive(vaults, known.vault_id))) return { ...known, url };
  const { id, secret_key, public_key } = await vaults.create({ name: "local" });
  return { url, admin_token: adminToken, vault_id: id, secret_key, public_key };
}

/** The keys of a vault are shown only once, so they are given up only when the vault itself is gone. */
async function isActive(vaults: Vaults, id: string): Promise<boolean> {
  try {
    return (await vaults.get(id)).status === "active";
  } catch (error) {
    if (error instanceof StrongroomError && error.status === 404) return false;
    throw error;
  }
}

function greeting(c: Credentials, directory: string): string {
  return `Strongroom is ready at ${c.url}

  console      ${c.url}/
  vault        ${c.vault_id}
  secret key   ${c.secret_key}
  public key   ${c.public_key}
  admin token  ${c.admin_token}
  kept in      ${directory}/credentials.json
  reference    ${c.url}/docs

Upload something:

  curl -H 'Authorization: Bearer ${c.secret_key}' -F 'file=Hello from Strongroom;filename=hello.txt' -F partition=marketing -F collection=blog -F channel=hero-images ${c.url}/api/v1/vaults/${c.vault_id}/assets

Ctrl-C stops it.`;
}
