/**
 * Tickets as they travel: signed terms in a URL, by which somebody without a key uploads one file. A ticket is
 * `terms.mac`: its terms as JSON in base64url, and a signature over vault and terms. Nothing of it is stored when it is
 * made.
 */

import type { Env } from "../env.ts";
import { TICKET_PATTERN } from "../model/id.ts";
import { MAX_TICKET_LENGTH } from "../model/limits.ts";
import { invalid, refuse, type Refusal, type Result } from "../model/refusal.ts";
import { ticketEnds, type TicketTerms } from "../model/ticket.ts";
import type { Principal } from "../model/vault.ts";
import { keySecretProblem, misconfigured } from "./settings.ts";
import { sign, verify } from "./signature.ts";
import type { Query } from "./query.ts";

/** The query parameter that holds a ticket. Its value is never logged, and no message repeats it. */
export const TICKET = "ticket";

/** The length of a signature in base64url. Characters. */
const MAC_LENGTH = 43;

const statement = (vaultId: string, payload: string) => (kid: string) => `ticket:v1:${kid}:${vaultId}:${payload}`;

/** What may make a ticket too long, and stands in a refusal: the longest of them. */
const LONG = ["metadata", "tags", "allowed_types", "filename"] as const satisfies readonly (keyof TicketTerms)[];

/** Signs the terms of a ticket. 400 when they are too long, for the field that takes most room. */
export async function signTicket(env: Env, vaultId: string, terms: TicketTerms): Promise<Result<{ ticket: string }>> {
  const payload = Buffer.from(JSON.stringify(terms)).toString("base64url");
  const length = payload.length + 1 + MAC_LENGTH;
  if (length > MAX_TICKET_LENGTH) {
    const lengthOf = (name: keyof TicketTerms): number => JSON.stringify(terms[name] ?? "").length;
    const [longest] = LONG.toSorted((a, b) => lengthOf(b) - lengthOf(a));
    return invalid(
      `${longest}: the ticket with all its terms must be at most ${MAX_TICKET_LENGTH} characters, and would be ${length}`,
    );
  }
  const { mac } = await sign(env, statement(vaultId, payload));
  return { ok: true, ticket: `${payload}.${mac}` };
}

/**
 * Tells what a ticket says, and whom it speaks for: the key that made it. It is verified here, before any vault hears of
 * it. 403 for one that was tampered with, is another vault's or, where an upload begins, has ended. 400 beside any other
 * credential.
 *
 * @param begins whether an upload begins. One that has begun goes on with a ticket that ends meanwhile
 */
export async function verifyTicket(
  env: Env,
  request: { readonly vaultId: string; readonly query: Query; readonly authorization: string | null },
  begins: boolean,
): Promise<Result<{ terms: TicketTerms; principal: Principal }>> {
  const { vaultId, query, authorization } = request;
  const other =
    authorization === null ? ["token", "signature"].find((name) => query[name] !== undefined) : "Authorization";
  if (other !== undefined) return invalid(`${TICKET}: must not be given beside ${other}`);
  const problem = keySecretProblem(env);
  if (problem !== undefined) return misconfigured(problem);
  const value = query[TICKET];
  const isShort = typeof value === "string" && value.length <= MAX_TICKET_LENGTH;
  const [payload = "", mac = "", ...more] = isShort ? value.split(".") : [];
  if (more.length > 0 || !(await verify(env, statement(vaultId, payload), mac))) return invalidTicket();
  const terms = JSON.parse(Buffer.from(payload, "base64url").toString()) as TicketTerms;
  if (begins && ticketEnds(terms.id) <= Date.now()) return refuse("FORBIDDEN", "this ticket has expired");
  return { ok: true, terms, principal: { kind: "key", type: "secret", vaultId, keyId: terms.key } };
}

const invalidTicket = (): Refusal => refuse("FORBIDDEN", "this ticket is not valid");

/** What the id of a ticket is bound to: the key that made it, and the history of the vault in which it did. */
interface Minting {
  readonly vaultId: string;
  readonly keyId: string;
  readonly generation: string;
}

const idStatement =
  ({ vaultId, keyId, generation }: Minting, id: string) =>
  (kid: string) =>
    `ticket-id:v1:${kid}:${vaultId}:${keyId}:${generation}:${id}`;

/**
 * The id by which whoever made a ticket asks for it. An open ticket is stored nowhere. So the id itself tells that there is
 * one, to the key that made it alone.
 */
export async function signTicketId(env: Env, minting: Minting, id: string): Promise<string> {
  const { mac } = await sign(env, idStatement(minting, id));
  return id + mac;
}

/** The id of a ticket without its signature; undefined for what cannot be one. */
export const bareTicketId = (ticketId: string): string | undefined =>
  TICKET_PATTERN.test(ticketId) ? ticketId.slice(0, -MAC_LENGTH) : undefined;

/** Whether an id is what {@link signTicketId} has made. */
export const isTicketIdOf = (env: Env, minting: Minting, ticketId: string): Promise<boolean> =>
  verify(env, idStatement(minting, ticketId.slice(0, -MAC_LENGTH)), ticketId.slice(-MAC_LENGTH));
