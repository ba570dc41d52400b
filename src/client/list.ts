import { queryOf, type Transport } from "./transport.ts";
import type { CallOptions, IdListParameters, Page } from "./types.ts";

/** The largest page that the server gives: whoever reads a list to its end asks as seldom as can be. */
const LARGEST_PAGE = 200;

/**
 * A list of the API: awaited it is one page, looped over with `for await` it is everything from there on. Nothing is
 * requested before, and no more than one page is held.
 *
 * An `async` function that returns a list awaits it: return `{ list }` or the page.
 */
export class List<T, P extends Page<T> = Page<T>> implements PromiseLike<P>, AsyncIterable<T> {
  readonly #read: (parameters: IdListParameters) => Promise<P>;
  readonly #parameters: IdListParameters;
  readonly #largestPage: number;
  #page: Promise<P> | undefined;

  /** Clients make it: see `assets.list`, `changes.list`, `keys.list` and `vaults.list`. */
  constructor(
    parameters: IdListParameters,
    read: (parameters: IdListParameters) => Promise<P>,
    largestPage: number = LARGEST_PAGE,
  ) {
    this.#parameters = parameters;
    this.#read = read;
    this.#largestPage = largestPage;
  }

  /** The page that was asked for; requested once, however often it is awaited. */
  // oxlint-disable-next-line unicorn/no-thenable -- to be awaited is what it is for
  then<A = P, B = never>(
    onFulfilled?: ((page: P) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#page ??= this.#read(this.#parameters);
    return this.#page.then(onFulfilled, onRejected);
  }

  /** Each item from the page that was asked for to the last one; `limit` is how many are fetched at once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    let parameters = { limit: this.#largestPage, ...this.#parameters };
    for (;;) {
      const { data, cursor, has_more } = await this.#read(parameters);
      yield* data;
      if (!has_more || cursor === null) return;
      parameters = { ...parameters, cursor };
    }
  }
}

/** The list at a path; `item` makes what is given of what was sent. */
export function listAt<Sent, T>(
  transport: Transport,
  path: readonly string[],
  parameters: IdListParameters,
  { signal }: CallOptions,
  item: (sent: Sent) => T,
): List<T> {
  return new List(parameters, (asked) =>
    transport.json({ method: "GET", path, query: queryOf({ ...asked }), signal }, (value) => {
      const { data, cursor, has_more } = value as Page<Sent>;
      return { data: data.map(item), cursor, has_more };
    }),
  );
}
