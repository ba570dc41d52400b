import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { startServer } from "../src/local/server.ts";

const ADMIN_TOKEN = "bench-admin-token-0123456789-0123456789";

/** A vault that the bench may write to. */
export interface Target {
  readonly url: string;
  readonly vaultId: string;
  readonly key: string;
}

/** Where the ceilings are measured. */
export interface Ceiling {
  readonly url: string;
  stop(): Promise<void>;
}

/** A fresh local server in a directory of its own, which also makes vaults. */
export async function localServer(directory: string): Promise<{ url: string; vault: () => Promise<Target> }> {
  rmSync(directory, { recursive: true, force: true });
  const url = await startServer({
    host: "127.0.0.1",
    port: 0,
    quiet: true,
    directory: join(directory, "server"),
    secrets: { admin_token: ADMIN_TOKEN, key_secret: "bench-key-secret-0123456789-0123456789" },
  });
  const vault = async (): Promise<Target> => {
    const response = await fetch(`${url}/api/v1/vaults`, {
      method: "POST",
      headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Type": "application/json" },
      body: JSON.stringify({ name: "bench" }),
    });
    if (response.status !== 201) throw new Error(`no vault: ${await response.text()}`);
    const { id, secret_key } = (await response.json()) as { id: string; secret_key: string };
    return { url, vaultId: id, key: secret_key };
  };
  return { url, vault };
}

/** The probe Worker, on the same kind of storage as the server it is compared with. */
export async function probe(directory: string): Promise<Ceiling> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "probe.ts")],
    bundle: true,
    format: "esm",
    external: ["cloudflare:*"],
    write: false,
  });
  const miniflare = new Miniflare({
    name: "probe",
    modules: [{ type: "ESModule", path: "probe.js", contents: outputFiles[0]?.text ?? "" }],
    compatibilityDate: "2026-07-22",
    durableObjects: { PROBE: { className: "Probe", useSQLite: true } },
    d1Databases: { DB: "probe" },
    r2Buckets: { BUCKET: "probe" },
    durableObjectsPersist: join(directory, "probe", "do"),
    d1Persist: join(directory, "probe", "d1"),
    r2Persist: join(directory, "probe", "r2"),
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    cf: false,
  });
  const { origin } = await miniflare.unsafeGetDirectURL("probe");
  await fetch(`${origin}/setup`);
  return { url: origin, stop: () => miniflare.dispose() };
}
