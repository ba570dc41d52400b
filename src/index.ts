/** The entry of the Worker: its fetch handler, and the class of its Durable Objects. */

import type { Env } from "./env.ts";
import { handle } from "./router.ts";

export { Vault } from "./vault/vault.ts";

export default {
  fetch: (request, env, context) => handle(request, env, context),
} satisfies ExportedHandler<Env>;
