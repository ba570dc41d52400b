import type { IgnoredNames } from "../http/ignored.ts";
import type { Staged } from "./staged.ts";

/**
 * An upload all of whose bytes have come and are good, but for the last calls to R2: nothing of it can be seen there yet.
 * Whoever has it calls one of the two; `abort` also when `store` throws.
 */
export interface Received {
  readonly store: () => Promise<Staged>;
  readonly abort: () => Promise<void>;
  /** Of fields and parameters that uploads do not know. */
  readonly ignored: IgnoredNames;
}
