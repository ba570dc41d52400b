/**
 * Where one is: it stands in the fragment of the URL, so that it can be shared, reloaded and gone back from. No key ever
 * does.
 */

import { signal } from "@preact/signals";

/** The folder that is looked at: the whole vault, a partition, a collection or a channel. */
export interface Folder {
  readonly partition?: string | undefined;
  readonly collection?: string | undefined;
  readonly channel?: string | undefined;
}

/** What the assets of a folder are narrowed to, and the one that is open. */
export interface Query {
  readonly tag: readonly string[];
  /** Values of keys at the top of the metadata. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly q?: string | undefined;
  readonly mime_type?: string | undefined;
  readonly created_since?: string | undefined;
  readonly created_before?: string | undefined;
  readonly filename_prefix?: string | undefined;
  readonly order?: string | undefined;
  /** The id of the asset whose panel is open. */
  readonly asset?: string | undefined;
}

export const SECTIONS = ["overview", "keys", "settings", "health"] as const;
export type Section = (typeof SECTIONS)[number];

export type BrowseRoute = {
  readonly page: "browse";
  readonly vaultId: string;
  readonly path: Folder;
  readonly query: Query;
};
export type VaultRoute = { readonly page: "vault"; readonly vaultId: string; readonly section: Section };
export type Route = { readonly page: "vaults" } | BrowseRoute | VaultRoute;

export const NO_QUERY: Query = { tag: [] };

const NAMES = [
  "q",
  "mime_type",
  "created_since",
  "created_before",
  "filename_prefix",
  "order",
  "asset",
] as const satisfies readonly (keyof Query)[];

/** What the name of a key of the metadata stands behind, as in the API. */
const METADATA = "metadata.";

/** A part of a folder's path. */
const NAME = /^[a-z\d-]+$/;

/** Stands where a partition would: none can have this name, which must begin with a letter or a digit. */
const PAGES = "-";

/** A route as a fragment, with its `#`. */
export function href(to: Route): string {
  if (to.page === "vaults") return "#/";
  if (to.page === "vault") return `#/${to.vaultId}/${PAGES}/${to.section}`;
  const { partition, collection, channel } = to.path;
  const segments = [to.vaultId, partition, collection, channel].filter((each) => each !== undefined);
  const query = new URLSearchParams(to.query.tag.map((tag) => ["tag", tag]));
  for (const name of NAMES) {
    const value = to.query[name];
    if (value) query.set(name, value);
  }
  for (const [key, value] of Object.entries(to.query.metadata ?? {})) query.set(METADATA + key, value);
  return `#/${segments.map(encodeURIComponent).join("/")}${query.size > 0 ? `?${query}` : ""}`;
}

/** What a fragment says; whatever it does not say well is left out. */
export function parse(fragment: string): Route {
  const [path = "", search = ""] = fragment.replace(/^#?\/?/, "").split(/\?(.*)/s, 2);
  const [vaultId = "", ...segments] = path.split("/").map(decoded);
  if (!vaultId.startsWith("vault_")) return { page: "vaults" };
  if (segments[0] === PAGES) {
    return { page: "vault", vaultId, section: SECTIONS.find((each) => each === segments[1]) ?? "overview" };
  }
  // What stands behind a name that no folder has leads nowhere.
  const end = segments.findIndex((each) => !NAME.test(each));
  const [partition, collection, channel] = end < 0 ? segments : segments.slice(0, end);
  const given = new URLSearchParams(search);
  const values = NAMES.map((name) => {
    const value = given.get(name) || undefined;
    return [name, name.startsWith("created") && Number.isNaN(Date.parse(value ?? "")) ? undefined : value] as const;
  });
  const metadata = [...given].flatMap(([name, value]) =>
    name.startsWith(METADATA) ? [[name.slice(METADATA.length), value] as const] : [],
  );
  return {
    page: "browse",
    vaultId,
    path: { partition, collection, channel },
    query: {
      tag: given.getAll("tag").filter(Boolean),
      ...(metadata.length > 0 ? { metadata: Object.fromEntries(metadata) } : {}),
      ...Object.fromEntries(values),
    },
  };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return "";
  }
}

export const route = signal<Route>(parse(location.hash));

addEventListener("hashchange", () => {
  route.value = parse(location.hash);
});

/** Goes there. With `replace` one does not come back to where one was: for what is typed, letter by letter. */
export function go(to: Route, { replace = false }: { replace?: boolean } = {}): void {
  const fragment = href(to);
  if (fragment === (location.hash || "#/")) return;
  history[replace ? "replaceState" : "pushState"](null, "", fragment);
  route.value = parse(fragment);
}
