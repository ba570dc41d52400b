/** What answers of all resources have in common, and the one that has no resource. */

import type { ErrorCode } from "../../model/refusal.ts";

/** A page of a list. */
export interface Page<T> {
  data: T[];
  /** What asks for the next page; null on the last. */
  cursor: string | null;
  has_more: boolean;
}

export interface Health {
  status: "ok";
  version: string;
}

/** What every refusal is. */
export interface ErrorBody {
  error: {
    /** Open: a later version may have more. */
    code: ErrorCode;
    /** Names the field and the rule that it broke. */
    message: string;
    status: number;
  };
}
