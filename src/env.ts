/** The bindings and secrets of wrangler.toml. */
export interface Env {
  /** One object for each vault, by its id. It is called through vault/client.ts. */
  VAULT: DurableObjectNamespace;
  BUCKET: R2Bucket;
  /** The first D1 shard. An operator may bind `DB_1` to `DB_31` beside it. */
  DB: D1Database;
  [shard: `DB_${number}`]: D1Database | undefined;
  ADMIN_TOKEN: string;
  KEY_SECRET: string;
  /** The former KEY_SECRET. Keys that it signed stay good while they are replaced. */
  KEY_SECRET_PREVIOUS?: string;
  /**
   * How old a body without an asset must be before it is deleted (a day when not set), and how often to look for such
   * bodies (once a week when not set). Seconds.
   */
  RECONCILE_GRACE_SECONDS?: string;
  RECONCILE_EVERY_SECONDS?: string;
  /**
   * The host in the names of what the Worker's own cache keeps. Set where clients reach the Worker by any Host that they
   * make up, so that one file cannot fill the cache. Elsewhere the names have the host of the request.
   */
  CACHE_HOST?: string;
  /** The static files: the console and the reference page. Tests of the Worker alone have none. */
  ASSETS?: Fetcher;
}
