/**
 * Does something to each item, `width` of them at a time. The next item is asked for when there is room for it: what is held
 * does not depend on how many there are. The first failure ends it: nothing more is begun, what is under way is waited for,
 * and then it rejects with that failure.
 */
export async function each<T>(
  items: AsyncIterable<T> | Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let failure: { error: unknown } | undefined;
  let isOver = false;
  const worker = async (): Promise<void> => {
    while (!isOver) {
      try {
        const next = await source.next();
        if (next.done === true) isOver = true;
        else if (!isOver) await work(next.value);
      } catch (error) {
        failure ??= { error };
        isOver = true;
      }
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  if (!failure) return;
  await source.return?.();
  throw failure.error;
}
