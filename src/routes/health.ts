import { version } from "../../package.json";
import type { Handler } from "../http/request.ts";
import { json } from "../http/reply.ts";
import { adminTokenProblem, keySecretProblem, misconfigured } from "../http/settings.ts";

/**
 * `health.get`: tells that this Worker runs, which version it is, and whether it has its secrets. It asks nothing of
 * the stores and tells nothing of them.
 */
export const getHealth: Handler = async ({ env }) => {
  const problems = [keySecretProblem(env), adminTokenProblem(env)].filter((problem) => problem !== undefined);
  if (problems.length > 0) return misconfigured(...problems);
  return json({ status: "ok", version }, { headers: { "Cache-Control": "no-store" } });
};
