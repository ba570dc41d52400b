/**
 * What all caches of an isolate hold together, out of its 128 MB: at two bytes a character, 16 MB. As much as the two caches
 * of one vault may hold. Characters.
 */
export const ISOLATE_CACHE_SIZE = 8_000_000;

/** An answer that is larger than this part of its cache is not kept: it would drive out too many others. */
const LARGEST_PART = 1 / 8;

/** What a cache tells of itself to {@link CacheSpace}. */
interface Evictable {
  readonly size: number;
  /** Forgets the oldest answer. */
  evict(): void;
}

/**
 * Bounds the caches of all vaults whose objects live in one isolate together: of the one that was used least recently the
 * answers go first. A cache whose object has been evicted stays known until its turn comes; nobody is told of an eviction.
 */
class CacheSpace {
  /** Those that hold something; the least recently used stands first. */
  readonly #caches = new Set<Evictable>();
  #latest: Evictable | undefined;
  #size = 0;

  use(cache: Evictable): void {
    if (cache === this.#latest) return;
    this.#latest = cache;
    if (this.#caches.delete(cache)) this.#caches.add(cache);
  }

  /** Says that a cache, the last one used, has grown or shrunk. */
  changed(cache: Evictable, by: number): void {
    this.#size += by;
    if (cache.size === 0) this.#caches.delete(cache);
    if (by <= 0) return;
    this.#caches.add(cache);
    for (const oldest of this.#caches) {
      while (this.#size > ISOLATE_CACHE_SIZE && oldest.size > 0) oldest.evict();
      if (this.#size <= ISOLATE_CACHE_SIZE) return;
    }
  }
}

const space = new CacheSpace();

/**
 * Answers kept ready in a vault's memory. The vault is the only writer of what they are made of, so they are exact: what
 * changes an asset, or the list, forgets them in the same turn. Bounded in size, and all caches of the isolate together are
 * too; the oldest go first.
 */
export class AnswerCache<T extends { readonly body: string }> implements Evictable {
  readonly #limit: number;
  readonly #answers = new Map<string, T>();
  #size = 0;

  /** @param limit characters of all bodies together */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): T | undefined {
    space.use(this);
    return this.#answers.get(key);
  }

  /** Keeps an answer, unless it alone would fill much of the cache. */
  set(key: string, answer: T): T {
    if (answer.body.length > this.#limit * LARGEST_PART) return answer;
    this.delete(key);
    this.#answers.set(key, answer);
    space.use(this);
    this.#changed(answer.body.length);
    while (this.#size > this.#limit) this.evict();
    return answer;
  }

  delete(key: string): void {
    const answer = this.#answers.get(key);
    if (!answer) return;
    this.#answers.delete(key);
    this.#changed(-answer.body.length);
  }

  evict(): void {
    for (const oldest of this.#answers.keys()) return this.delete(oldest);
  }

  clear(): void {
    this.#answers.clear();
    this.#changed(-this.#size);
  }

  #changed(by: number): void {
    this.#size += by;
    space.changed(this, by);
  }
}
