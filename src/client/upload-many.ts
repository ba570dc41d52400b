import type {
  FileSource,
  FileWithFields,
  NewAssetFields,
  Progress,
  StoredAsset,
  UploadManyOptions,
  UploadOptions,
  UploadOutcome,
} from "./types.ts";

/** An iterable of files. It may be of any length, and asynchronous. */
export type Files<T> = Iterable<T> | AsyncIterable<T>;

/** Uploads files to a path, each with the fields that it may have of its own. See {@link uploadEach}. */
export function uploadItems<T extends File | FileWithFields>(
  files: Files<T>,
  path: Omit<NewAssetFields, "filename">,
  { onProgress, ...how }: UploadManyOptions<T> & { concurrency: number },
  upload: (file: FileSource, fields: NewAssetFields, options: UploadOptions) => Promise<StoredAsset>,
): AsyncGenerator<UploadOutcome<T>, void, undefined> {
  const uploadOne = (item: T, signal: AbortSignal): Promise<StoredAsset> => {
    const { file, size, contentType, ...own } = "file" in item ? item : ({ file: item } as FileWithFields);
    const progress = onProgress && { onProgress: (now: Progress) => onProgress({ ...now, file: item }) };
    return upload(file, { ...path, ...own }, { size, contentType, signal, ...progress });
  };
  return uploadEach(files, uploadOne, how);
}

/**
 * Uploads files, some at a time, and yields what became of each as soon as it is known. The next file is asked for when there
 * is room for it: what is held does not depend on how many there are.
 *
 * @param upload uploads one file; the signal ends it
 */
export async function* uploadEach<T>(
  files: Files<T>,
  upload: (file: T, signal: AbortSignal) => Promise<StoredAsset>,
  { signal, concurrency }: Pick<UploadManyOptions<T>, "signal"> & { concurrency: number },
): AsyncGenerator<UploadOutcome<T>, void, undefined> {
  if (!(concurrency >= 1)) throw new TypeError("concurrency: must be at least 1");
  signal?.throwIfAborted();
  const source = Symbol.asyncIterator in files ? files[Symbol.asyncIterator]() : files[Symbol.iterator]();
  const controller = new AbortController();
  const outcomes: UploadOutcome<T>[] = [];
  const running = new Set<Promise<void>>();
  let isAsking = false;
  let isOver = false;
  let failure: { error: unknown } | undefined;
  // Not a race of all that run: a long one would keep something of every other that ended meanwhile.
  let wake = (): void => {};
  const change = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  const stop = (): void => {
    controller.abort(signal?.reason);
    isOver = true;
    wake();
  };

  const run = async (file: T): Promise<void> => {
    try {
      outcomes.push({ file, asset: await upload(file, controller.signal) });
    } catch (error) {
      // What was stopped has not failed.
      if (!controller.signal.aborted)
        outcomes.push({ file, error: error instanceof Error ? error : new Error(String(error)) });
    }
  };
  const start = (file: T): void => {
    const ended = run(file).finally(() => {
      running.delete(ended);
      wake();
    });
    running.add(ended);
  };
  const ask = async (): Promise<void> => {
    isAsking = true;
    try {
      const next = await source.next();
      if (next.done) isOver = true;
      else if (!isOver) start(next.value);
    } catch (error) {
      failure = { error };
      isOver = true;
    }
    isAsking = false;
    wake();
  };

  signal?.addEventListener("abort", stop);
  let isComplete = false;
  try {
    for (;;) {
      if (!isOver && !isAsking && running.size + outcomes.length < concurrency) void ask();
      const outcome = outcomes.shift();
      if (outcome) yield outcome;
      else if (running.size > 0 || !isOver) await change();
      else break;
    }
    isComplete = !signal?.aborted;
    signal?.throwIfAborted();
    if (failure) throw failure.error;
  } finally {
    signal?.removeEventListener("abort", stop);
    if (!isComplete) {
      stop();
      // Not waited for: it may be waiting for a file itself.
      void (async () => source.return?.())().catch(() => {});
      await Promise.all(running);
    }
  }
}
