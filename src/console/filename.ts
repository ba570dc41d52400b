import { checkFilename } from "../model/filename.ts";

/** What is wrong with a filename, for a person; undefined when nothing is. */
export function nameProblem(filename: string): string | undefined {
  const checked = checkFilename(filename);
  return checked.ok ? undefined : `${checked.message.replace("filename:", "The name")}.`;
}
