import { mintToken } from "../http/auth.ts";
import { readJson } from "../http/json.ts";
import type { Handler } from "../http/request.ts";
import { idPage, NEWEST_ID } from "../http/pagination.ts";
import { json } from "../http/reply.ts";
import { IdListQuery, KeyBody, parse } from "../api/schemas.ts";
import { isKeyId, isVaultId, newKeyId } from "../model/id.ts";
import { refuse } from "../model/refusal.ts";
import type { Key } from "../model/vault.ts";

/** A key as the API shows it. Which secret signed it is the operator's business and stays in D1. */
const toWire = (vaultId: string, key: Key) => ({
  id: key.id,
  vault_id: vaultId,
  label: key.label,
  type: key.type,
  created_at: key.created_at,
  expires_at: key.expires_at,
  revoked_at: key.revoked_at,
});

/** POST /api/v1/vaults/{vaultId}/keys. The token is in this one answer and nowhere else. */
export const createKey: Handler = async (api) => {
  const { vaultId } = api;
  const read = await readJson(api, { optional: true });
  if (!read.ok) return api.refuse(read);
  const body = parse(KeyBody, read.value);
  if (!body.ok) return api.refuse(body);
  if (!isVaultId(vaultId)) return refuse("NOT_FOUND", "no vault with this id");
  const id = newKeyId();
  const { label, type, expires_at } = body.value;
  const { token, kid } = await mintToken(api.env, { type, vaultId, keyId: id });
  const outcome = await api.vault("once", (stub) =>
    stub.createKey(api.principal, { id, label, type, kid, expires_at }),
  );
  if (!outcome.ok) return outcome;
  return json({ ...toWire(vaultId, outcome.key), token }, { status: 201, headers: { "Cache-Control": "no-store" } });
};

/** GET /api/v1/vaults/{vaultId}/keys */
export const listKeys: Handler = async (api) => {
  const { vaultId } = api;
  const query = parse(IdListQuery, api.query);
  if (!query.ok) return api.refuse(query);
  if (!isVaultId(vaultId)) return refuse("NOT_FOUND", "no vault with this id");
  const { limit, cursor } = query.value;
  const outcome = await api.vault("read", (stub) => stub.listKeys(api.principal, cursor?.id ?? NEWEST_ID, limit + 1));
  if (!outcome.ok) return outcome;
  return json(
    idPage(
      outcome.keys.map((key) => toWire(vaultId, key)),
      limit,
    ),
  );
};

/** DELETE /api/v1/vaults/{vaultId}/keys/{keyId} */
export const revokeKey: Handler = async (api) => {
  const id = api.param("keyId");
  if (!isVaultId(api.vaultId) || !isKeyId(id))
    return api.refuse(refuse("NOT_FOUND", "no key with this id in this vault"));
  const outcome = await api.vault("repeatable", (stub) => stub.revokeKey(api.principal, id));
  return outcome.ok ? { status: 204 } : outcome;
};
