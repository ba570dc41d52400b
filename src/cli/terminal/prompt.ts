import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** Nothing is read at all beyond that: no key and no address is longer. Characters. */
const LONGEST_LINE = 4_096;

/**
 * A line that somebody types, without the blanks around it.
 *
 * @param isHidden what is typed is not shown
 * @throws the signal's reason; whoever types Ctrl-C ends the program by that signal
 */
export async function ask(question: string, { isHidden, signal }: { isHidden: boolean; signal: AbortSignal }) {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // readline sets the terminal to give each key as it is typed, and to echo nothing: it echoes itself, to its output.
  const lines = createInterface({
    input: process.stdin,
    output: isHidden ? nowhere : process.stderr,
    terminal: true,
    historySize: 0,
  });
  if (isHidden) process.stderr.write(question);
  else {
    lines.setPrompt(question);
    lines.prompt();
  }
  // In that mode Ctrl-C is a key like any other.
  lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once("line", (line) => resolve(line.trim()));
      // Ctrl-D, or the end of the terminal.
      lines.once("close", () => resolve(""));
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  } finally {
    lines.close();
    if (isHidden || signal.aborted) process.stderr.write("\n");
  }
}

/** The first line of standard input, which is no terminal, without the blanks around it. */
export async function firstLine(signal: AbortSignal): Promise<string> {
  const input = process.stdin.setEncoding("utf8");
  signal.addEventListener("abort", () => input.destroy(signal.reason as Error));
  let text = "";
  for await (const chunk of input) {
    text += String(chunk);
    if (text.includes("\n") || text.length > LONGEST_LINE) break;
  }
  return text.slice(0, LONGEST_LINE).split("\n")[0]?.trim() ?? "";
}
