/** How a vault is managed: its settings and its keys. What is answered with success outlives any rebuild. */

import { ACTS_ALREADY, type Result, unavailable } from "../model/refusal.ts";
import type { VaultChange } from "../model/settings.ts";
import { type Actor, type Key, type KeyChange, type NewKey, THE_VAULT } from "../model/vault.ts";
import type { LiveVault } from "./live.ts";
import { changeVault } from "./state/settings.ts";

/** Changes the vault's name and settings, which act at once. 503 while D1 does not have them. */
export async function updateVault(live: LiveVault, actor: Actor, change: VaultChange): Promise<Result> {
  const outcome = await live.write(actor, changeVault(change), "urgent");
  if (!outcome.ok) return outcome;
  const { queued = 0 } = outcome;
  if (await live.recorded(outcome.rev)) return { ok: true, queued };
  return unavailable(ACTS_ALREADY);
}

/** Stores a key whose token nobody has seen yet. Only a key that D1 has too is created. Otherwise 503, and no key. */
export async function createKey(live: LiveVault, actor: Actor, key: NewKey): Promise<Result<{ key: Key }>> {
  const outcome = await live.write(actor, live.keyring.create(key), "apart");
  if (!outcome.ok) return outcome;
  const { queued = 0 } = outcome;
  if (await live.recorded(outcome.key.rev)) return { ok: true, key: live.keyring.shown(outcome.key), queued };
  await live.write(THE_VAULT, live.keyring.revoke(key.id), "vital");
  return unavailable("the key could not be recorded and was not created");
}

/** Changes a key. The change acts at once. 503 while D1 does not have it. */
export async function updateKey(
  live: LiveVault,
  actor: Actor,
  id: string,
  change: KeyChange,
): Promise<Result<{ key: Key }>> {
  const outcome = await live.write(actor, live.keyring.update(id, change), "urgent");
  if (!outcome.ok) return outcome;
  const { queued = 0 } = outcome;
  if (await live.recorded(outcome.key.rev)) return { ok: true, key: live.keyring.shown(outcome.key), queued };
  return unavailable(ACTS_ALREADY);
}

/** Revokes a key at once in any case. 503 while D1 does not have that. */
export async function revokeKey(live: LiveVault, actor: Actor, id: string): Promise<Result> {
  const outcome = await live.write(actor, live.keyring.revoke(id), "vital");
  if (!outcome.ok) return outcome;
  const { queued = 0 } = outcome;
  if (await live.recorded(outcome.key.rev)) return { ok: true, queued };
  return unavailable("the key is revoked, but that could not be recorded yet: repeat the call");
}
