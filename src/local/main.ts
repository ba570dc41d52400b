/** `npm start`: runs the server on this machine, with a vault for whoever starts it, and prints how to use it. */

import packageJson from "../../package.json" with { type: "json" };
import { HELP, quietHint, readOptions } from "./options.ts";
import { onParentsEnd } from "./processes.ts";
import { startServer } from "./server.ts";
import { type Credentials, StateDirectory } from "./state.ts";
import { UsageError } from "./usage-error.ts";

/**
 * The credentials for whoever starts the server: those of the vault from last time if it is still there, else of a new
 * one.
 */
async function credentialsFor(url: string, adminToken: string, known: Credentials | undefined): Promise<Credentials> {
  const admin = { Authorization: `Bearer ${adminToken}`, "Content-Type": "application/json" };
  if (known) {
    const response = await fetch(`${url}/api/v1/vaults/${known.vault_id}`, { headers: admin });
    const body = (await response.json()) as { status?: string };
    if (response.ok && body.status === "active") return { ...known, url };
    // The keys of a vault are shown only once, so they are given up only when the vault itself is gone.
    if (!response.ok && response.status !== 404)
      throw new Error(`the vault could not be asked for: ${response.status}`);
  }
  const response = await fetch(`${url}/api/v1/vaults`, {
    method: "POST",
    headers: admin,
    body: JSON.stringify({ name: "local" }),
  });
  if (response.status !== 201) throw new Error(`the first vault could not be created: ${await response.text()}`);
  const vault = (await response.json()) as { id: string; secret_key: string; public_key: string };
  return {
    url,
    admin_token: adminToken,
    vault_id: vault.id,
    secret_key: vault.secret_key,
    public_key: vault.public_key,
  };
}

function greeting(c: Credentials, directory: string): string {
  return `Strongroom is ready at ${c.url}

  vault        ${c.vault_id}
  secret key   ${c.secret_key}
  public key   ${c.public_key}
  admin token  ${c.admin_token}
  kept in      ${directory}/credentials.json

Upload something:

  curl -H 'Authorization: Bearer ${c.secret_key}' -F 'file=Hello from Strongroom;filename=hello.txt' -F partition=marketing -F collection=blog -F channel=hero-images ${c.url}/api/v1/vaults/${c.vault_id}/assets

Ctrl-C stops it.`;
}

async function run(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.instead) {
    console.log(options.instead === "help" ? HELP : packageJson.version);
    return;
  }
  const { host, port, state: path, quiet } = options;
  const state = await StateDirectory.open(path);
  process.on("exit", () => state.close());
  // These handlers are registered before Miniflare's own, which would end with another exit code. On exit, Miniflare
  // ends workerd at once. That loses nothing: whatever was acknowledged is on disk.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(0));
  // npm hands SIGINT and SIGTERM on to its child. Of anything else that ends npm, the child hears nothing.
  if (process.env["npm_lifecycle_event"] === "start") onParentsEnd(() => process.exit(0));

  const secrets = state.secrets();
  const url = await startServer({ host, port, directory: state.path, secrets, quiet: quiet ? "requests" : undefined });
  const credentials = await credentialsFor(url, secrets.admin_token, state.credentials());
  state.saveCredentials(credentials);
  console.log(greeting(credentials, path));
  const hint = quietHint(options, process.env);
  if (hint) console.error(`strongroom: ${hint}`);
}

run().catch((error: unknown) => {
  console.error(error instanceof UsageError ? `strongroom: ${error.message}` : error);
  process.exit(1);
});
