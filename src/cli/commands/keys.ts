import type { KeyInfo, KeyScope, KeyType } from "../../client/index.ts";
import { parseTimestamp, timestamp } from "../../model/time.ts";
import { KEY_TYPES } from "../../model/vault.ts";
import { command } from "../command.ts";
import { seconds } from "../duration.ts";
import { parseFolder } from "../place.ts";
import { time } from "../terminal/format.ts";
import { printList } from "../terminal/list.ts";
import { UsageError } from "../usage-error.ts";

const VAULT = {
  vault: { type: "string", value: "VAULT", about: "vault_…: of this one, for the operator; else of the key's own" },
} as const;

const COLUMNS = ["ID", "TYPE", "FOLDER", "CREATED", "LAST USED", "STATE", "LABEL"].map((title) => ({ title }));

const EXPIRES = "for how long (12h, 30d) or until when (2027-01-31T00:00:00Z)";

export const listKeys = command({
  name: "keys ls",
  usage: "",
  about: "lists the keys of a vault",
  takes: [0, 0],
  options: VAULT,
  async run({ access, output, signal }, { vault }) {
    const keys = access.keys(vault).list({}, { signal });
    await printList(output, keys, COLUMNS, (key) => [
      key.id,
      key.type,
      folderOf(key),
      time(key.created_at),
      key.last_used_on ?? "",
      state(key),
      key.label ?? "",
    ]);
  },
});

/** The folder that a key is narrowed to, as commands write folders: / for all. */
const folderOf = ({ scope }: KeyInfo): string =>
  scope ? [scope.partition, scope.collection, scope.channel, ""].filter((name) => name !== undefined).join("/") : "/";

/** What a key is good for now. */
function state({ revoked_at, expires_at }: KeyInfo): string {
  if (revoked_at !== null) return `revoked ${time(revoked_at)}`;
  if (expires_at === null) return "good";
  return `${Date.parse(expires_at) > Date.now() ? "good until" : "expired"} ${time(expires_at)}`;
}

export const createKey = command({
  name: "keys create",
  usage: "",
  about: "makes a key, which is shown this once",
  help: `
A secret key reads and writes, a public one reads. A delivery key only downloads files, and an upload key only uploads
them: these two may stand in a page. With --scope a key does so in one folder, and manages nothing.`,
  takes: [0, 0],
  options: {
    type: {
      type: "string",
      value: "TYPE",
      about: `${KEY_TYPES.join(", ").replace(/, (?=\w+$)/, " or ")}; else secret`,
    },
    scope: { type: "string", value: "FOLDER", about: "the folder that it is good for: marketing/blog/; else all" },
    label: { type: "string", value: "TEXT", about: "what it is for" },
    expires: {
      type: "string",
      value: "TIME",
      about: `${EXPIRES}; else for ever`,
    },
    ...VAULT,
  },
  async run({ access, output, signal }, { type, scope, label, expires, vault }) {
    const made = await access.keys(vault).create(
      {
        ...(type === undefined ? {} : { type: typeOf(type) }),
        ...(scope === undefined ? {} : { scope: scopeOf(scope) }),
        ...(label === undefined ? {} : { label }),
        ...(expires === undefined ? {} : { expires_at: endOf(expires) }),
      },
      { signal },
    );
    if (output.isJson) {
      await output.json(made);
      return;
    }
    const pairs = [
      ["id", made.id],
      ["type", made.type],
      ["folder", folderOf(made)],
      ...(made.label === null ? [] : [["label", made.label] as const]),
      ["expires", made.expires_at === null ? "never" : time(made.expires_at)],
      ["token", made.token],
    ] as const;
    await output.fields(pairs);
    output.note("The token is shown this once: nobody can read it back.");
  },
});

/** @throws UsageError */
function endOf(text: string): string {
  const from = seconds(text);
  if (from !== undefined) return timestamp(Date.now() + from * 1000);
  if (parseTimestamp(text) === undefined)
    throw new UsageError(`--expires ${text}: must be a time such as 12h or 30d, or such as 2027-01-31T00:00:00Z`);
  return text;
}

/** @throws UsageError */
function typeOf(text: string): KeyType {
  const type = KEY_TYPES.find((each) => each === text);
  if (type === undefined) throw new UsageError(`--type ${text}: must be ${KEY_TYPES.join(", ")}`);
  return type;
}

/** @throws UsageError */
function scopeOf(text: string): KeyScope {
  const [partition, collection, channel] = parseFolder(text.endsWith("/") ? text : `${text}/`);
  if (partition === undefined) throw new UsageError("--scope /: is the whole vault: leave it out");
  return {
    partition,
    ...(collection === undefined ? {} : { collection }),
    ...(channel === undefined ? {} : { channel }),
  };
}

export const setKey = command({
  name: "keys set",
  usage: "KEY-ID",
  about: "changes a key's label, and has it expire earlier",
  help: "To replace a key that is in use: make another, and give the old one some days. It never expires later again.",
  takes: [1, 1],
  options: {
    label: { type: "string", value: "TEXT", about: "what it is for, or none" },
    expires: { type: "string", value: "TIME", about: EXPIRES },
    ...VAULT,
  },
  async run({ arguments: [id = ""], access, output, signal }, { label, expires, vault }) {
    checkId(id);
    if (label === undefined && expires === undefined)
      throw new UsageError("nothing to change: give --label or --expires");
    const change = {
      ...(label === undefined ? {} : { label: label === "none" ? null : label }),
      ...(expires === undefined ? {} : { expires_at: endOf(expires) }),
    };
    const key = await access.keys(vault).update(id, change, { signal });
    if (output.isJson) await output.json(key);
    else output.note(`${key.id} is ${state(key)}`);
  },
});

/** @throws UsageError */
function checkId(id: string): void {
  if (!/^key_\w+$/.test(id)) throw new UsageError(`${id}: is no id of a key, key_…`);
}

export const revokeKey = command({
  name: "keys revoke",
  usage: "KEY-ID…",
  about: "revokes keys",
  help: "They are refused from the next request on. Links that they made end with them.",
  takes: [1, Infinity],
  options: VAULT,
  async run({ arguments: ids, access, output, signal }, { vault }) {
    const keys = access.keys(vault);
    ids.forEach(checkId);
    for (const id of ids) {
      await keys.revoke(id, { signal });
      if (output.isJson) await output.json({ status: "revoked", id });
      else output.note(`revoked ${id}`);
    }
  },
});
