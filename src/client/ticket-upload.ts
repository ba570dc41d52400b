import { inVault, queryOf, Transport } from "./transport.ts";
import type { FileSource, StoredAsset, TicketUploadOptions } from "./types.ts";
import { ticketCall } from "./upload.ts";
import { stored } from "./values.ts";

/** The URL of a ticket's upload: what stands before the API, and the vault. */
const TICKET_PATH = /^(.*)\/api\/v1\/vaults\/([^/]+)\/assets\/?$/;

/**
 * Uploads a file by a ticket, which needs no key: this is for pages. It is repeated after a lost answer, and stored once all
 * the same: the same file gets the same asset. What the ticket says of the file counts, and not the file's own name.
 *
 * @example
 * import { uploadWithTicket } from "strongroom";
 *
 * const { url } = await (await fetch("/my-server/upload-ticket", { method: "POST" })).json();
 * const asset = await uploadWithTicket(url, input.files[0], {
 *   onProgress: ({ loaded, total }) => (bar.value = loaded / total),
 *   signal: controller.signal,
 * });
 *
 * @param url as `vault.tickets.create` gives it
 * @throws StrongroomError `FORBIDDEN` when the ticket has ended or says something else, `CONFLICT` when it was used for
 *   another file, `PAYLOAD_TOO_LARGE` and `UNSUPPORTED_MEDIA_TYPE` for a file that it is not for
 */
export async function uploadWithTicket(
  url: string,
  file: FileSource,
  options: TicketUploadOptions = {},
): Promise<StoredAsset> {
  const { origin, pathname, searchParams } = new URL(url);
  const [, base, vaultId] = TICKET_PATH.exec(pathname) ?? [];
  const ticket = searchParams.get("ticket");
  // Not the URL itself: messages end up in logs.
  if (base === undefined || !vaultId || !ticket) throw new TypeError("url: must be the url of a ticket");
  const transport = new Transport(ticket, { ...options, url: origin + base }, "url");
  const call = ticketCall(file, options, transport.isOwnFetch);
  return transport.json({ ...call, path: inVault(vaultId, "assets"), query: queryOf({ ticket }) }, stored);
}
