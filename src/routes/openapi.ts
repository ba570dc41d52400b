import { version } from "../../package.json";
import { openApi } from "../api/openapi.ts";
import { json } from "../http/reply.ts";
import type { Handler } from "../http/request.ts";

/** Made when it is first asked for, and the same for the life of the isolate. */
let text: string | undefined;

/** `openapi.get` */
export const getOpenApi: Handler = async () => {
  text ??= JSON.stringify(openApi(version));
  return json(text, { headers: { "Cache-Control": "no-cache" } });
};
