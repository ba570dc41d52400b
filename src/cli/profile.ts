import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { STATE } from "../local/layout.ts";

/** A server, and who one is there. */
export interface Credentials {
  readonly url: string;
  readonly key?: string | undefined;
  readonly adminToken?: string | undefined;
}

/** What `strongroom login` keeps, for this user alone. */
export function profileFile(env: NodeJS.ProcessEnv): string {
  const windows = process.platform === "win32" ? env["APPDATA"] : undefined;
  const folder = windows || env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config");
  return join(folder, "strongroom", "profile.json");
}

/** @throws Error when there is one and it cannot be read */
export function readProfile(env: NodeJS.ProcessEnv): Credentials | undefined {
  const file = readJson(profileFile(env));
  return file && credentialsOf(file["url"], file["key"], file["admin_token"]);
}

/** Never half written, and never readable by others, not even for a moment. */
export function writeProfile(env: NodeJS.ProcessEnv, { url, key, adminToken }: Credentials): string {
  const file = profileFile(env);
  const folder = join(file, "..");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // It may have been there, or the umask may have taken something away.
  chmodSync(folder, 0o700);
  const temporary = `${file}.${process.pid}`;
  try {
    writeFileSync(temporary, `${JSON.stringify({ url, key, admin_token: adminToken }, null, 2)}\n`, {
      mode: 0o600,
      flag: "wx",
    });
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
  return file;
}

/** Whether others than its owner may read the profile. Windows keeps %APPDATA% to its user by itself. */
export function isProfileOpen(env: NodeJS.ProcessEnv): boolean {
  return process.platform !== "win32" && (statSync(profileFile(env)).mode & 0o077) !== 0;
}

/** Where the server that runs in a folder says how it is reached. */
export const LOCAL_FILE = join(STATE, "credentials.json");

/** Of the server that runs in the current folder. Undefined when there is none, or it is not on this machine. */
export function readLocal(): Credentials | undefined {
  const file = readJson(LOCAL_FILE);
  // A folder from somewhere else could name any address, and would be sent what belongs to another server.
  if (!file || typeof file["url"] !== "string" || !isLoopback(file["url"])) return undefined;
  return credentialsOf(file["url"], file["secret_key"], file["admin_token"]);
}

function isLoopback(url: string): boolean {
  try {
    return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
  } catch {
    return false;
  }
}

function credentialsOf(url: unknown, key: unknown, adminToken: unknown): Credentials | undefined {
  if (typeof url !== "string") return undefined;
  return {
    url,
    key: typeof key === "string" ? key : undefined,
    adminToken: typeof adminToken === "string" ? adminToken : undefined,
  };
}

function readJson(file: string): Record<string, unknown> | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  // Not the parser's message: it would repeat what the file holds.
  throw new Error(`${file}: is not JSON`);
}
