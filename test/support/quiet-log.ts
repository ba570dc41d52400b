/** Drops the Worker's own log, one line a request, where it is written: to send it to vitest takes longer than most requests. */

for (const method of ["log", "error"] as const) {
  const print = console[method].bind(console);
  console[method] = (...args: unknown[]) => {
    if (typeof args[0] !== "string" || !args[0].startsWith('{"event":')) print(...args);
  };
}
