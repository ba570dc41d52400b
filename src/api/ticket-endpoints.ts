/** The endpoints of tickets, for the table of endpoints.ts. */

import { MAX_TICKET_LENGTH } from "../model/limits.ts";
import { Ticket, TicketInfo } from "./answers.ts";
import { type Endpoint, VAULT } from "./endpoint.ts";
import { TicketBody } from "./ticket-schemas.ts";

export const TICKET_ENDPOINTS = {
  "tickets.create": {
    method: "POST",
    path: `${VAULT}/tickets`,
    access: "write",
    does: "Make a ticket for one upload",
    notes:
      "Whoever has its URL uploads one file without a key, from any page: by a POST to the URL as `assets.create` takes it or, " +
      "with `/uploads` in the place of `/assets`, by tus. What the ticket says of the file cannot be changed; what it does not " +
      "say, the uploader may. Settings of the vault hold too. The ticket ends with the key that made it, and when the vault's " +
      `storage is lost. With all its terms it is at most ${MAX_TICKET_LENGTH} characters long.`,
    body: {
      json: { "application/json": TicketBody },
      example: {
        partition: "marketing",
        collection: "blog",
        channel: "hero-images",
        max_file_bytes: 10_485_760,
        allowed_types: ["image/*"],
        tags: ["from-visitors"],
        expires_in: 600,
      },
    },
    answers: {
      201: { is: "The ticket. Nothing is stored of it.", body: Ticket, headers: ["Cache-Control"] },
    },
    refusals: ["NOT_FOUND"],
  },
  "tickets.get": {
    method: "GET",
    path: `${VAULT}/tickets/:ticketId`,
    access: "write",
    does: "Ask what came of a ticket",
    notes:
      "For the key that made it: to any other it does not exist. `open`: an upload may begin. `used`: an asset came of it. " +
      "`expired`: it has ended without one, and only an upload that had begun before may still bring one. A ticket is known for " +
      "six days after its end.",
    answers: { 200: { is: "Where it stands.", body: TicketInfo, headers: ["Cache-Control"] } },
    refusals: ["NOT_FOUND"],
  },
} as const satisfies Readonly<Record<string, Endpoint>>;
