/**
 * Answers kept ready in a vault's memory. The vault is the only writer of what they are made of, so they are exact: what
 * changes an asset, or the list, forgets them in the same turn. Bounded in size; the oldest go first.
 */
export class AnswerCache<T extends { readonly body: string }> {
  readonly #limit: number;
  readonly #answers = new Map<string, T>();
  #size = 0;

  /** @param limit characters of all bodies together */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): T | undefined {
    return this.#answers.get(key);
  }

  /** Keeps an answer, unless it alone would fill much of the cache. */
  set(key: string, answer: T): T {
    if (answer.body.length > this.#limit / 8) return answer;
    this.delete(key);
    this.#answers.set(key, answer);
    this.#size += answer.body.length;
    for (const oldest of this.#answers.keys()) {
      if (this.#size <= this.#limit) break;
      this.delete(oldest);
    }
    return answer;
  }

  delete(key: string): void {
    const answer = this.#answers.get(key);
    if (!answer) return;
    this.#answers.delete(key);
    this.#size -= answer.body.length;
  }

  clear(): void {
    this.#answers.clear();
    this.#size = 0;
  }
}
