/** A batch: many changes of assets in one request, as the router hands them to the vault, and what became of each. */

import type { AssetPatch } from "./asset-patch.ts";
import type { Conditions } from "./etag.ts";
import { type ErrorCode, type Refusal, STATUS } from "./refusal.ts";

/** One operation of a batch. */
export type BatchOperation = { readonly id: string; readonly conditions: Conditions } & (
  | { readonly op: "update"; readonly patch: AssetPatch }
  | { readonly op: "delete" }
);

/** What became of an operation: the answer that a request of its own would have got, as far as a batch tells it. */
export type BatchResult =
  | { readonly status: 200; readonly id: string; readonly etag: string }
  | { readonly status: 204; readonly id: string }
  | {
      readonly status: number;
      readonly id: string;
      readonly error: { readonly code: ErrorCode; readonly message: string; readonly status: number };
    };

export function refusedResult(id: string, { code, message }: Refusal): BatchResult {
  const status = STATUS[code];
  return { status, id, error: { code, message, status } };
}
