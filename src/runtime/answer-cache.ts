/**
 * Caches of answers, bounded together. A vault keeps its answers ready in them, and all vaults of an isolate share its
 * memory.
 */

/**
 * How much all caches of an isolate hold together, in characters. At two bytes a character this is 16 MB of the
 * isolate's 128. It is as much as the two caches of one vault may hold.
 */
export const ISOLATE_CACHE_SIZE = 8_000_000;

/** An answer that is larger than this part of its cache is not kept, because it would drive out too many others. */
const LARGEST_PART = 1 / 8;

/** What {@link CacheSpace} needs of a cache. */
interface Evictable {
  readonly size: number;
  /** Forgets the oldest answer. */
  evict(): void;
}

/**
 * Bounds the caches of all vaults whose objects live in one isolate together. The cache that was used least recently
 * loses its answers first. A cache whose object was evicted stays known until its turn comes, because nobody is told of
 * an eviction.
 */
class CacheSpace {
  /** The caches that hold something, the least recently used first. */
  readonly #caches = new Set<Evictable>();
  #latest: Evictable | undefined;
  #size = 0;

  use(cache: Evictable): void {
    if (cache === this.#latest) return;
    this.#latest = cache;
    if (this.#caches.delete(cache)) this.#caches.add(cache);
  }

  /** Says that a cache has grown or shrunk. It is the one that was used last. */
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
 * Answers that are kept ready in a vault's memory. The vault is the only writer of what they are made of. Whatever
 * changes an asset, or the list, forgets its answers in the same turn, so they are exact. Each cache is bounded in
 * size, and so are all caches of the isolate together. The oldest answers go first.
 */
export class AnswerCache<T extends { readonly body: string }> implements Evictable {
  readonly #limit: number;
  readonly #answers = new Map<string, T>();
  #size = 0;

  /** @param limit how many characters all bodies together may have */
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
