import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The address of a test's own server that listens. */
export const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Has a test's own server listen at any free port of this machine. Resolves to its address. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return urlOf(server);
}
