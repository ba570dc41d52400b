/** A test that was not run. */
export interface Skipped {
  /** Why, as the test said to `skip`. */
  readonly reason: string | undefined;
  /** From the repository's root. */
  readonly file: string;
}

/** Files that are named for one reason. */
const MAX_FILES = 3;

/** One line that says what was skipped and why, grouped by reason; undefined when nothing was. */
export function skippedLine(tests: readonly Skipped[]): string | undefined {
  if (tests.length === 0) return undefined;
  const groups = Map.groupBy(tests, ({ reason }) => reason?.replace(/\s+/g, " ").trim() || "no reason given");
  const parts = [...groups].map(([reason, members]) => {
    const files = [...new Set(members.map(({ file }) => file))];
    const named = [...files.slice(0, MAX_FILES), ...(files.length > MAX_FILES ? ["…"] : [])].join(", ");
    return `${reason} (${members.length === tests.length ? "" : `${members.length} in `}${named})`;
  });
  return `skipped ${tests.length}: ${parts.join("; ")}`;
}
