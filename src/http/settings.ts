/** The secrets that an operator sets: what is wrong with them, and what a request gets then. */

import type { Env } from "../env.ts";
import { MIN_SECRET_LENGTH } from "../model/limits.ts";
import { type Refusal, unavailable } from "../model/refusal.ts";

/** An operator has to act first, so there is no use in asking again at once. Seconds. */
const RETRY_AFTER_S = 60;

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** What is wrong with the secrets that sign keys; undefined when nothing is. It names the setting, never its value. */
export function keySecretProblem(env: Env): string | undefined {
  const rule = `must have at least ${MIN_SECRET_LENGTH} characters`;
  if (text(env.KEY_SECRET) === "") return `KEY_SECRET is not set: it ${rule}`;
  if (text(env.KEY_SECRET).length < MIN_SECRET_LENGTH) return `KEY_SECRET is too short: it ${rule}`;
  const previous = env.KEY_SECRET_PREVIOUS;
  const isShort = Boolean(previous) && text(previous).length < MIN_SECRET_LENGTH;
  return isShort ? `KEY_SECRET_PREVIOUS is too short: it ${rule}, or must be removed` : undefined;
}

/**
 * What is wrong with the admin token; undefined when nothing is. No request could send a token that holds a space.
 */
export function adminTokenProblem(env: Env): string | undefined {
  if (text(env.ADMIN_TOKEN) === "") return "ADMIN_TOKEN is not set";
  return /\s/.test(text(env.ADMIN_TOKEN)) ? "ADMIN_TOKEN must not contain white space" : undefined;
}

/** The answer to a request that fails for such a reason: 503, because it is not the client's fault. */
export const misconfigured = (...problems: string[]): Refusal =>
  unavailable(`this server is not set up: ${problems.join("; ")}`, RETRY_AFTER_S);
