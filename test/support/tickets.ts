/** Tickets, as the tests make and use them. */

import { expect } from "vitest";
import { ORIGIN, PATH, send, type TestVault } from "./api.ts";

export interface Made {
  readonly url: string;
  readonly ticket_id: string;
  readonly expires_at: string;
}

/** Makes a ticket. Its URL is a path, as `send` takes it. */
export async function ticketOf(vault: TestVault, terms: object = {}, token = vault.secretKey): Promise<Made> {
  const response = await vault.request(
    "POST",
    `${vault.path}/tickets`,
    { ...PATH, ...terms },
    {
      Authorization: `Bearer ${token}`,
    },
  );
  expect(response.status, await response.clone().text()).toBe(201);
  const made = await response.json<Made>();
  expect(made.url.startsWith(`${ORIGIN}${vault.assets}?ticket=`)).toBe(true);
  return { ...made, url: made.url.slice(ORIGIN.length) };
}

/** The path of resumable uploads by a ticket. */
export const uploadsOf = ({ url }: Pick<Made, "url">): string => url.replace("/assets?", "/uploads?");

/** The Content-Digest of a text. */
export const digestOf = async (text: string): Promise<string> =>
  `sha-256=:${Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toString("base64")}:`;

/** Uploads a raw body. */
export const sendRaw = (
  url: string,
  body: BodyInit,
  query: Record<string, string> = { filename: "a.txt" },
  headers: Record<string, string> = { "Content-Type": "text/plain" },
): Promise<Response> => {
  const more = new URLSearchParams(query).toString();
  return send(more === "" ? url : `${url}&${more}`, { method: "POST", headers, body });
};

/** Uploads a form. */
export const sendForm = (
  url: string,
  file: File | undefined,
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Response> => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (file) form.append("file", file);
  return send(url, { method: "POST", headers, body: form });
};
