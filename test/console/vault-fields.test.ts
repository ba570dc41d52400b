/** What a vault's settings are as text and what text means, and what its report says in words. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { StrongroomError, type VaultReport } from "../../src/client/index.ts";
import { inspectBatch, inspectPatch } from "../../src/model/metadata.ts";
import { inLabels } from "../../src/console/ui/labels.ts";
import { KeyBody } from "../../src/api/key-schemas.ts";
import { parseBody } from "../../src/api/parse.ts";
import { VaultPatchBody } from "../../src/api/vault-schemas.ts";
import { changeOf, SETTING_LABELS, textsOf } from "../../src/console/vault/fields.ts";
import { isMoving, linesOf, problems, unrecorded } from "../../src/console/vault/findings.ts";
import { readFolder } from "../../src/console/vault/keys.ts";
import { exactSize, percentOf, readCount, readSeconds, readSize } from "../../src/console/vault/units.ts";
import { MAX_QUOTA_BYTES } from "../../src/model/limits.ts";
import { NO_SETTINGS } from "../../src/model/settings.ts";
import { safeParse } from "valibot";

const REPORT: VaultReport = {
  id: "vault_x",
  name: "shop",
  created_at: "2026-01-15T10:30:00Z",
  status: "active",
  assets: 5,
  bytes: 500,
  partitions: [],
  rev: 7,
  recorded_rev: 7,
  outbox: 0,
  parked: [],
  lost_windows: [],
  lost_since: null,
  lost_until: null,
  reconcile: null,
  import: null,
  usage: { assets: 5, bytes: 500 },
  settings: NO_SETTINGS,
};

const FOUND = {
  started_at: "2026-01-15T10:30:00Z",
  finished_at: "2026-01-15T10:31:00Z",
  restored: 0,
  removed: 0,
  recounted: 0,
  orphans_deleted: 0,
  orphans_waiting: 0,
  orphans_kept: 0,
  foreign: 0,
  missing: 0,
  missing_ids: [],
};

it("sizes, counts and times: are read as people write them", () => {
  expect(["10 GB", "10gb", "1.5 GiB", "2,048", "2048 bytes", "", "ten", "-1", "1 XB"].map(readSize)).toEqual([
    10e9,
    10e9,
    1.5 * 2 ** 30,
    2_048,
    2_048,
    null,
    undefined,
    undefined,
    undefined,
  ]);
  expect(["10,000", "10 000", "7", " ", "1.5", "1,0", "x"].map(readCount)).toEqual([
    10_000,
    10_000,
    7,
    null,
    undefined,
    undefined,
    undefined,
  ]);
  const times = ["300", "5 minutes", "5m", "90 s", "1 h", "2 Days", "", "soon", "5 x"];
  expect(times.map(readSeconds)).toEqual([300, 300, 300, 90, 3_600, 172_800, null, undefined, undefined]);
  expect([exactSize(10e9), exactSize(2 ** 30), exactSize(100 * 2 ** 20), exactSize(12_345_678)]).toEqual([
    "10 GB",
    "1 GiB",
    "100 MiB",
    "12,345,678 bytes",
  ]);
  // Full only when it is full, and empty only when it is empty.
  expect([percentOf(0, 9), percentOf(1, 1e9), percentOf(999, 1_000), percentOf(3, 2), percentOf(0, 0)]).toEqual([
    0, 1, 99, 150, 100,
  ]);
});

it("settings: come back from the form as they went in, and the form changes nothing by itself", () => {
  const whole = (least: number, most: number) => fc.option(fc.integer({ min: least, max: most }));
  const settings = fc.record({
    quota_assets: whole(0, 1_000_000_000),
    quota_bytes: fc.option(
      fc.oneof(
        fc.maxSafeInteger().map((n) => Math.abs(n) % MAX_QUOTA_BYTES),
        fc.constant(MAX_QUOTA_BYTES),
      ),
    ),
    max_file_bytes: whole(1, 5 * 2 ** 30),
    allowed_types: fc.option(fc.uniqueArray(fc.constantFrom("image/*", "text/plain", "video/mp4"), { minLength: 1 })),
    requests_per_second: whole(1, 10_000),
    cache_seconds: whole(0, 86_400),
  });
  fc.assert(
    fc.property(settings, (set) => {
      const report = { ...REPORT, settings: set };
      expect(changeOf(textsOf(report), report)).toEqual({ change: {}, rules: {} });
      const unset = { ...REPORT, settings: NO_SETTINGS };
      const { change } = changeOf(textsOf(report), unset);
      expect({ ...NO_SETTINGS, ...change }).toEqual(set);
    }),
  );
});

it("settings: what the form takes the server takes, and the form refuses what the server does", () => {
  const cases = {
    quota_assets: ["0", "1000000000", "1000000001", "1.5"],
    quota_bytes: ["0", "1024 TiB", "1025 TiB"],
    max_file_bytes: ["0", "1", "5 GiB", "5.1 GiB"],
    allowed_types: [
      "image/*",
      "image/png; charset=x",
      "*/*",
      "image",
      Array.from({ length: 51 }, (_, i) => `a/b${i}`).join(),
    ],
    requests_per_second: ["0", "1", "10,000", "10,001"],
    cache_seconds: ["0", "1 day", "86401"],
  } as const;
  const right: string[] = [];
  for (const [name, texts] of Object.entries(cases)) {
    for (const text of texts) {
      const { change, rules } = changeOf({ ...textsOf(REPORT), [name]: text }, REPORT);
      if (Object.keys(rules).length > 0) continue;
      expect(safeParse(VaultPatchBody, change).success, `${name} ${text}`).toBe(true);
      right.push(`${name} ${text}`);
    }
  }
  expect(right).toEqual([
    "quota_assets 0",
    "quota_assets 1000000000",
    "quota_bytes 0",
    "quota_bytes 1024 TiB",
    "max_file_bytes 1",
    "max_file_bytes 5 GiB",
    "allowed_types image/*",
    "requests_per_second 1",
    "requests_per_second 10,000",
    "cache_seconds 0",
    "cache_seconds 1 day",
  ]);
});

it("refusals: name a field as its form does", () => {
  const told = (result: { ok: boolean; message?: string; code?: string }, labels?: ReadonlyMap<string, string>) => {
    const error = new StrongroomError(result.message ?? "", {
      code: "INVALID_PARAMS",
      status: 400,
      requestId: "req_x",
    });
    expect(inLabels(error, labels)).toMatchObject({ code: "INVALID_PARAMS", status: 400, requestId: "req_x" });
    return (inLabels(error, labels) as Error).message;
  };
  expect([
    told(parseBody(KeyBody, { expires_at: "2001-01-01T00:00:00Z" })),
    told(parseBody(KeyBody, { scope: { partition: "A" } })),
    told(parseBody(KeyBody, { label: "" })),
    told(parseBody(KeyBody, { constructor: 1 })),
    told(parseBody(VaultPatchBody, { quota_bytes: -1 }), SETTING_LABELS),
    told(parseBody(VaultPatchBody, { allowed_types: ["x"] }), SETTING_LABELS),
    told(inspectPatch('{"metadata":{"alt_text":1e400}}', "shallow") ?? { ok: true }),
    told(inspectPatch(`{"tags":[${"[".repeat(99)}`, "shallow") ?? { ok: true }),
    told(inspectBatch(`{"operations":[{"tags":${"[".repeat(99)}`) ?? { ok: true }),
  ]).toEqual([
    "Expires: must be a time in the future",
    "Folder: must be 1 to 64 lowercase letters, digits and hyphens, starting and ending with a letter or digit",
    "Label: must not be empty",
    "constructor: unknown; known are label, type, scope, expires_at",
    "Storage: must be a whole number from 0 to 1125899906842624, or null",
    "Types of files: must be a media type such as image/png, or a kind of them such as image/*, without parameters",
    "Metadata “alt_text”: the number 1e400 cannot be kept exactly; send it as a string",
    'Tags: must be a JSON array of strings, such as ["hero","cats"]',
    'Tags: must be a JSON array of strings, such as ["hero","cats"]',
  ]);
  const other = new StrongroomError("label: no", { code: "CONFLICT", status: 409 });
  expect(inLabels(other)).toBe(other);
});

it("folders of keys: are read as paths", () => {
  expect(["", "/", "a", "a/b/", "/a/b/c", "a/b/c/d", "a//b", "A"].map(readFolder)).toEqual([
    { value: null },
    { value: null },
    { value: { partition: "a" } },
    { value: { partition: "a", collection: "b" } },
    { value: { partition: "a", collection: "b", channel: "c" } },
    { rule: expect.stringContaining("marketing/blog") as string },
    { rule: expect.stringContaining("must be 1 to 64") as string },
    { rule: expect.stringContaining("“A” must be") as string },
  ]);
});

it("a report: says what is wrong, the gravest first, and nothing when all is well", () => {
  expect(problems(REPORT)).toEqual([]);
  const parked = { ...REPORT, recorded_rev: 2, parked: [{ id: "asset_x", error: "no" }] };
  // What comes after what D1 refuses is recorded: it does not wait.
  expect([unrecorded(parked), isMoving(parked)]).toEqual([0, false]);
  expect(unrecorded({ ...REPORT, recorded_rev: 2 })).toBe(5);
  const worst = {
    ...parked,
    settings: { ...NO_SETTINGS, quota_assets: 5, quota_bytes: 520 },
    lost_windows: [{ since: "2026-01-15T10:30:00Z", until: "2026-01-15T11:30:00Z" }],
    import: { started_at: "2026-01-15T10:30:00Z", assets: 20, bytes: 2_000 },
    reconcile: { ...FOUND, missing: 1 },
  };
  expect(problems(worst).map(({ title }) => title)).toEqual([
    "The vault lost its own storage once",
    "1 asset has no file",
    "An import is under way, or was broken off",
    "D1 refuses 1 asset",
    "The number of assets is at its limit",
    "The storage is nearly at its limit",
  ]);
  expect(linesOf({ ...FOUND, restored: 1, missing: 2 }).map(({ amount, title }) => `${amount} ${title}`)).toEqual([
    "2 assets without their files",
    "1 record written to D1 again",
  ]);
  expect(linesOf(FOUND)).toEqual([]);
});
