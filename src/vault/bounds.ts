/** The settings of a live vault as they act: parsed, with the token bucket of its rate. */

import { DEFAULT_CACHE_SECONDS } from "../model/limits.ts";
import type { ImportState } from "../model/import.ts";
import { importOf, parseSettings, UNCHANGED, type VaultSettings } from "../model/settings.ts";
import type { Actor } from "../model/vault.ts";
import { TokenBucket } from "./rate.ts";
import type { Keyring } from "./state/keyring.ts";

/** For how long caches may use what a delivery key is given, as far as that key lives. Nothing for anybody else. */
export function cacheSeconds(
  { bounds, keyring }: { bounds: Bounds; keyring: Keyring },
  actor: Actor,
): { cacheSeconds?: number } {
  if (actor.kind !== "key" || actor.type !== "delivery") return {};
  const { cache_seconds } = bounds.settings;
  return { cacheSeconds: Math.min(cache_seconds ?? DEFAULT_CACHE_SECONDS, keyring.secondsLeft(actor)) };
}

export class Bounds {
  #text = UNCHANGED;
  #settings: Readonly<VaultSettings> = parseSettings(UNCHANGED);
  #rate: TokenBucket | undefined;
  #import: ImportState | undefined;

  /** @param text the settings as the vault's row has them */
  constructor(text: string) {
    this.learn(text);
  }

  get settings(): Readonly<VaultSettings> {
    return this.#settings;
  }

  /** Undefined when no rate is set. */
  get rate(): TokenBucket | undefined {
    return this.#rate;
  }

  /** How the vault's import stands. Undefined when there was none. */
  get import(): ImportState | undefined {
    return this.#import;
  }

  /** Whether an import is under way. */
  get isImporting(): boolean {
    return this.#import?.isDone === false;
  }

  /** Takes over settings that may have changed. A rate that stays the same keeps its tokens. */
  learn(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#settings = parseSettings(text);
    this.#import = importOf(text);
    const limit = this.#settings.requests_per_second;
    if (limit !== (this.#rate?.limit ?? null)) this.#rate = limit === null ? undefined : new TokenBucket(limit);
  }
}
