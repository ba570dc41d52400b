/**
 * Limits stand in one place each: the table in docs/api.md says what the constants say, and a limit of our own stands
 * with its only user.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as limits from "../../src/model/limits.ts";
import { type ErrorCode, STATUS } from "../../src/model/refusal.ts";

const ROOT = join(import.meta.dirname, "../..");

const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

type Limit = keyof typeof limits;

const CONSTANTS: Readonly<Record<Limit, number>> = { ...limits };

/**
 * The rows of the table in docs/api.md, in its order. Each has the constants that the row states, in the order of its
 * numbers, and the refusal of what is beyond them, if it is refused.
 */
const ROWS: readonly (readonly [what: string, limits: readonly Limit[], beyond?: ErrorCode])[] = [
  ["file", ["MAX_FILE_BYTES"], "PAYLOAD_TOO_LARGE"],
  ["`partition`, `collection`, `channel`", ["MAX_COMPONENT_LENGTH"], "INVALID_PARAMS"],
  ["`filename`", ["MAX_FILENAME_BYTES"], "INVALID_PARAMS"],
  ["`metadata`", ["MAX_JSON_FIELD_BYTES", "MAX_METADATA_DEPTH"], "INVALID_PARAMS"],
  ["`tags`", ["MAX_TAGS", "MAX_JSON_FIELD_BYTES"], "INVALID_PARAMS"],
  ["media type of a file", ["MAX_MIME_TYPE_LENGTH"], "INVALID_PARAMS"],
  [
    "form",
    ["MAX_FORM_PARTS", "MAX_FIELD_BYTES", "MAX_FIELDS_BYTES", "MAX_PART_HEADER_BYTES", "MAX_PART_HEADER_LINES"],
    "INVALID_PARAMS",
  ],
  ["boundary of a form; text outside its parts", ["MAX_BOUNDARY_LENGTH", "MAX_OUTSIDE_BYTES"], "INVALID_PARAMS"],
  ["white space after a boundary, in its line", ["MAX_PADDING_LENGTH"]],
  ["names in `Strongroom-Ignored`", ["MAX_IGNORED_NAMES", "MAX_IGNORED_NAME_LENGTH"]],
  ["`Content-Encoding` of an upload", [], "UNSUPPORTED_MEDIA_TYPE"],
  ["an upload", ["UPLOAD_DEADLINE_MS", "IDLE_BODY_MS", "MIN_RATE", "PATIENCE_MS"], "REQUEST_TIMEOUT"],
  ["file of a resumable upload", ["MAX_SESSION_BYTES"], "PAYLOAD_TOO_LARGE"],
  ["resumable uploads of a key that are under way", ["MAX_OPEN_SESSIONS"], "CONFLICT"],
  ["time of a resumable upload", ["SESSION_IDLE_MS", "SESSION_LIFE_MS"], "UPLOAD_EXPIRED"],
  ["time for which it is known what became of a resumable upload", ["SESSION_KEPT_MS"]],
  ["silence after which another request may go on with a resumable upload", ["SESSION_STALL_MS"], "UPLOAD_LOCKED"],
  ["JSON body", ["MAX_JSON_BODY_BYTES"], "PAYLOAD_TOO_LARGE"],
  ["any field of a JSON body", ["MAX_METADATA_DEPTH"], "INVALID_PARAMS"],
  ["a JSON body's time", ["SMALL_JSON_DEADLINE_MS", "SMALL_JSON_BYTES", "JSON_DEADLINE_MS"], "REQUEST_TIMEOUT"],
  ["memory of one isolate for bodies", ["BODY_BUDGET_BYTES", "BODY_WAIT_MS"], "UNAVAILABLE"],
  [
    "the same for small JSON bodies alone",
    ["SMALL_BODY_BUDGET_BYTES", "SMALL_JSON_BYTES", "SMALL_BODY_WAIT_MS"],
    "UNAVAILABLE",
  ],
  ["what is still read of a body that is refused", ["MAX_DRAIN_BYTES", "MAX_STRANGER_DRAIN_BYTES", "MAX_DRAIN_MS"]],
  ["`Idempotency-Key`", ["MAX_IDEMPOTENCY_KEY_LENGTH", "RECEIPT_KEPT_MS"], "INVALID_PARAMS"],
  ["page", ["MAX_PAGE", "DEFAULT_PAGE"], "INVALID_PARAMS"],
  [
    "filters of the list of assets",
    ["MAX_TAG_FILTERS", "MAX_METADATA_FILTERS", "MAX_ID_FILTERS", "MAX_FILTER_LENGTH", "MIN_SEARCH_LENGTH"],
    "INVALID_PARAMS",
  ],
  ["rows that a list looks at for a page that no index has", ["MAX_LIST_ROWS", "MAX_LIST_LENGTH"]],
  ["`cursor`", ["MAX_CURSOR_LENGTH"], "INVALID_PARAMS"],
  ["operations of a batch", ["MAX_BATCH_OPERATIONS"], "INVALID_PARAMS"],
  ["`limit` of a folder's deletion", ["MAX_FOLDER_DELETION", "MAX_FOLDER_DELETION"], "INVALID_PARAMS"],
  ["records that a batch changes or deletes", ["MAX_BATCH_RECORD_BYTES", "MAX_BATCH_TAGS"], "PAYLOAD_TOO_LARGE"],
  ["lines in one request of an import", ["MAX_IMPORT_RECORDS"], "INVALID_PARAMS"],
  [
    "`etag` and `seq` of an import, and how far in the future its times may be",
    ["MAX_IMPORT_REV", "IMPORT_CLOCK_MS"],
    "INVALID_PARAMS",
  ],
  [
    "page of changes",
    ["MAX_CHANGES", "DEFAULT_CHANGES", "MAX_CHANGES_LENGTH", "MAX_WAITED_LENGTH", "MAX_LOOKED_AT"],
    "INVALID_PARAMS",
  ],
  ["`wait` for changes", ["MAX_WAIT_SECONDS"], "INVALID_PARAMS"],
  ["requests that wait for changes of one vault", ["MAX_WAITING"]],
  ["deletions in the feed of changes", ["DELETIONS_KEPT_MS"], "CURSOR_EXPIRED"],
  ["`name` of a vault, `label` of a key", ["MAX_NAME_LENGTH"], "INVALID_PARAMS"],
  ["`quota_assets` of a vault", ["MAX_QUOTA_ASSETS"], "INVALID_PARAMS"],
  ["`quota_bytes` of a vault", ["MAX_QUOTA_BYTES"], "INVALID_PARAMS"],
  ["`max_file_bytes` of a vault", ["MAX_SESSION_BYTES"], "INVALID_PARAMS"],
  ["`allowed_types` of a vault", ["MAX_ALLOWED_TYPES"], "INVALID_PARAMS"],
  ["`requests_per_second` of a vault", ["MAX_REQUESTS_PER_SECOND"], "INVALID_PARAMS"],
  ["`cache_seconds` of a vault", ["MAX_CACHE_SECONDS", "DEFAULT_CACHE_SECONDS"], "INVALID_PARAMS"],
  ["file that the server's own cache keeps", ["MAX_CACHED_BYTES"]],
  ["keys of a vault", ["MAX_LIVE_KEYS", "MAX_KEY_ROWS", "KEY_KEPT_MS"], "CONFLICT"],
  ["`expires_at` of a key", ["MAX_YEAR"], "INVALID_PARAMS"],
  ["time of a signed link", ["MAX_LINK_SECONDS", "DEFAULT_LINK_SECONDS"], "INVALID_PARAMS"],
  [
    "time of a ticket, in which an upload must begin",
    ["MAX_TICKET_SECONDS", "DEFAULT_TICKET_SECONDS"],
    "INVALID_PARAMS",
  ],
  ["ticket with all that it says", ["MAX_TICKET_LENGTH"], "INVALID_PARAMS"],
  ["changes of a vault that D1 does not have yet", ["MAX_UNRECORDED"], "UNAVAILABLE"],
  ["lists in `GET /vaults/{vaultId}`", ["MAX_REPORTED", "MAX_REPORTED", "MAX_LOST_WINDOWS", "MAX_MISSING_IDS"]],
  ["`KEY_SECRET`", ["MIN_SECRET_LENGTH"], "UNAVAILABLE"],
];

/** What the end of a constant's name says of its unit: what is counted, and how many of it. */
const SUFFIXES: readonly (readonly [suffix: string, of: string, factor: number])[] = [
  ["_BYTES", "bytes", 1],
  ["_LENGTH", "characters", 1],
  ["_MS", "milliseconds", 1],
  ["_SECONDS", "milliseconds", 1000],
  ["_RATE", "bytes per second", 1],
];

/** What the units of the table say, in the same form. */
const UNITS: Readonly<Record<string, readonly [of: string, factor: number]>> = {
  bytes: ["bytes", 1],
  KiB: ["bytes", 1024],
  MiB: ["bytes", 1024 * 1024],
  characters: ["characters", 1],
  seconds: ["milliseconds", 1000],
  hours: ["milliseconds", 60 * 60 * 1000],
  hour: ["milliseconds", 60 * 60 * 1000],
  days: ["milliseconds", 24 * 60 * 60 * 1000],
  "KiB/s": ["bytes per second", 1024],
};

/** Text that is no quantity: code, and names that have a number in them. */
const NO_QUANTITY = /`[^`]*`|\bRFC \d+|\bUTF-\d+|\bD1\b|\bR2\b/g;

/** Every number of a text in order, with its unit if it has one. */
function quantities(text: string): string[] {
  const numbers = text.replace(NO_QUANTITY, "").matchAll(/(\d[\d,]*)(?: ([A-Za-z]+(?:\/s)?))?/g);
  return [...numbers].map(([, digits = "", unit = ""]) => {
    const [of, factor] = UNITS[unit] ?? ["", 1];
    return `${Number(digits.replaceAll(",", "")) * factor} ${of}`.trim();
  });
}

/** A constant in the same form. */
function quantityOf(name: Limit): string {
  const [, of, factor] = SUFFIXES.find(([suffix]) => name.endsWith(suffix)) ?? ["", "", 1];
  return `${CONSTANTS[name] * factor} ${of}`.trim();
}

/** The cells of each row of the table "Limits". */
function table(): string[][] {
  const section =
    read("docs/api.md")
      .split(/^## /m)
      .find((text) => text.startsWith("Limits\n")) ?? "";
  const [, , ...rows] = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

describe("docs/api.md: the table of limits", () => {
  const rows = table();

  it("has a row for each thing that is bounded", () => {
    expect(rows.map(([what]) => what)).toEqual(ROWS.map(([what]) => what));
  });

  for (const [what, names, beyond] of ROWS) {
    it(`says of ${what} what the constants say`, () => {
      const [, limit = "", refusal = ""] = rows.find(([first]) => first === what) ?? [];
      expect(quantities(limit)).toEqual(names.map(quantityOf));
      expect(quantities(refusal)).toEqual(beyond === undefined ? [] : [`${STATUS[beyond]}`]);
    });
  }

  it("states every constant of src/model/limits.ts", () => {
    const stated = new Set<string>(ROWS.flatMap(([, names]) => names));
    expect(Object.keys(limits).filter((name) => !stated.has(name))).toEqual([]);
  });
});

/** The TypeScript files of a folder. */
const filesOf = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));

/** The files of src that tests replace, each with the text of the tests that replace it. */
const replaced = new Map<string, string>();
for (const test of filesOf("test").map(read)) {
  for (const [, file = ""] of test.matchAll(/\bvi\.mock\(import\("(?:\.\.\/)+(src\/[^"]+)"\)/g)) {
    replaced.set(file, (replaced.get(file) ?? "") + test);
  }
}

describe("limits of our own", () => {
  it.each(["upload", "vault"])("of %s: each has several users, or tests replace it", (folder) => {
    const file = `src/${folder}/limits.ts`;
    const others = filesOf("src").filter((other) => other !== file);
    const names = [...read(file).matchAll(/^export const (\w+)/gm)].map(([, name = ""]) => name);
    expect(names).not.toEqual([]);
    const lonely = names.filter((name) => {
      const users = others.filter((other) => new RegExp(`\\b${name}\\b`).test(read(other)));
      return users.length < 2 && !new RegExp(`\\b${name}(?::|\\(\\))`).test(replaced.get(file) ?? "");
    });
    expect(lonely).toEqual([]);
  });

  it("say in their first paragraph that tests replace them, where they do", () => {
    expect([...replaced.keys()]).toContain("src/vault/limits.ts");
    const silent = [...replaced.keys()].filter((file) => !read(file).split("\n\n", 1)[0]?.includes("vi.mock"));
    expect(silent).toEqual([]);
  });
});
