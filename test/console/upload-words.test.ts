/** What the console says of refusals that it reads the words of, each as the server's own function makes it. */

import { expect, it } from "vitest";
import { Strongroom, StrongroomError } from "../../src/client/index.ts";
import { UploadQueue } from "../../src/console/upload/queue.ts";
import { verdictOf } from "../../src/console/upload/words.ts";
import type { KeyScope } from "../../src/model/key-scope.ts";
import { type Refusal, STATUS } from "../../src/model/refusal.ts";
import { NO_SETTINGS, type VaultSettings } from "../../src/model/settings.ts";
import { outOfBounds } from "../../src/vault/state/bounds.ts";

const FILE = { size: 2_000, type: "text/plain" };

/** What a person is told of a file that a vault with these settings refuses. */
function toldOf(settings: Partial<VaultSettings>, scope?: KeyScope): unknown {
  const usage = { assets: 3, bytes: 500 };
  const file = { size: FILE.size, mimeType: FILE.type };
  const { code, message } = outOfBounds({ ...NO_SETTINGS, ...settings }, usage, file, {
    scope,
    ticket: undefined,
  }) as Refusal;
  const verdict = verdictOf(new StrongroomError(message, { code, status: STATUS[code] }), FILE);
  return "refused" in verdict ? [verdict.kind, verdict.refused.what, verdict.refused.hint] : verdict;
}

it("uploads: what a vault refuses a file for is told in the console's own words", () => {
  const room = "Make room, or ask for a larger quota.";
  expect(toldOf({ max_file_bytes: 1_000 })).toEqual([
    "fail",
    "Too large: 2.00 KB.",
    "This vault takes files of up to 1.00 KB.",
  ]);
  expect(toldOf({ allowed_types: ["image/*", "a/b"] })).toEqual([
    "fail",
    "text/plain is not taken here.",
    "This vault takes image/*, a/b.",
  ]);
  expect(toldOf({ quota_assets: 3 })).toEqual(["fail", "The vault is full: it holds 3 files at most.", room]);
  expect(toldOf({ quota_bytes: 1_500 })).toEqual(["fail", "Needs 2.00 KB, and 1.00 KB are free.", room]);
  expect(toldOf({ quota_bytes: 1_500 }, { partition: "p" })).toEqual([
    "fail",
    "Not enough room for 2.00 KB in this vault.",
    room,
  ]);
});

it("uploads: a pause that the server asks for is no connection that is lost", () => {
  const verdict = (status: number, retryAfter?: number) =>
    verdictOf(new StrongroomError("no", { code: "SERVICE_UNAVAILABLE", status, retryAfter }), FILE);
  const hold = (seconds: number) => ({ kind: "hold", seconds });
  expect([verdict(503, 7), verdict(503, 600), verdict(429), verdict(423), verdict(409, 1)]).toEqual(
    [7, 60, 2, 2, 1].map(hold),
  );
  expect([verdict(503), verdict(502, 7), verdict(408), verdict(0)].map(({ kind }) => kind)).toEqual(
    Array(4).fill("lost"),
  );
});

it("uploads: a conflict is told as too many uploads only when it is that", () => {
  const told = (message: string): unknown => {
    const verdict = verdictOf(new StrongroomError(message, { code: "CONFLICT", status: 409 }), FILE);
    return "refused" in verdict ? [verdict.refused.what, verdict.refused.hint] : verdict;
  };
  expect(told("a key has at most 100 open uploads: finish or delete one first")).toEqual([
    "Too many uploads are unfinished with this key.",
    "Finish or cancel some of them, then try again.",
  ]);
  const finished = "the upload is finished: its file is the asset asset_1";
  expect(told(finished)).toEqual(["The server refused this file.", finished]);
});

it("uploads: what no repeat can help is not to be tried again", () => {
  const isFinal = (code: string, status: number): unknown => {
    const verdict = verdictOf(new StrongroomError("no", { code, status }), FILE);
    return "refused" in verdict && (verdict.refused.isFinal ?? false);
  };
  expect([isFinal("NOT_FOUND", 404), isFinal("PAYLOAD_TOO_LARGE", 413), isFinal("QUOTA_EXCEEDED", 422)]).toEqual([
    true,
    false,
    false,
  ]);
  const queue = new UploadQueue(() => {});
  const folder = { partition: "p", collection: "c", channel: "n" };
  const named = (own: string, name = own) => ({ file: new File(["x"], own), name });
  const vault = new Strongroom({ url: "http://localhost", key: `sk_${"a".repeat(52)}${"c".repeat(43)}` });
  queue.add([named("a\nb.txt"), named("a.txt", `${"deep_".repeat(60)}a.txt`)], folder, vault);
  expect(queue.items.map(({ refused }) => refused?.hint)).toEqual([
    "Rename it on your disk, then choose it again.",
    "Choose it again, without the names of its folders.",
  ]);
  queue.retryAll();
  expect(queue.totals()).toMatchObject({ failed: 2, final: 2, queued: 0 });
});
