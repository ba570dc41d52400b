import { StrongroomError } from "./error.ts";
import { List } from "./list.ts";
import { mayRepeat, sleep } from "./retry.ts";
import { inVault, queryOf, type Transport } from "./transport.ts";
import type { CallOptions, ChangesPage, ChangesParameters, WatchOptions } from "./types.ts";
import type { ChangesPage as SentPage } from "../api/types.ts";
import { assetOf } from "./values.ts";

/** The largest page that the server gives. */
const LARGEST_PAGE = 1_000;

/** The longest that the server waits for a change. Seconds. */
const LONGEST_WAIT = 30;

/** An empty answer that came sooner is one of a server that does not wait: it lets only so many wait. Milliseconds. */
const EARLY_MS = 1_000;

/** How long the watch waits then itself. Milliseconds. */
const POLL_MS = 2_000;

/** The first pause of a watch after a failure, which doubles, and the longest one. Milliseconds. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** What changes in a vault: see `Strongroom`. */
export class Changes {
  readonly #transport: Transport;
  readonly #vaultId: string;

  /** @internal */
  constructor(transport: Transport, vaultId: string) {
    this.#transport = transport;
    this.#vaultId = vaultId;
  }

  /**
   * Lists what has changed since `cursor`: each asset that was created, changed or deleted, once, in its latest state, in
   * the order of the changes. Without a cursor that is every asset of the vault. Awaited it is one page, and looped over
   * everything that there is by now.
   *
   * With `wait` the server waits so many seconds, up to 30, for the first change. The cursor `"now"` begins with what
   * changes from now on.
   *
   * @example
   * const { data, cursor, has_more } = await vault.changes.list({ cursor: saved });
   *
   * @throws StrongroomError `CURSOR_EXPIRED`: see {@link watch}
   */
  list(
    parameters: ChangesParameters = {},
    { signal }: CallOptions = {},
  ): List<ChangesPage["data"][number], ChangesPage> {
    return new List(parameters, (asked) => this.#page({ ...parameters, ...asked }, signal), LARGEST_PAGE);
  }

  /**
   * Follows the vault, and never ends by itself: yields each page of changes as soon as it is there, and once, as a page
   * that may be empty, that everything has come so far (`has_more` is false). It goes on by itself after failures that
   * pass; only the first request must succeed.
   *
   * Whoever builds a copy applies a page and then saves its `cursor`, with which the next watch goes on: a page that comes
   * twice does no harm. A change is told before it is in D1. If it is lost with the vault's storage, the cursor is too.
   *
   * @example
   * for await (const { data, cursor } of vault.changes.watch({ cursor: await load(), signal })) {
   *   for (const change of data) {
   *     if (change.type === "asset") copy.set(change.asset.id, change.asset);
   *     else copy.delete(change.id);
   *   }
   *   await save(copy, cursor);
   * }
   *
   * @throws StrongroomError `CURSOR_EXPIRED` when the cursor is older than 30 days, or the vault was lost: start over
   *   without one, and when a page says that there is no more, drop what has not come since. The signal's reason, after
   *   an abort
   */
  async *watch({ cursor, limit = LARGEST_PAGE, signal, onRetry, onAnswer }: WatchOptions = {}): AsyncGenerator<
    ChangesPage,
    void,
    undefined
  > {
    let at = cursor;
    let hasBegun = false;
    let isComplete = false;
    let failures = 0;
    for (;;) {
      const started = Date.now();
      let page: ChangesPage;
      try {
        // The first answer says whether all is well. It also says where `now` is, so it must not be waited for.
        page = await this.#page({ cursor: at, limit, wait: hasBegun ? LONGEST_WAIT : undefined }, signal);
      } catch (error) {
        if (!hasBegun || !(error instanceof StrongroomError) || !mayRepeat({ method: "GET" }, error)) throw error;
        onRetry?.(error);
        await sleep(pauseAfter(failures++, error), signal);
        continue;
      }
      hasBegun = true;
      onAnswer?.();
      failures = 0;
      at = page.cursor;
      const isNewlyComplete = !page.has_more && !isComplete;
      isComplete = !page.has_more;
      if (page.data.length > 0 || isNewlyComplete) yield page;
      else if (isComplete && Date.now() - started < EARLY_MS) await sleep(POLL_MS * (0.5 + Math.random()), signal);
    }
  }

  #page(
    { wait, full, ...parameters }: Given<ChangesParameters>,
    signal: AbortSignal | undefined,
  ): Promise<ChangesPage> {
    const path = inVault(this.#vaultId, "changes");
    const query = queryOf({ ...parameters, wait: wait || undefined, full: full ? "true" : undefined });
    return this.#transport.json({ method: "GET", path, query, signal, extraTime: (wait ?? 0) * 1000 }, (value) => {
      const { data, cursor, has_more } = value as SentPage;
      const changes = data.map((change) =>
        change.type === "asset" ? { ...change, asset: assetOf(change.asset) } : change,
      );
      return { data: changes, cursor, has_more };
    });
  }
}

/** The same fields, which may be undefined too. */
type Given<T> = { [Name in keyof T]: T[Name] | undefined };

/** Milliseconds until a watch goes on. Random, so that those that failed together do not come back together. */
const pauseAfter = (failures: number, { retryAfter = 0 }: StrongroomError): number =>
  Math.max(retryAfter * 1000, Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2));
