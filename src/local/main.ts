import { parseArgs } from "node:util";
import { startServer } from "./server.ts";
import { type Credentials, StateDirectory, UsageError } from "./state.ts";

const USAGE = "npm start -- [--port 8787] [--host 127.0.0.1] [--state .strongroom]";

interface Options {
  host: string;
  port: number;
  state: string;
}

function options(): Options {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8787" },
        host: { type: "string", default: "127.0.0.1" },
        state: { type: "string", default: ".strongroom" },
      },
    });
    const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
    if (!(port <= 65_535)) throw new Error("--port must be a number from 0 to 65535");
    return { port, host: values.host, state: values.state };
  } catch (error) {
    throw new UsageError(`${(error as Error).message}; usage: ${USAGE}`);
  }
}

/** A vault for whoever starts the server: the one from last time if it is still there. */
async function credentialsFor(url: string, adminToken: string, known: Credentials | undefined): Promise<Credentials> {
  const admin = { Authorization: `Bearer ${adminToken}`, "Content-Type": "application/json" };
  if (known) {
    const response = await fetch(`${url}/api/v1/vaults/${known.vault_id}`, { headers: admin });
    const body = (await response.json()) as { status?: string };
    if (response.ok && body.status === "active") return { ...known, url };
    // Its keys are shown only once: they are given up only when the vault itself is gone.
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
  const { host, port, state: path } = options();
  const state = await StateDirectory.open(path);
  process.on("exit", () => state.close());
  // Registered before Miniflare's own, which would end with another code. On exit it ends workerd, at once: whatever was
  // acknowledged is on disk.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(0));

  const secrets = state.secrets();
  const url = await startServer({ host, port, directory: state.path, secrets });
  const credentials = await credentialsFor(url, secrets.admin_token, state.credentials());
  state.saveCredentials(credentials);
  console.log(greeting(credentials, path));
}

run().catch((error: unknown) => {
  console.error(error instanceof UsageError ? `strongroom: ${error.message}` : error);
  process.exit(1);
});
