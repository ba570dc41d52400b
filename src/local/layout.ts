/*
 * Where a server on this machine keeps what, and under which names. Other names would find nothing of what was stored under
 * these, without a word: none of them ever changes.
 */

/**
 * The state directory, unless another one is named: in the folder where the server is started. `wrangler dev` keeps its
 * own data elsewhere, in `.wrangler`, so neither can spoil what the other has.
 */
export const STATE = ".strongroom";

/** The folders of a state directory in which Miniflare keeps Durable Objects, D1 and R2. Miniflare chose the names. */
export const DATA = { objects: "do", databases: "d1", bodies: "r2" } as const;

/** The folder in which Miniflare keeps the Worker's own cache. Nothing in it is needed by the next start. */
export const CACHE = "cache";

/**
 * The D1 shards by binding, with their ids. There are two, so that nothing comes to rely on there being one. D1's files
 * are named after the ids.
 */
export const DATABASES = { DB: "strongroom-0", DB_1: "strongroom-1" } as const;
