/** The keys of a vault: what each is for, how it stands, and the list that is shown. */

import { computed } from "@preact/signals";
import type {
  CreatedKey,
  KeyChangeFields,
  KeyInfo,
  Keys,
  KeyScope,
  KeyType,
  NewKeyFields,
} from "../../client/index.ts";
import { PATH_COMPONENT, PATH_COMPONENT_RULE, PATH_COMPONENTS } from "../../model/asset.ts";
import type { Typed } from "./fields.ts";
import { Paged } from "./paged.ts";

/** The most keys that the server gives at once. */
const PAGE = 200;

/** What a key of a type can do, for whoever chooses one. */
export const TYPES: Readonly<Record<KeyType, { title: string; can: string; warning: string }>> = {
  secret: {
    title: "Secret",
    can: "Reads, uploads, changes and deletes, and makes keys. For your own servers.",
    warning: "Whoever has it can change and delete everything that it reaches. Keep it on servers, never in a page.",
  },
  public: {
    title: "Public",
    can: "Sees records, lists and folders, and downloads. Changes nothing.",
    warning: "Whoever has it can see and download everything that it reaches.",
  },
  delivery: {
    title: "Delivery",
    can: "Downloads a file whose id or path it knows, and nothing else. For pages with images.",
    warning: "It may stand in a page: whoever sees it can open files whose id or path they know.",
  },
  upload: {
    title: "Upload",
    can: "Uploads files, and sees and changes nothing. For a form that anyone may fill in.",
    warning: "It may stand in a page: whoever sees it can upload files.",
  },
};

export type State = "good" | "expired" | "revoked";

/** How a key stands at a time, in epoch milliseconds. */
export function stateOf({ revoked_at, expires_at }: KeyInfo, now = Date.now()): State {
  if (revoked_at !== null) return "revoked";
  return expires_at !== null && Date.parse(expires_at) <= now ? "expired" : "good";
}

/** The folder that a key is good for, as a path; undefined for the whole vault. */
export const folderOf = ({ scope }: KeyInfo): string | undefined =>
  scope ? PATH_COMPONENTS.flatMap((each) => scope[each] ?? []).join("/") : undefined;

/** What a key is called: its label, or else the end of its id. */
export const nameOf = ({ label, id }: KeyInfo): string => label ?? `…${id.slice(-6)}`;

/** The folder that is typed as a path. */
export function readFolder(text: string): Typed<KeyScope | null> {
  const parts = text
    .trim()
    .replace(/^\/+|\/+$/g, "")
    .split("/");
  if (parts.length === 1 && parts[0] === "") return { value: null };
  if (parts.length > PATH_COMPONENTS.length)
    return {
      rule: "Must be a partition, or also its collection, or also that one's channel: marketing/blog/hero-images.",
    };
  const wrong = parts.find((part) => !PATH_COMPONENT.test(part));
  if (wrong !== undefined) return { rule: `“${wrong.slice(0, 64)}” ${PATH_COMPONENT_RULE}.` };
  const [partition = "", collection, channel] = parts;
  return {
    value: {
      partition,
      ...(collection === undefined ? {} : { collection }),
      ...(channel === undefined ? {} : { channel }),
    },
  };
}

/** Times after which a key may end, in days; 0 for never, and the last for a time of one's own. */
export const LIVES = [
  ["Never", 0],
  ["In a day", 1],
  ["In 7 days", 7],
  ["In 30 days", 30],
  ["In 90 days", 90],
  ["In a year", 365],
] as const;

const DAY_MS = 24 * 60 * 60 * 1000;

/** A time as the API takes it. */
export const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

export const inDays = (days: number): string => timeOf(Date.now() + days * DAY_MS);

/** The time that a field of type `datetime-local` has. `latest` is when the key expires already. */
export function readTime(text: string, latest: string | null): Typed<string> {
  const ms = new Date(text).getTime();
  if (Number.isNaN(ms)) return { rule: "Must be a day and a time." };
  if (ms <= Date.now()) return { rule: "Must be in the future. To end a key now, revoke it." };
  if (latest !== null && ms > Date.parse(latest))
    return { rule: "Must not be later than it is: a key's life can be shortened, never made longer." };
  return { value: timeOf(ms) };
}

/** A time as a field of type `datetime-local` has it, in the time zone of whoever reads. */
export function localTime(time: string): string {
  const date = new Date(time);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The list of a vault's keys, newest first, as far as it was loaded. */
export class KeyList extends Paged<KeyInfo> {
  readonly #keys: Keys;
  /** Keys that can be used. */
  readonly good = computed(() => this.items.value?.filter((key) => stateOf(key) === "good"));
  /** Keys that were revoked or have expired. */
  readonly dead = computed(() => this.items.value?.filter((key) => stateOf(key) !== "good") ?? []);

  constructor(keys: Keys) {
    super((asked) => keys.list({ limit: PAGE, ...asked }));
    this.#keys = keys;
  }

  /** Makes a key. Its token is told this once. */
  async create(fields: NewKeyFields): Promise<CreatedKey> {
    const made = await this.#keys.create(fields);
    const { token: _, ...key } = made;
    this.prepend(key);
    return made;
  }

  async update(id: string, change: KeyChangeFields): Promise<void> {
    this.replace(await this.#keys.update(id, change));
  }

  /** Revokes a key: it is refused from the next request on. */
  async revoke(key: KeyInfo): Promise<void> {
    await this.#keys.revoke(key.id);
    this.replace({ ...key, revoked_at: timeOf(Date.now()) });
  }
}
