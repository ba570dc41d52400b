import type { WorkerdStructuredLog } from "miniflare";

/** What of the Worker's log is not printed: the line of each request, or all of it. */
export type Quiet = "requests" | "all";

/** Prints what the Worker and workerd log, a line each: errors and warnings to standard error, all else to standard output. */
export function printer(quiet: Quiet | undefined): (log: WorkerdStructuredLog) => void {
  if (quiet === "all") return () => {};
  return ({ level, message }) => {
    if (quiet === "requests" && isRequest(message)) return;
    (level === "error" || level === "warn" ? process.stderr : process.stdout).write(`${message}\n`);
  };
}

/** What `ApiRequest.log` prints, and nothing else. */
const isRequest = (line: string): boolean => line.startsWith('{"event":"request",');
