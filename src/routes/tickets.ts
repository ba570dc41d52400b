/** The handlers of tickets. */

import { ENDPOINTS } from "../api/endpoints.ts";
import { readBody } from "../http/json.ts";
import type { Handler } from "../http/request.ts";
import { json } from "../http/reply.ts";
import { bareTicketId, isTicketIdOf, signTicket, signTicketId, TICKET } from "../http/ticket.ts";
import { newTicketId } from "../model/id.ts";
import { inspectPatch, serializeMetadata, serializeTags } from "../model/metadata.ts";
import { noHost, refuse, type Result } from "../model/refusal.ts";
import { TICKET_KEPT_MS, ticketEnds, type TicketInfo, type TicketTerms } from "../model/ticket.ts";
import { timestamp } from "../model/time.ts";

/** `tickets.create`: makes a URL by which somebody without a key uploads one file. */
export const createTicket: Handler = async (api) => {
  const { vaultId, env, keyId } = api;
  const body = await readBody(api, ENDPOINTS["tickets.create"].body, (text) => inspectPatch(text, "shallow"));
  if (!body.ok) return body;
  const { expires_in, metadata, tags, ...rest } = body.value;
  const fixed = { metadata: serialized(metadata, serializeMetadata), tags: serialized(tags, serializeTags) };
  if (!fixed.metadata.ok) return fixed.metadata;
  if (!fixed.tags.ok) return fixed.tags;
  const { partition, collection, channel } = rest;
  const minted = await api.vault("read", (stub, caller) => stub.mintTicket(caller, { partition, collection, channel }));
  if (!minted.ok) return minted;
  const { generation } = minted;
  const ends = (Math.floor(Date.now() / 1000) + expires_in) * 1000;
  const id = newTicketId(ends);
  const terms = { id, key: keyId, generation, ...rest, metadata: fixed.metadata.json, tags: fixed.tags.json };
  const signed = await signTicket(env, vaultId, JSON.parse(JSON.stringify(terms)) as TicketTerms);
  if (!signed.ok) return signed;
  const url = URL.parse(`/api/v1/vaults/${vaultId}/assets?${TICKET}=${signed.ticket}`, api.url);
  if (!url) return noHost();
  const ticketId = await signTicketId(env, { vaultId, keyId, generation }, id);
  return json(
    { url: url.href, ticket_id: ticketId, expires_at: timestamp(ends) },
    { status: 201, headers: { "Cache-Control": "no-store" } },
  );
};

/** JSON text of a field, if there is one. */
function serialized(
  value: unknown,
  serialize: (value: unknown) => Result<{ json: string }>,
): Result<{ json?: string }> {
  return value === undefined ? { ok: true } : serialize(value);
}

/** `tickets.get` */
export const getTicket: Handler = async (api) => {
  const { vaultId, env, keyId } = api;
  const ticketId = api.param("ticketId");
  const id = bareTicketId(ticketId);
  if (id === undefined) return noTicket();
  const found = await api.vault("read", (stub, caller) => stub.getTicket(caller, id));
  if (!found.ok) return found;
  const { generation, isUsed, asset } = found;
  const ends = ticketEnds(id);
  const now = Date.now();
  const isOwn = await isTicketIdOf(env, { vaultId, keyId, generation }, ticketId);
  if (!isOwn || ends + TICKET_KEPT_MS <= now) return noTicket();
  const info: TicketInfo = {
    ticket_id: ticketId,
    status: isUsed ? "used" : ends > now ? "open" : "expired",
    expires_at: timestamp(ends),
    asset,
  };
  return json(info);
};

const noTicket = () => refuse("NOT_FOUND", "no ticket with this id, of this key");
