/** The bindings and secrets of wrangler.toml. */
export interface Env {
  /** One object per vault, by its id; vault/client.ts calls it. */
  VAULT: DurableObjectNamespace;
  BUCKET: R2Bucket;
  /** The first D1 shard; an operator may bind `DB_1` … `DB_31` beside it. */
  DB: D1Database;
  [shard: `DB_${number}`]: D1Database | undefined;
  ADMIN_TOKEN: string;
  KEY_SECRET: string;
  /** The former KEY_SECRET: keys it signed stay good while they are replaced. */
  KEY_SECRET_PREVIOUS?: string;
  /** How old a body without an asset must be before it is deleted (default a day), and how often to look (a week). */
  RECONCILE_GRACE_SECONDS?: string;
  RECONCILE_EVERY_SECONDS?: string;
}
