/**
 * A server on this machine: a Worker in workerd, with local stand-ins for D1, R2 and Durable Objects
 * (docs/decisions/017-miniflare-for-npm-start.md).
 */

import { createServer } from "node:net";
import { migrate } from "../d1/migrate.ts";
import { CACHE } from "../http/edge-cache.ts";
import { MAX_CACHE_SECONDS } from "../model/limits.ts";
import type { Build } from "./dist.ts";
import { DATABASES } from "./layout.ts";
import { printer, type Quiet } from "./output.ts";
import { OWNER_VARIABLE, type Secrets } from "./state.ts";
import { OperatorError } from "./operator-error.ts";

/** The Worker of the static files. The other one has it as a service: in front, it would slow every request. */
const SITE = "site";

/**
 * Here a client is served whatever Host it sends. Were that in the names of what the cache keeps, anybody who has seen a
 * delivery URL could fill the disk with copies of one file.
 */
const CACHE_HOST = "cache.invalid";

/** The code that answers where the site has no file. */
const NO_SUCH_FILE = "export default { fetch: () => new Response(null, { status: 404 }) };";

/**
 * How often the cache of delivered files is emptied: Miniflare forgets nothing that is not asked for again. What is kept
 * longest is kept for a day. Milliseconds.
 */
const CACHE_EMPTIED_MS = MAX_CACHE_SECONDS * 1000;

/**
 * Runs a build in workerd, with all its data under `directory`, until this process exits. Returns the URL where clients
 * reach it, without a trailing slash. Throws OperatorError when the address cannot be had.
 */
export async function startServer(options: {
  build: Build;
  host: string;
  port: number;
  directory: string;
  secrets: Secrets;
  /** The part of the Worker's log that is dropped. All of it is printed unless this is given. */
  quiet?: Quiet | undefined;
}): Promise<string> {
  const { build, host, port, directory, secrets } = options;
  const { config, code, site } = build;
  await checkAddress(host, port);
  // Not above: whoever installs the package for the client alone has no Miniflare.
  const { Log, LogLevel, Miniflare } = await import("miniflare");
  // workerd inherits this variable: see StateDirectory.open.
  process.env[OWNER_VARIABLE] = directory;
  const miniflare = new Miniflare({
    workers: [
      {
        config: {
          ...config,
          manifest: {
            mainModule: "worker.js",
            modulesRoot: directory,
            modules: { "worker.js": { type: "esm", contents: code } },
          },
          env: {
            ...config.env,
            ASSETS: { type: "worker", worker: SITE },
            ...texts({
              ADMIN_TOKEN: secrets.admin_token,
              KEY_SECRET: secrets.key_secret,
              KEY_SECRET_PREVIOUS: secrets.key_secret_previous ?? "",
              CACHE_HOST,
              ...settings(),
            }),
          },
        },
        // Clients go straight to the Worker, because Miniflare's own entry would halve the request rate.
        dev: { unsafeDirectSockets: [{ host, port }], unsafeRegisterWorker: false },
      },
      {
        config: {
          name: SITE,
          compatibilityDate: config.compatibilityDate,
          assets: { directory: site, hasUserWorker: true },
          manifest: {
            mainModule: "site.js",
            modulesRoot: directory,
            modules: { "site.js": { type: "esm", contents: NO_SUCH_FILE } },
          },
        },
        dev: { unsafeRegisterWorker: false },
      },
    ],
    resourcePersistencePath: directory,
    host: "127.0.0.1",
    port: 0,
    handleStructuredLogs: printer(options.quiet),
    logRequests: false,
    enableDevRegistry: false, // It would share state with every other Worker of this user.
    cf: false, // It would be fetched from the network.
    log: new Log(LogLevel.ERROR),
  });
  setInterval(() => void miniflare.purgeCache(CACHE).catch(() => {}), CACHE_EMPTIED_MS).unref();
  const url = await miniflare.unsafeGetDirectURL(config.name);
  for (const binding of Object.keys(DATABASES)) await migrate(await miniflare.getD1Database(binding), build.migrations);
  return url.origin;
}

const texts = (values: Record<string, string>): Record<string, { type: "text"; value: string }> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { type: "text", value }]));

/** Throws when the address cannot be had. The system is asked first, because workerd says only that it failed. */
async function checkAddress(host: string, port: number): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once("error", reject);
      probe.listen({ host, port, exclusive: true }, resolve);
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === "EADDRINUSE" ? "the port is in use" : code === "EACCES" ? "that is not permitted" : (code ?? message);
    throw new OperatorError(`cannot listen on ${host}:${port}: ${why}`);
  } finally {
    await new Promise((resolve) => probe.close(resolve));
  }
}

/** The Worker's optional settings, from the environment as on any server. */
function settings(): Record<string, string> {
  const names = ["RECONCILE_GRACE_SECONDS", "RECONCILE_EVERY_SECONDS"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
