/** Which D1 database holds which vault. An operator may bind several, because one holds 10 GB. */

import type { Env } from "../env.ts";
import { shardNumber } from "../model/id.ts";

/** The last character of a vault id, one of 32, can tell this many databases apart. */
const MAX_SHARDS = 32;

/** All bound D1 databases in order: `DB`, `DB_1` and so on, up to the first gap. */
export function shards(env: Env): D1Database[] {
  const found = [env.DB];
  for (let n = 1; n < MAX_SHARDS; n++) {
    const db = env[`DB_${n}`];
    if (!db) break;
    found.push(db);
  }
  return found;
}

/** The database that holds a vault. Undefined when its id names one that is not bound: that vault was not made here. */
export const shardOf = (env: Env, vaultId: string): D1Database | undefined => shards(env)[shardNumber(vaultId)];
