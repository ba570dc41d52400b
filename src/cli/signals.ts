import { constants } from "node:os";

/** The program was told to end. */
export class SignalReceived extends Error {
  /** As a shell says it of a program that a signal ended. */
  readonly exitCode: number;

  constructor(name: "SIGINT" | "SIGTERM" | "SIGHUP") {
    super(`received ${name}`);
    this.exitCode = 128 + constants.signals[name];
  }
}

/** Lets a signal end what is under way, so that it can say what is done and leave nothing half. A second one ends at once. */
export function onSignals(controller: AbortController): void {
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      const reason = new SignalReceived(name);
      if (controller.signal.aborted) process.exit(reason.exitCode);
      controller.abort(reason);
    });
  }
}
