import type { Env } from "../env.ts";
import { shardNumber } from "../model/id.ts";

/** The last character of a vault id, one of 32, can tell this many databases apart. */
const MAX_SHARDS = 32;

/** Every bound D1 database in order: `DB`, `DB_1`, … without a gap. */
export function shards(env: Env): D1Database[] {
  const found = [env.DB];
  for (let n = 1; n < MAX_SHARDS; n++) {
    const db = env[`DB_${n}`];
    if (!db) break;
    found.push(db);
  }
  return found;
}

/** The database that holds a vault, or undefined when its id names one that is not bound: no such vault was made here. */
export const shardOf = (env: Env, vaultId: string): D1Database | undefined => shards(env)[shardNumber(vaultId)];
