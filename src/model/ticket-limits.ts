/** The bounds of tickets, which limits.ts has among its own. */

/** The longest time of a ticket: a week, as of a link. */
export const MAX_TICKET_SECONDS = 7 * 24 * 60 * 60;
export const DEFAULT_TICKET_SECONDS = 60 * 60;

/**
 * The longest ticket, with all its terms, as it stands in a URL. Characters. Servers and proxies take a request line, and a
 * Location, of 8 KiB.
 */
export const MAX_TICKET_LENGTH = 4_096;
