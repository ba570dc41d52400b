/** Prints the log of the Worker, or leaves it out. */

import type { WorkerdStructuredLog } from "miniflare";

/** The part of the Worker's log that is not printed: the line of each request, or all of it. */
export type Quiet = "requests" | "all";

/**
 * Prints what the Worker and workerd log, a line each. Errors and warnings go to standard error, and all else to
 * standard output.
 */
export function printer(quiet: Quiet | undefined): (log: WorkerdStructuredLog) => void {
  if (quiet === "all") return () => {};
  return ({ level, message }) => {
    if (quiet === "requests" && isRequest(message)) return;
    (level === "error" || level === "warn" ? process.stderr : process.stdout).write(`${message}\n`);
  };
}

/** Whether a line is what `ApiRequest.log` prints, and nothing else. */
const isRequest = (line: string): boolean => line.startsWith('{"event":"request",');
