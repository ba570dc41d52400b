import { StrongroomError } from "../client/index.ts";
import type { Access } from "./access.ts";
import { visible } from "./terminal/visible.ts";

/** What went wrong, for a person, on one line. */
export function explain(error: unknown): string {
  if (error instanceof StrongroomError) {
    const { message, requestId, status } = error;
    // A name for whoever looks into the server's log; what is the caller's fault is not looked for there.
    return visible(status >= 500 && requestId !== undefined ? `${message} (request ${requestId})` : message);
  }
  if (!(error instanceof Error)) return visible(String(error));
  const { code, path, dest = path } = error as NodeJS.ErrnoException & { dest?: string };
  // `ENOENT: no such file or directory, open 'x'`
  const system = code === undefined ? null : new RegExp(`^${code}: ([^,]+)`).exec(error.message);
  if (!system) return visible(error.message);
  // Of a file that could not get its name, that name: the one before is nobody's.
  return visible(dest === undefined ? `${system[1]}` : `${dest}: ${system[1]}`);
}

/** The same of something that has a name, which stands before it unless it is said anyway. */
export function explainOf(name: string, error: unknown): string {
  const text = explain(error);
  return text.includes(visible(name)) ? text : `${visible(name)}: ${text}`;
}

/** A line below a failure that says where the request went, when that may be what is wrong. */
export function whereTo(error: unknown, access: Access): string | undefined {
  if (!(error instanceof StrongroomError) || access.described === undefined) return undefined;
  const isAboutAccess = error.status === 0 || error.status === 401 || error.status === 403;
  return isAboutAccess || error.code === "UNEXPECTED_ANSWER" ? `asked was ${visible(access.described)}` : undefined;
}
