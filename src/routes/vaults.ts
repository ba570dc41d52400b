/** The handlers of vaults: create, list, get, change, reconcile, clear the lost windows, delete. */

import { mintToken } from "../http/auth.ts";
import { ENDPOINTS } from "../api/endpoints.ts";
import { readBody } from "../http/json.ts";
import { logError } from "../runtime/log.ts";
import type { ApiRequest, Handler } from "../http/request.ts";
import { idPage } from "../http/pagination.ts";
import { durability, json } from "../http/reply.ts";
import { parseParameters } from "../api/parse.ts";
import { isVaultId, newKeyId, newVaultId } from "../model/id.ts";
import { type Result, unavailable, vaultNotFound } from "../model/refusal.ts";
import { timestamp } from "../model/time.ts";
import type { KeyType, VaultInfo } from "../model/vault.ts";
import { BoundedD1 } from "../d1/bounded.ts";
import { createVault as recordVault, listVaults as recordedVaults } from "../d1/vaults.ts";
import { shards } from "../d1/shards.ts";

/** Awaits a call to D1. A failure becomes a 503, because it passes. */
async function recording<T>(api: ApiRequest, call: Promise<T>): Promise<Result<{ value: T }>> {
  try {
    return { ok: true, value: await call };
  } catch (error) {
    logError("vaults: D1 failed", error, { request: api.id });
    return unavailable("the durable record does not answer: try again", 5);
  }
}

/** `vaults.create`. A new vault exists in D1 alone: its object comes to life, empty, with its first request. */
export const createVault: Handler = async (api) => {
  const body = await readBody(api, ENDPOINTS["vaults.create"].body);
  if (!body.ok) return body;
  const databases = shards(api.env);
  const shard = Math.floor(Math.random() * databases.length);
  const db = databases[shard];
  if (!db) throw new Error("no D1 database is bound");
  const created_at = timestamp(Date.now());
  const vault: VaultInfo = { id: newVaultId(shard), name: body.value.name, created_at, status: "active" };
  const makeKey = async (type: KeyType) => {
    const id = newKeyId();
    const { token, kid } = await mintToken(api.env, { type, vaultId: vault.id, keyId: id });
    return { token, key: { id, label: null, type, scope: null, kid, created_at, expires_at: null, revoked_at: null } };
  };
  const [secret, publicKey] = [await makeKey("secret"), await makeKey("public")];
  const recorded = await recording(api, recordVault(new BoundedD1(db), vault, [secret.key, publicKey.key]));
  if (!recorded.ok) return recorded;
  return json(
    { ...vault, secret_key: secret.token, public_key: publicKey.token },
    { status: 201, headers: { Location: `/api/v1/vaults/${vault.id}`, "Cache-Control": "no-store" } },
  );
};

/** `vaults.list`, over all shards. */
export const listVaults: Handler = async (api) => {
  const query = parseParameters(ENDPOINTS["vaults.list"].query, api.query);
  if (!query.ok) return query;
  const vaults = await idPage(query.value, async (before, count) => {
    const read = Promise.all(shards(api.env).map((db) => recordedVaults(new BoundedD1(db), before, count)));
    const found = await recording(api, read);
    if (!found.ok) return found;
    return { ok: true, items: found.value.flat().toSorted((a, b) => (a.id < b.id ? 1 : -1)) };
  });
  return vaults.ok ? json(vaults.page) : vaults;
};

/** `vaults.get` */
export const getVault: Handler = async (api) => {
  if (!isVaultId(api.vaultId)) return vaultNotFound();
  const outcome = await api.vault("read", (stub, caller) => stub.describeVault(caller));
  return outcome.ok ? json(outcome.vault) : outcome;
};

/** `vaults.update` */
export const updateVault: Handler = async (api) => {
  const body = await readBody(api, ENDPOINTS["vaults.update"].body);
  if (!body.ok) return body;
  if (!isVaultId(api.vaultId)) return vaultNotFound();
  const outcome = await api.vault("repeatable", (stub, caller) => stub.updateVault(caller, body.value));
  return outcome.ok ? json(outcome.vault) : outcome;
};

/** `vaults.reconcile`: begins a comparison now, in the background. GET the vault to see how it goes. */
export const reconcileVault: Handler = async (api) => {
  if (!isVaultId(api.vaultId)) return vaultNotFound();
  const outcome = await api.vault("repeatable", (stub, caller) => stub.reconcileVault(caller));
  return outcome.ok ? json(outcome.vault, { status: 202 }) : outcome;
};

/** `vaults.clearLostWindows`: the operator says that nothing more is to be found of what was lost. */
export const clearLostWindows: Handler = async (api) => {
  if (!isVaultId(api.vaultId)) return vaultNotFound();
  const outcome = await api.vault("repeatable", (stub, caller) => stub.clearLostWindows(caller));
  return outcome.ok ? { status: 204, headers: durability(outcome.durable) } : outcome;
};

/** `vaults.delete` */
export const deleteVault: Handler = async (api) => {
  if (!isVaultId(api.vaultId)) return vaultNotFound();
  const outcome = await api.vault("repeatable", (stub, caller) => stub.deleteVault(caller));
  return outcome.ok ? json(outcome.vault, { status: 202, headers: durability(outcome.durable) }) : outcome;
};
