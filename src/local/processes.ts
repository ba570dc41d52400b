/**
 * Processes of this machine: which ones run, which ones a killed server has left behind, and how to end them. A process
 * is known by its number and its start time, because numbers are used again.
 */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const ON_LINUX = process.platform === "linux";

/** A text that tells a process from a later one with the same number; undefined when there is no such process. */
export function startTime(pid: number): string | undefined {
  try {
    // The command comes before the field starttime. It may hold anything, but it ends with the last parenthesis. Behind
    // that, starttime is the 20th field.
    if (ON_LINUX) return readFileSync(`/proc/${pid}/stat`, "utf8").split(")").at(-1)?.trim().split(" ")[19];
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The numbers of running workerd processes that were started with this variable in their environment. */
export function workerdsWith(variable: string, value: string): number[] {
  const entry = `${variable}=${value}`;
  if (!ON_LINUX) {
    const table = execFileSync("ps", ["-axEww", "-o", "pid=,command="], {
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    });
    return table
      .split("\n")
      .filter((line) => line.includes("workerd") && `${line} `.includes(` ${entry} `))
      .map((line) => parseInt(line, 10));
  }
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("workerd") &&
          readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(entry)
        );
      } catch {
        return false; // It has ended meanwhile, or is not ours to look at.
      }
    });
}

/** How often to look whether npm is still there. What npm leaves behind lives no longer than that. Milliseconds. */
const NPM_CHECK_MS = 500;

/** Calls back when the npm that runs this process has ended. An orphan is given another parent, and that tells. */
export function onNpmsEnd(callback: () => void): void {
  const parent = process.ppid;
  // Debian's shell stays between npm and the command that it runs. It may end with npm, or be left behind itself.
  const npm = isShell(parent) ? parentOf(parent) : undefined;
  setInterval(() => {
    if (process.ppid !== parent || (npm !== undefined && parentOf(parent) !== npm)) callback();
  }, NPM_CHECK_MS).unref();
}

/** Whether a process is a shell that runs one command line. Without /proc this is not known, and shells do not stay. */
function isShell(pid: number): boolean {
  try {
    return ON_LINUX && /^[^\0]*\bsh\0-c\0/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  } catch {
    return false; // It has ended meanwhile.
  }
}

/** The number of a process's parent; undefined when there is no such process. */
function parentOf(pid: number): number | undefined {
  try {
    // After the command, which may hold anything but ends in the last parenthesis, the parent is the second field.
    return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(")").at(-1)?.trim().split(" ")[1]);
  } catch {
    return undefined;
  }
}

/** Ends processes and waits until they are gone. */
export async function end(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    const started = startTime(pid);
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      continue; // It has ended meanwhile.
    }
    if (started !== undefined) await gone(pid, started);
  }
}

async function gone(pid: number, started: string): Promise<void> {
  while (isRunning(pid, started)) await sleep(20);
}

/** Whether the process that had this number and start time still runs. */
export const isRunning = (pid: number, started: string): boolean => startTime(pid) === started && !isZombie(pid);

/**
 * Whether a process is dead and not yet collected by its parent. Its files and ports must be closed too. Its first
 * thread becomes a zombie as soon as it has ended itself. Only when it is the last thread left, all others have let go
 * of what the process had open.
 */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(")").at(-1)?.trim();
    return ON_LINUX && stat?.startsWith("Z") === true && readdirSync(`/proc/${pid}/task`).length <= 1;
  } catch {
    return ON_LINUX; // It has ended meanwhile. On other systems there is no /proc to say so.
  }
}
