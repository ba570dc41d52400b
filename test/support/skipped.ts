/** Says at the end of a run which tests were skipped, and why: nothing may be left out in silence. */

/** A test that was not run. */
export interface Skipped {
  /** The reason that the test gave to `skip`. */
  readonly reason: string | undefined;
  /** The path of the file from the repository's root. */
  readonly file: string;
}

/** How many files are named for one reason. */
const MAX_FILES = 3;

/** One line that says which tests were skipped and why, grouped by reason; undefined when none was. */
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
