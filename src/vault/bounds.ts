/** The settings of a live vault as they act: parsed, with the token bucket of its rate. */

import { parseSettings, UNCHANGED, type VaultSettings } from "../model/settings.ts";
import { TokenBucket } from "./rate.ts";

export class Bounds {
  #text = UNCHANGED;
  #settings: Readonly<VaultSettings> = parseSettings(UNCHANGED);
  #rate: TokenBucket | undefined;

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

  /** Takes over settings that may have changed. A rate that stays the same keeps its tokens. */
  learn(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#settings = parseSettings(text);
    const limit = this.#settings.requests_per_second;
    if (limit !== (this.#rate?.limit ?? null)) this.#rate = limit === null ? undefined : new TokenBucket(limit);
  }
}
