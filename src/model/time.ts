/** `2026-01-15T10:30:00Z`: UTC to the second, the one time format of the API. `ms` is epoch milliseconds. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** What {@link within} rejects with when the time is up. */
export class TimeoutError extends Error {}

/** Settles like `promise`, or rejects with TimeoutError after `ms`. The promise itself goes on; its late failure is swallowed. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
