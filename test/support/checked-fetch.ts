import { assertDocumented } from "./documented.ts";

/**
 * Holds every answer of a server that a test fetches to the document. Exempt are the tests that send in another way, for
 * the way is what they are about: raw sockets (wire.test.ts), other clients (clients.test.ts) and browsers.
 */
const plain = globalThis.fetch;

const isApi = (url: string): boolean => /^http:\/\/[^/]+\/(?:api\/v1\/|healthz|openapi\.json)/.test(url);

globalThis.fetch = async (...args: Parameters<typeof fetch>) => {
  const [input, init] = args;
  const response = await plain(...args);
  const url = input instanceof Request ? input.url : String(input);
  const method = init?.method ?? (input instanceof Request ? input.method : "GET");
  if (isApi(url)) await assertDocumented(method, url, response);
  return response;
};
