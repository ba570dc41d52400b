/**
 * What an operator may set for a vault: how much it holds, which files it takes, how fast it is asked, and for how long
 * caches keep what it delivers.
 */

import type { ImportState } from "./import.ts";

/** The settings of a vault. Each is null where there is none. */
export interface VaultSettings {
  /** The most assets. */
  quota_assets: number | null;
  /** The most bytes of all files together. */
  quota_bytes: number | null;
  /** The most bytes of one file. */
  max_file_bytes: number | null;
  /** The media types that a file may have: `image/png`, or `image/*` for all of that kind. */
  allowed_types: string[] | null;
  /** The most requests a second, of all keys together. */
  requests_per_second: number | null;
  /**
   * For how many seconds caches may keep what a delivery key was given; {@link DEFAULT_CACHE_SECONDS} where there is none.
   * 0: not at all.
   */
  cache_seconds: number | null;
}

/** A change of settings. What is not named stays as it is, and null takes a setting away. */
export type SettingsChange = { [Name in keyof VaultSettings]?: VaultSettings[Name] | undefined };

/** A change of a vault. */
export type VaultChange = SettingsChange & { name?: string | undefined };

/** The settings of a vault for which nothing was set. */
export const NO_SETTINGS: Readonly<VaultSettings> = {
  quota_assets: null,
  quota_bytes: null,
  max_file_bytes: null,
  allowed_types: null,
  requests_per_second: null,
  cache_seconds: null,
};

/** The names of the settings, in the order in which they are shown. */
export const SETTINGS = Object.keys(NO_SETTINGS) as readonly (keyof VaultSettings)[];

/**
 * How settings are stored: as JSON of those that are set, with the revision of the vault's last change. A later version
 * may have stored more, which stays.
 */
type StoredSettings = { [Name in keyof VaultSettings]?: VaultSettings[Name] } & { rev?: number; import?: ImportState };

/** How the settings of a vault that was never changed are stored. */
export const UNCHANGED = "{}";

const stored = (text: string): StoredSettings => (text === UNCHANGED ? {} : (JSON.parse(text) as StoredSettings));

/** Reads settings as they are stored. */
export function parseSettings(text: string): VaultSettings {
  const set = stored(text);
  return Object.fromEntries(SETTINGS.map((name) => [name, set[name] ?? null])) as unknown as VaultSettings;
}

/** The revision at which the settings or the vault's name were last changed. 0 if they never were. */
export const settingsRev = (text: string): number => stored(text).rev ?? 0;

/** Settings as they are stored, after a change of them, or of the vault's name, at the revision `rev`. */
export function changeSettings(text: string, change: SettingsChange, rev: number): string {
  const named = Object.entries(change).filter(([, value]) => value !== undefined);
  const settings = Object.entries({ ...stored(text), ...Object.fromEntries(named), rev });
  return JSON.stringify(Object.fromEntries(settings.filter(([, value]) => value !== null)));
}

/** The import of the vault, under way or done; undefined when there was none. Beside the settings it outlives a rebuild. */
export const importOf = (text: string): ImportState | undefined => stored(text).import;

/** Settings as they are stored, after a change of the import at the revision `rev`. */
export const changeImport = (text: string, state: ImportState, rev: number): string =>
  JSON.stringify({ ...stored(text), import: state, rev } satisfies StoredSettings);

/** Where a vault's rate stands, for the headers of an answer. */
export interface RateState {
  /** Requests a second. */
  limit: number;
  /** Requests that may come now. */
  left: number;
  /** Seconds until `limit` requests may come. */
  reset: number;
}
