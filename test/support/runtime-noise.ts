/**
 * What workerd itself prints when tests do what they are there for: they break an upload off while R2 takes it, look at
 * what R2 returns for a multipart upload, and run a vault's alarm by hand. The pool writes each such message by one
 * call, past vitest's own filter of logs. No other message may be dropped: anything else that workerd prints is news.
 */
const EXPECTED = [
  /^exception = workerd\/api\/streams\/internal\.c\+\+:\d+: disconnected: pump canceled\n(?:stack: .*\n?)?$/,
  /^NOSENTRY SQLite alarm handler canceled with requestScheduledAlarm\..*\n?$/,
  /^NOSENTRY R2MultipartUpload::get(?:Key|UploadId) called\n?$/,
];

export const isExpected = (text: string): boolean => EXPECTED.some((pattern) => pattern.test(text));

/** Drops these messages from what is written to a stream from now on. */
export function dropExpectedNoise(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  stream.write = (...args: unknown[]): boolean =>
    typeof args[0] === "string" && isExpected(args[0]) ? true : write(...args);
}
