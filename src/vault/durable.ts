/** Whether the other stores have a write. Whoever wrote waits for that before it is answered. */

import type { Durability } from "../model/vault.ts";
import type { Outbox } from "./state/outbox.ts";
import type { Relay } from "./sync/relay.ts";

/** The last store that must have a write before it is durable. R2 comes after D1. */
export type LastStore = "D1" | "R2";

/** What a write has changed: the changes in (after, rev], or the one at `rev`. None when both are the same. */
export interface Changed {
  readonly rev: number;
  readonly after?: number | undefined;
}

interface Relays {
  readonly relayD1: Relay;
  readonly relayR2: Relay;
}

/** Whether D1 has what was changed. Waits for it up to `DURABLE_WAIT_MS`. D1 does not have what it refuses. */
export async function isRecorded(
  { relayD1 }: Pick<Relays, "relayD1">,
  outbox: Outbox,
  { rev, after = rev - 1 }: Changed,
): Promise<boolean> {
  return rev === after || ((await relayD1.waitFor(rev)) && !outbox.isAnyParked(after, rev));
}

/**
 * Whether D1 has what was changed and, with `last` R2, whether R2 has lost the bodies that were due by then. Waits for
 * each of these up to `DURABLE_WAIT_MS`.
 */
export async function whetherDurable(
  relays: Relays,
  outbox: Outbox,
  changed: Changed,
  last: LastStore = "D1",
): Promise<Durability> {
  const started = Date.now();
  const isDurable =
    (await isRecorded(relays, outbox, changed)) &&
    (last === "D1" || changed.rev === changed.after || (await relays.relayR2.waitFor(changed.rev)));
  return { durable: isDurable, waited: Date.now() - started };
}
