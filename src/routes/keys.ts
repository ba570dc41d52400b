/** The handlers of keys: create, list, update, revoke. */

import { ENDPOINTS } from "../api/endpoints.ts";
import { mintToken } from "../http/auth.ts";
import { readBody } from "../http/json.ts";
import type { Handler } from "../http/request.ts";
import { idPage } from "../http/pagination.ts";
import { json } from "../http/reply.ts";
import { parseParameters } from "../api/parse.ts";
import { isKeyId, isVaultId, newKeyId } from "../model/id.ts";
import { keyNotFound, vaultNotFound } from "../model/refusal.ts";
import type { Key } from "../model/vault.ts";

/** A key as the API shows it. Which secret signed it concerns the operator alone, and stays in D1. */
const toWire = (vaultId: string, key: Key) => ({
  id: key.id,
  vault_id: vaultId,
  label: key.label,
  type: key.type,
  scope: key.scope,
  created_at: key.created_at,
  expires_at: key.expires_at,
  revoked_at: key.revoked_at,
  last_used_on: key.last_used_on,
});

/** `keys.create`. The token is in this one answer and nowhere else. */
export const createKey: Handler = async (api) => {
  const { vaultId } = api;
  const body = await readBody(api, ENDPOINTS["keys.create"].body);
  if (!body.ok) return body;
  if (!isVaultId(vaultId)) return vaultNotFound();
  const id = newKeyId();
  const { label, type, scope, expires_at } = body.value;
  const { token, kid } = await mintToken(api.env, { type, vaultId, keyId: id });
  const outcome = await api.vault("once", (stub, caller) =>
    stub.createKey(caller, { id, label, type, scope, kid, expires_at }),
  );
  if (!outcome.ok) return outcome;
  return json({ ...toWire(vaultId, outcome.key), token }, { status: 201, headers: { "Cache-Control": "no-store" } });
};

/** `keys.list` */
export const listKeys: Handler = async (api) => {
  const { vaultId } = api;
  const query = parseParameters(ENDPOINTS["keys.list"].query, api.query);
  if (!query.ok) return query;
  if (!isVaultId(vaultId)) return vaultNotFound();
  const keys = await idPage(query.value, async (before, count) => {
    const found = await api.vault("read", (stub, caller) => stub.listKeys(caller, before, count));
    return found.ok ? { ok: true, items: found.keys.map((key) => toWire(vaultId, key)) } : found;
  });
  return keys.ok ? json(keys.page) : keys;
};

/** `keys.update` */
export const updateKey: Handler = async (api) => {
  const { vaultId } = api;
  const id = api.param("keyId");
  const body = await readBody(api, ENDPOINTS["keys.update"].body);
  if (!body.ok) return body;
  if (!isVaultId(vaultId) || !isKeyId(id)) return keyNotFound();
  const outcome = await api.vault("repeatable", (stub, caller) => stub.updateKey(caller, id, body.value));
  return outcome.ok ? json(toWire(vaultId, outcome.key)) : outcome;
};

/** `keys.revoke` */
export const revokeKey: Handler = async (api) => {
  const id = api.param("keyId");
  if (!isVaultId(api.vaultId) || !isKeyId(id)) return keyNotFound();
  const outcome = await api.vault("repeatable", (stub, caller) => stub.revokeKey(caller, id));
  return outcome.ok ? { status: 204 } : outcome;
};
