/** What is to be done about an upload that failed, and what a person is told of it. */

import { StrongroomError } from "../../client/index.ts";
import { bytes, number } from "../ui/format.ts";
import { labelled } from "../ui/labels.ts";

/** Why a file was not uploaded: what is the matter, and what can be done. */
export interface Refused {
  readonly what: string;
  readonly hint?: string | undefined;
  /** No repeat helps: it is to be chosen again in another way. */
  readonly isFinal?: boolean;
}

/**
 * - `lost`: nobody answers. It goes on by itself.
 * - `hold`: the server wants a pause. It goes on by itself.
 * - `halt`: no other file would fare better.
 * - `fail`: this file was refused.
 */
export type Verdict =
  | { readonly kind: "lost" }
  | { readonly kind: "hold"; readonly seconds: number }
  | { readonly kind: "halt" | "fail"; readonly refused: Refused };

/** The longest pause that is kept before it is tried again, whatever the server says. Seconds. */
const LONGEST_HOLD_S = 60;

const halt = (what: string, hint: string): Verdict => ({ kind: "halt", refused: { what, hint } });
const fail = (what: string, hint?: string): Verdict => ({ kind: "fail", refused: { what, hint } });

/** What an upload's failure means. */
export function verdictOf(error: unknown, file: { readonly size: number; readonly type: string }): Verdict {
  if (!(error instanceof StrongroomError)) return fail("The file could not be sent.", (error as Error).message);
  const { code, status, retryAfter, message } = error;
  // What stands before a server that is gone answers 503 too, but does not say for how long.
  const saysWhen = (status === 409 || status === 503) && retryAfter !== undefined;
  if (status === 429 || status === 423 || saysWhen)
    return { kind: "hold", seconds: Math.min(Math.max(retryAfter ?? 2, 1), LONGEST_HOLD_S) };
  if (status === 0 || status === 408 || status > 500) return { kind: "lost" };
  const words = REFUSALS[code];
  if (words) return words(error, file);
  if (status === 500) return fail("The server failed at this file.", "Try again. Its log says why.");
  return fail(
    status === 400 ? "The server does not take this file as it is." : "The server refused this file.",
    labelled(message),
  );
}

type Words = (error: StrongroomError, file: { readonly size: number; readonly type: string }) => Verdict;

/** What the codes of refusals mean to a person. */
const REFUSALS: Readonly<Record<string, Words>> = {
  UNAUTHORIZED: () => halt("The key no longer works.", "It was revoked or has expired. Sign in with another one."),
  FORBIDDEN: () => halt("This key may not upload.", "Sign in with a secret key."),
  QUOTA_EXCEEDED: ({ message }, { size }) => quota(message, size),
  PAYLOAD_TOO_LARGE: ({ message }, { size }) => {
    const most = /at most (\d+) bytes/.exec(message)?.[1];
    return fail(
      `Too large: ${bytes(size)}.`,
      most === undefined ? undefined : `This vault takes files of up to ${bytes(Number(most))}.`,
    );
  },
  UNSUPPORTED_MEDIA_TYPE: ({ message }, file) => {
    const [, type = file.type, only] = /is (\S+), and this vault takes only (.+)$/.exec(message) ?? [];
    return fail(`${type || "Its type"} is not taken here.`, only && `This vault takes ${only}.`);
  },
  CONFLICT: ({ message }) =>
    / open uploads: /.test(message)
      ? fail("Too many uploads are unfinished with this key.", "Finish or cancel some of them, then try again.")
      : fail("The server refused this file.", message),
  NOT_FOUND: () => ({
    kind: "fail",
    refused: {
      what: "This key does not reach that folder.",
      hint: "Choose the file again, and a folder that the key is for.",
      isFinal: true,
    },
  }),
};

/** A quota says how much is left of it, unless the key is not to know. */
function quota(message: string, size: number): Verdict {
  const [, left, of] = /: (\d+) of (\d+) are left/.exec(message) ?? [];
  const hint = "Make room, or ask for a larger quota.";
  if (message.startsWith("quota_assets")) {
    return fail(`The vault is full${of === undefined ? "" : `: it holds ${number(Number(of))} files at most`}.`, hint);
  }
  if (left === undefined || of === undefined) return fail(`Not enough room for ${bytes(size)} in this vault.`, hint);
  return fail(`Needs ${bytes(size)}, and ${bytes(Number(left))} are free.`, hint);
}

/** A file that was there when it was chosen. */
export const UNREADABLE: Refused = {
  what: "The file can no longer be read.",
  hint: "It was changed, moved or deleted: choose it again.",
};

/** The server answers, and this file never gets through. */
export const STUCK: Refused = {
  what: "The connection broke each time this file was sent.",
  hint: "Something between you and the server may refuse it.",
};
